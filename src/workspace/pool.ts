/** Folders of one process under the state folder: checkouts that are free, and those that killed runs left behind. */

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Checkout } from "./checkout.ts";
import { drop } from "./checkout.ts";
import { removeTree } from "./sweep.ts";

/**
 * Folders are named by the process that owns them and the time it started (0 where systems do not tell), so that a later
 * one knows which of them nobody owns any more, also when the process id has come round.
 */
const OWNED_FOLDER = /^(\d+)-(?:(\d+)-)?[0-9a-f]{8}$/;

export interface Pool {
  readonly folder: string;
  /** A checkout that nobody uses, as its last user left it, or an empty new one. */
  take(): Promise<{ checkout: Checkout; isNew: boolean }>;
  give(checkout: Checkout): void;
  /** Removes everything, checkouts in use too. What cannot be removed is left to the next start: no result hangs on it. */
  remove(): Promise<void>;
}

/** A new pool in `stateFolder`, which is created; pools of processes that are gone are removed from it. */
export async function createPool(stateFolder: string): Promise<Pool> {
  await mkdir(stateFolder, { recursive: true });
  await removeLeftovers(stateFolder);
  const folder = join(
    stateFolder,
    `${process.pid}-${startOf(process.pid)}-${randomBytes(4).toString("hex")}`,
  );
  await mkdir(join(folder, "index"), { recursive: true });
  const free: Checkout[] = [];
  let made = 0;
  return {
    folder,
    async take() {
      const known = free.pop();
      if (known) return { checkout: known, isNew: false };
      made += 1;
      const fresh = { tree: join(folder, `w${made}`), index: join(folder, "index", `w${made}`) };
      await drop(fresh);
      await mkdir(fresh.tree);
      return { checkout: fresh, isNew: true };
    },
    give: (checkout) => void free.push(checkout),
    remove: () => removeTree(folder).catch(() => {}),
  };
}

/** Removes the folders of processes that no longer run. Returns how many. */
export async function removeLeftovers(stateFolder: string): Promise<number> {
  const names = await readdir(stateFolder);
  const stale = names.filter((name) => {
    const [, pid, start = 0] = OWNED_FOLDER.exec(name) ?? [];
    return pid !== undefined && !isRunning(Number(pid), Number(start));
  });
  for (const name of stale) await removeTree(join(stateFolder, name)).catch(() => {});
  return stale.length;
}

/** Start time of a process in clock ticks since the machine started, field 22 of proc(5) stat; 0 when unknown. */
function startOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return 0;
  }
}

function isRunning(pid: number, start: number): boolean {
  const now = startOf(pid);
  if (start !== 0 && now !== 0 && now !== start) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
