/** Lock files that a git of ours left in the user's repository when it was killed: they would block its ref for good. */

import type { Stats } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Repository } from "./repository.ts";

/** Only what nobody but nightlab moves: other locks are the user's, whoever left them. */
const OWN_FOLDERS = ["refs/nightlab", "refs/heads/nightlab"];
/** A living git holds the lock of a ref for some milliseconds; that of another worktree's run is waited for. */
const PATIENCE_MS = 1000;

/** Removes the locks on refs of nightlab that stay unchanged for a second. Returns their paths below the git folder. */
export async function removeStaleLocks({ commonDir }: Pick<Repository, "commonDir">): Promise<string[]> {
  const before = await locksIn(commonDir);
  if (before.size === 0) return [];
  await pause(PATIENCE_MS);
  const after = await locksIn(commonDir);
  const stale = [...before.keys()].filter((path) => before.get(path) === after.get(path));
  for (const path of stale) await rm(join(commonDir, path), { force: true });
  return stale;
}

/** Which file each lock is: a lock taken anew is another one. */
async function locksIn(commonDir: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of OWN_FOLDERS) {
    const names = await readdir(join(commonDir, folder), { recursive: true }).catch((): string[] => []);
    for (const name of names.filter((one) => one.endsWith(".lock"))) {
      const path = join(folder, name);
      const stats = await lstat(join(commonDir, path)).catch((): Stats | undefined => undefined);
      if (stats?.isFile()) found.set(path, `${stats.ino} ${stats.mtimeMs}`);
    }
  }
  return found;
}
