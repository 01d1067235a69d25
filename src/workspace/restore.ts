/** Brings a checkout to what a tree holds without a git process, where little has to be written. */

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Checkout } from "./checkout.ts";
import { indexOf } from "./index-file.ts";
import { MAX_BLOB_BYTES } from "./objects.ts";
import type { PrivateGit } from "./private-git.ts";
import { confirm, look, modeOf, type Seen, TIMESTAMP_GRAIN_MS } from "./seen.ts";
import type { Entry, TreeListing } from "./tree-listing.ts";

/** For larger trees, and for more files to write than this, one git process is the quicker way. */
const MAX_PATHS = 3000;
const MAX_WRITTEN = 100;

const SUBMODULE = "160000";

/**
 * True when `checkout`, swept already, holds exactly `listing` and its index says so; false when git has to do it.
 * A file counts as what it was only while its times, inode, size and mode are as they were right after it was known:
 * a process cannot set back the time of change. In doubt the content is read.
 */
export async function restore(git: PrivateGit, checkout: Checkout, listing: TreeListing): Promise<boolean> {
  const known = checkout.seen;
  if (known === undefined || listing.entries.size > MAX_PATHS) return false;
  const seen = new Map<string, Seen>();
  const missing: [string, Entry][] = [];
  for (const [path, entry] of listing.entries) {
    const place = placeOf(checkout, path);
    if (entry.mode === SUBMODULE) mkdirSync(place, { recursive: true });
    const found =
      entry.mode === SUBMODULE ? look(place, entry.sha) : confirm(place, entry, known.get(path), git.format);
    if (found === undefined) missing.push([path, entry]);
    else seen.set(path, found);
  }
  if (missing.length > MAX_WRITTEN) return false;
  const contents = await git.blobs(missing.map(([, { sha }]) => sha));
  if (contents === undefined) return false;
  for (const [index, [path, entry]] of missing.entries()) {
    const place = placeOf(checkout, path);
    mkdirSync(placeOf(checkout, path.slice(0, Math.max(0, path.lastIndexOf("/")))), { recursive: true });
    writeEntry(place, entry, contents[index] ?? Buffer.alloc(0));
    const written = look(place, entry.sha);
    if (written === undefined) return false;
    seen.set(path, written);
  }
  checkout.seen = seen;
  writeFileSync(checkout.index, indexOf(listing, seen, git.format));
  return true;
}

/** Notes the files of a checkout that git has just made, and that nobody else has got yet. */
export async function noteFiles(checkout: Checkout, listing: TreeListing): Promise<void> {
  checkout.seen = new Map();
  if (listing.entries.size > MAX_PATHS) return;
  const files = lookAll(checkout, listing);
  const isSlow = ({ stats, isSettled }: Seen) => !isSettled && stats.size > MAX_BLOB_BYTES;
  const hasSlow = files.values().some(isSlow);
  // Reading a large file again and again costs more than to wait once until its times can be trusted.
  if (hasSlow) await setTimeout(2 * TIMESTAMP_GRAIN_MS);
  checkout.seen = hasSlow ? lookAll(checkout, listing) : files;
}

function lookAll(checkout: Checkout, listing: TreeListing): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  for (const [path, { sha }] of listing.entries) {
    const found = look(placeOf(checkout, path), sha);
    if (found !== undefined) seen.set(path, found);
  }
  return seen;
}

/** Never through what lies there: the old file may be a link to somewhere else. */
function writeEntry(place: Buffer, entry: Entry, content: Buffer): void {
  rmSync(place, { force: true });
  if (entry.mode === "120000") symlinkSync(content, place);
  else writeFileSync(place, content, { flag: "wx", mode: modeOf(entry) });
}

function placeOf({ tree }: Checkout, bytePath: string): Buffer {
  return Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(bytePath, "latin1")]);
}
