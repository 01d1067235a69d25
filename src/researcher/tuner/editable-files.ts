/** Reads the editable files of a workspace that may hold knobs. Follows no link out of the workspace. */

import { glob, lstat, readFile, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Program } from "../../core/program.ts";
import { scopeOf } from "../../core/scope.ts";
import { mayHoldKnobs } from "./knobs.ts";

export interface EditableFile {
  /** Relative to the workspace. */
  readonly path: string;
  readonly text: string;
}

/** A larger file is data, not code with constants. */
const MOST_BYTES = 256 * 1024;

/** In order of path, so that knobs keep their order. */
export async function readEditableFiles(
  workspacePath: string,
  rule: Pick<Program, "edit" | "protect" | "steering">,
): Promise<EditableFile[]> {
  const root = await realpath(workspacePath);
  const patterns = rule.edit.flatMap((pattern) => [pattern, `${pattern.replace(/\/$/, "")}/**`]);
  const problemOf = scopeOf(rule);
  const paths = new Set<string>();
  const isOutside = (path: string) => /(?:^|\/)(?:node_modules|\.git)$/.test(path);
  for await (const path of glob(patterns, { cwd: root, exclude: isOutside })) {
    const name = path.split(sep).join("/");
    if (mayHoldKnobs(name) && problemOf(name) === undefined) paths.add(name);
  }
  const files = await Promise.all([...paths].sort().map((path) => readPlainFile(root, path)));
  return files.filter((file) => file !== undefined);
}

async function readPlainFile(root: string, path: string): Promise<EditableFile | undefined> {
  const absolute = join(root, path);
  const status = await lstat(absolute);
  const isPlain = status.isFile() && status.size <= MOST_BYTES && (await realpath(absolute)) === absolute;
  return isPlain ? { path, text: await readFile(absolute, "utf8") } : undefined;
}
