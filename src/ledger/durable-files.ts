/** Files and names that survive a power cut. */

import { closeSync, copyFileSync, fsyncSync, linkSync, openSync } from "node:fs";

/** Makes the content of a file, or the names in a folder, durable. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A second name for the same bytes, which costs no space; a copy where the file system has no links. */
export function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") throw error;
    copyFileSync(from, to);
    syncPath(to);
  }
}
