/** Reads files of /proc, many and often: `readFileSync` takes 64 KiB of fresh memory for each, since none tells its size. */

import { closeSync, openSync, readSync } from "node:fs";

let buffer = Buffer.alloc(16 * 1024);

/** The text, one character per byte; undefined when the process is gone or belongs to someone else. */
export function readProc(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    let length = 0;
    for (;;) {
      const bytes = readSync(file, buffer, length, buffer.length - length, null);
      if (bytes === 0) return buffer.toString("latin1", 0, length);
      length += bytes;
      if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(buffer.length)]);
    }
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
