/** Makes the repository of `nightlab demo` from a bundled target. */

import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UsageError } from "../core/errors.ts";
import { setKey } from "../program/set-key.ts";
import { git } from "../workspace/git.ts";

const TARGETS = join(import.meta.dirname, "..", "..", "targets");

/** Copies target `name` into the empty `folder`, with the small compute budget and `seconds` of time, and commits it. */
export async function makeDemoStudy(name: string, folder: string, seconds: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) {
    throw new UsageError(`${folder} is not empty`, { next: "nightlab demo --keep <another folder>" });
  }
  await cp(join(TARGETS, name), folder, { recursive: true });
  // npm leaves nested .gitignore files out of a package, so the template's own may be missing.
  await writeFile(join(folder, ".gitignore"), "model.json\n");
  const path = join(folder, "program.md");
  let source = await readFile(path, "utf8");
  source = setKey(source, ["measure"], "node train.ts --compute demo");
  source = setKey(source, ["budget"], { time: `${seconds}s` });
  await writeFile(path, source);
  await git(["init", "--quiet", "--initial-branch=main"], { cwd: folder });
  await git(["add", "--all"], { cwd: folder });
  await git(["commit", "--quiet", "--message", `start of the ${name} study`], { cwd: folder });
}

/** The user's environment with this very Node first on PATH: targets are TypeScript that an older Node cannot run. */
export function withOwnNode(environment: Readonly<Record<string, string | undefined>>) {
  return { ...environment, PATH: `${dirname(process.execPath)}:${environment.PATH ?? "/usr/bin:/bin"}` };
}
