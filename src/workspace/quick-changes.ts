/** Finds what was edited or deleted in a checkout by looking at it, as long as nothing else was done to it. */

import { type Dirent, lstatSync, readdirSync } from "node:fs";
import type { Checkout } from "./checkout.ts";
import type { ObjectFormat } from "./objects.ts";
import { type Content, confirm, readContent } from "./seen.ts";
import { addParents, asBytePath, type TreeListing } from "./tree-listing.ts";

/** A changed path, with what it holds now; deleted without. */
export interface QuickChange {
  readonly path: string;
  readonly content: Content | undefined;
}

interface Walk {
  readonly checkout: Checkout;
  readonly listing: TreeListing;
  readonly format: ObjectFormat;
  readonly hidden: ReadonlySet<string>;
  /** Folders that hold a hidden path. */
  readonly aroundHidden: ReadonlySet<string>;
  readonly found: Set<string>;
  readonly changes: QuickChange[];
}

/**
 * Undefined where git has to judge: something untracked (it may be ignored), a file that became a link or a folder, a
 * link that changed, a file that is large or cannot be read, a checkout that is no longer a folder.
 */
export function quickChanges(
  checkout: Checkout,
  listing: TreeListing,
  { hidden, format }: { hidden: readonly string[]; format: ObjectFormat },
): readonly QuickChange[] | undefined {
  if (checkout.seen?.size !== listing.entries.size) return undefined;
  const hiddenPaths = hidden.map(asBytePath);
  const aroundHidden = new Set<string>();
  for (const path of hiddenPaths) addParents(aroundHidden, path);
  const sets = { hidden: new Set(hiddenPaths), aroundHidden, found: new Set<string>() };
  const walk: Walk = { checkout, listing, format, ...sets, changes: [] };
  try {
    if (!lstatSync(checkout.tree).isDirectory() || !isPlainFolder(walk, "")) return undefined;
  } catch {
    return undefined; // something cannot be read, or is gone in the middle of it
  }
  for (const [path, { mode }] of listing.entries)
    if (mode !== SUBMODULE && !walk.found.has(path)) walk.changes.push({ path, content: undefined });
  return walk.changes;
}

const SUBMODULE = "160000";
const SYMLINK = "120000";

function isPlainFolder(walk: Walk, folder: string): boolean {
  const place = Buffer.concat([Buffer.from(`${walk.checkout.tree}/`), Buffer.from(folder, "latin1")]);
  return readdirSync(place, { encoding: "buffer", withFileTypes: true }).every((child) => {
    const path = `${folder === "" ? "" : `${folder}/`}${child.name.toString("latin1")}`;
    return isPlainChild(walk, path, child);
  });
}

function isPlainChild(walk: Walk, path: string, child: Dirent<Buffer>): boolean {
  if (walk.hidden.has(path)) return true;
  if (path === ".git" || walk.listing.entries.get(path)?.mode === SUBMODULE) return child.isDirectory();
  if (walk.listing.folders.has(path) || walk.aroundHidden.has(path))
    return child.isDirectory() && isPlainFolder(walk, path);
  return isPlainFile(walk, path, child);
}

function isPlainFile(walk: Walk, path: string, child: Dirent<Buffer>): boolean {
  const entry = walk.listing.entries.get(path);
  if (entry === undefined || child.isSymbolicLink() !== (entry.mode === SYMLINK)) return false;
  if (!child.isSymbolicLink() && !child.isFile()) return false;
  walk.found.add(path);
  const place = Buffer.concat([Buffer.from(`${walk.checkout.tree}/`), Buffer.from(path, "latin1")]);
  if (confirm(place, entry, walk.checkout.seen?.get(path), walk.format) !== undefined) return true;
  const content = readContent(place, walk.format);
  if (content === undefined || (content.mode === SYMLINK) !== (entry.mode === SYMLINK)) return false;
  const isSame = content.sha === entry.sha && content.mode === entry.mode;
  if (!isSame) walk.changes.push({ path, content });
  return isSame || entry.mode !== SYMLINK;
}
