/** What a file was like when its content was known to be that of a tree, and whether it still is. Follows no symlink. */

import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
} from "node:fs";
import { MAX_BLOB_BYTES, makeObject, type ObjectFormat } from "./objects.ts";
import type { Entry } from "./tree-listing.ts";

export interface Seen {
  readonly sha: string;
  readonly stats: BigIntStats;
  /** False: the file could have been changed in the instant after the look without a trace in its times. */
  readonly isSettled: boolean;
}

/** Coarser than the clock that stamps files (4 ms on common kernels). */
export const TIMESTAMP_GRAIN_MS = 20;

const SYMLINK = "120000";

/** The file at `path` now, whose content is `sha`; undefined when there is nothing. */
export function look(path: Buffer, sha: string): Seen | undefined {
  const beforeMs = Date.now();
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return { sha, stats, isSettled: Number(stats.ctimeMs) < beforeMs - TIMESTAMP_GRAIN_MS };
}

/** True when nobody wrote to the file, changed its mode or owner, or put another in its place since it was seen. */
function isUntouched(before: Seen, now: Seen): boolean {
  const [a, b] = [before.stats, now.stats];
  return (
    before.isSettled &&
    a.ctimeNs === b.ctimeNs &&
    a.mtimeNs === b.mtimeNs &&
    a.ino === b.ino &&
    a.size === b.size &&
    a.mode === b.mode &&
    a.nlink === b.nlink
  );
}

export interface Content {
  readonly sha: string;
  readonly mode: "100644" | "100755" | typeof SYMLINK;
  readonly content: Buffer;
}

/** Content of a plain file or symlink as git would record it; undefined for all else, for too much, and for no access. */
export function readContent(path: Buffer, format: ObjectFormat): Content | undefined {
  try {
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) {
      const content = readlinkSync(path, { encoding: "buffer" });
      return { sha: makeObject(format, "blob", content).sha, mode: SYMLINK, content };
    }
    // O_NONBLOCK: between the look and the opening it may have become a pipe.
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const opened = fstatSync(file);
      if (!opened.isFile() || opened.size > MAX_BLOB_BYTES) return undefined;
      const content = readFileSync(file);
      const mode = (opened.mode & 0o100) === 0 ? "100644" : "100755";
      return { sha: makeObject(format, "blob", content).sha, mode, content };
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined; // gone or forbidden: whoever asks does it the long way, and git says what is wrong
  }
}

/** Whether the file at `path` is what `entry` says, looking at its content only where its times leave a doubt. */
export function confirm(
  path: Buffer,
  entry: Entry,
  known: Seen | undefined,
  format: ObjectFormat,
): Seen | undefined {
  const now = look(path, entry.sha);
  if (now === undefined) return undefined;
  if (known?.sha === entry.sha && isUntouched(known, now)) return known;
  const isLink = entry.mode === SYMLINK;
  if (!isLink && (now.stats.nlink !== 1n || Number(now.stats.mode & 0o7777n) !== modeOf(entry)))
    return undefined;
  const found = readContent(path, format);
  return found?.sha === entry.sha && found.mode === entry.mode ? now : undefined;
}

/** Permissions that git gives a new file. */
export function modeOf({ mode }: Entry): number {
  return (mode === "100755" ? 0o777 : 0o666) & ~process.umask();
}
