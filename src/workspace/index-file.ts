/** Writes git's index, version 2. Format: https://git-scm.com/docs/index-format */

import { createHash } from "node:crypto";
import type { ObjectFormat } from "./objects.ts";
import type { Seen } from "./seen.ts";
import type { TreeListing } from "./tree-listing.ts";

const STAT_BYTES = 40;
const MAX_NAME_LENGTH = 0xfff;

/** The index of a checkout that holds `listing`, with what is known of its files. */
export function indexOf(listing: TreeListing, seen: ReadonlyMap<string, Seen>, format: ObjectFormat): Buffer {
  const paths = [...listing.entries.keys()].sort();
  const header = Buffer.alloc(12);
  header.write("DIRC", "latin1");
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(paths.length, 8);
  const entries = paths.map((path) => {
    const { mode = "", sha = "" } = listing.entries.get(path) ?? {};
    return entryOf({ path, mode: Number.parseInt(mode, 8), sha }, seen.get(path));
  });
  const body = Buffer.concat([header, ...entries]);
  return Buffer.concat([body, createHash(format).update(body).digest()]);
}

function entryOf(
  { path, mode, sha }: { path: string; mode: number; sha: string },
  seen: Seen | undefined,
): Buffer {
  const shaBytes = sha.length / 2;
  const bare = STAT_BYTES + shaBytes + 2 + path.length;
  const entry = Buffer.alloc((bare + 8) & ~7); // one to eight zero bytes at the end
  if (seen !== undefined) writeStats(entry, seen);
  entry.writeUInt32BE(mode, 24);
  entry.write(sha, STAT_BYTES, "hex");
  entry.writeUInt16BE(Math.min(path.length, MAX_NAME_LENGTH), STAT_BYTES + shaBytes);
  entry.write(path, STAT_BYTES + shaBytes + 2, "latin1");
  return entry;
}

function writeStats(entry: Buffer, { stats }: Seen): void {
  const numbers = [
    ...[stats.ctimeNs / 1_000_000_000n, stats.ctimeNs % 1_000_000_000n],
    ...[stats.mtimeNs / 1_000_000_000n, stats.mtimeNs % 1_000_000_000n],
    ...[stats.dev, stats.ino, 0n, stats.uid, stats.gid, stats.size],
  ];
  for (const [at, number] of numbers.entries()) entry.writeUInt32BE(Number(number & 0xffffffffn), at * 4);
}
