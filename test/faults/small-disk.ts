/** A small file system of its own, where this user may mount one: it can be filled and made read-only. */

import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface SmallDisk {
  readonly folder: string;
  /** Fills it to the last byte. */
  fill(): void;
  free(): void;
  /** Refused by the kernel while any file on it is open for writing. */
  setReadOnly(isReadOnly: boolean): void;
  remove(): void;
}

/** Undefined, with a loud line, where mounting is not allowed. */
export function mountSmallDisk(folder: string, megabytes: number): SmallDisk | undefined {
  mkdirSync(folder, { recursive: true });
  try {
    mount("-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder);
  } catch {
    console.warn(
      "SKIPPED: no small disk can be mounted here (it takes root on Linux): full and read-only disks are not tested",
    );
    return undefined;
  }
  const ballast = join(folder, "ballast");
  return {
    folder,
    fill: () => fillWith(ballast),
    free: () => rmSync(ballast, { force: true }),
    setReadOnly: (isReadOnly) => mount("-o", `remount,${isReadOnly ? "ro" : "rw"}`, folder),
    remove: () => void execFileSync("umount", ["--lazy", folder], { stdio: "ignore" }),
  };
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: "ignore" });
}

function fillWith(path: string): void {
  const file = openSync(path, "a");
  try {
    for (let size = 1 << 16; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}
