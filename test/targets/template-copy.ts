/** Copies of the microgpt template in temporary folders, and its two commands. */

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const TEMPLATE = fileURLToPath(new URL("../../targets/microgpt/", import.meta.url));
const folders: string[] = [];

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "microgpt-"));
  folders.push(folder);
  return folder;
}

/** A copy of the template, with train.ts changed. */
export function copyOfTemplate(change: (source: string) => string = (source) => source): string {
  const folder = freshFolder();
  cpSync(TEMPLATE, folder, { recursive: true, filter: (file) => !file.endsWith("model.json") });
  const file = join(folder, "train.ts");
  writeFileSync(file, change(readFileSync(file, "utf8")));
  return folder;
}

export function node(folder: string, args: string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
}

export function trainTiny(folder: string, seed = "1") {
  return node(folder, ["train.ts", "--compute", "tiny"], { NIGHTLAB_SEED: seed });
}

export function removeCopies(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}
