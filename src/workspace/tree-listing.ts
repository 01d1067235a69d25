/** What a commit holds, path by path, and the overlay of one commit's paths over another's. */

import { rm } from "node:fs/promises";
import { posix } from "node:path";
import { globMatcher } from "../core/scope.ts";
import type { Overlay } from "../core/workspace.ts";
import type { PrivateGit } from "./private-git.ts";

export interface Entry {
  /** Octal, as git writes it: 100644, 100755, 120000 (symlink), 160000 (submodule). */
  readonly mode: string;
  readonly sha: string;
}

/** Paths are bytes to git: they are kept one character per byte (latin1), see `asText`. */
export interface TreeListing {
  readonly entries: ReadonlyMap<string, Entry>;
  /** The tree of each folder below the root. */
  readonly folders: ReadonlyMap<string, string>;
}

export const asText = (bytePath: string) => Buffer.from(bytePath, "latin1").toString("utf8");
export const asBytePath = (path: string) => Buffer.from(path, "utf8").toString("latin1");

/** Trees asked for lately; the same base is opened again and again, and a name never changes its content. */
const listings = new WeakMap<PrivateGit, Map<string, Promise<TreeListing>>>();
/** However many slots there are, a candidate that was just committed is still known when it is measured. */
const KEPT_LISTINGS = 600;
/** About 100 bytes each. */
const KEPT_PATHS = 500_000;

/** All paths of a commit or tree, named by its full id. */
export function listTree(git: PrivateGit, id: string): Promise<TreeListing> {
  const kept = keptOf(git);
  const listing = kept.get(id) ?? readTree(git, id);
  kept.delete(id);
  kept.set(id, listing);
  listing.then(
    ({ entries }) => forget(kept, entries.size),
    () => kept.delete(id),
  );
  return listing;
}

/** Keeps what is known of a commit or tree already, so that git need not be asked. */
export function knowTree(git: PrivateGit, id: string, listing: TreeListing): void {
  const kept = keptOf(git);
  kept.set(id, Promise.resolve(listing));
  forget(kept, listing.entries.size);
}

function keptOf(git: PrivateGit): Map<string, Promise<TreeListing>> {
  const kept = listings.get(git) ?? new Map<string, Promise<TreeListing>>();
  listings.set(git, kept);
  return kept;
}

/** Drops the oldest; all are about as long as the newest. */
function forget(kept: Map<string, unknown>, paths: number): void {
  const room = Math.max(8, Math.min(KEPT_LISTINGS, Math.floor(KEPT_PATHS / (paths + 1))));
  for (const id of kept.keys()) {
    if (kept.size <= room) return;
    kept.delete(id);
  }
}

async function readTree(git: PrivateGit, treeish: string): Promise<TreeListing> {
  const { stdout } = await git.run(["ls-tree", "-r", "-t", "-z", "--full-tree", treeish]);
  const entries = new Map<string, Entry>();
  const folders = new Map<string, string>();
  for (const line of stdout.toString("latin1").split("\0")) {
    const tab = line.indexOf("\t");
    if (tab < 0) continue;
    const [mode = "", kind, sha = ""] = line.slice(0, tab).split(" ");
    const path = line.slice(tab + 1);
    if (kind === "tree") folders.set(path, sha);
    else entries.set(path, { mode, sha });
  }
  return { entries, folders };
}

/** Adds the folders that `path` lies in, without the root. */
export function addParents(folders: Set<string>, path: string): void {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const folder = path.slice(0, end);
    if (folders.has(folder)) return;
    folders.add(folder);
  }
}

/** Whether a tree may get an untracked `path`: nothing is tracked there, nor is a file where a parent must be. */
export function isFree(listing: TreeListing, path: string): boolean {
  const bytePath = asBytePath(path);
  if (listing.entries.has(bytePath) || listing.folders.has(bytePath)) return false;
  const parents = new Set<string>();
  addParents(parents, bytePath);
  return [...parents].every((parent) => !listing.entries.has(parent));
}

/** The tree of `commit` with the overlaid paths as they are in `overlay.from`; `commit` itself if nothing differs. */
export async function overlaidTree(git: PrivateGit, commit: string, overlay: Overlay): Promise<string> {
  const [own, other] = await Promise.all([listTree(git, commit), listTree(git, overlay.from)]);
  const isOverlaid = globMatcher(overlay.globs);
  const paths = new Set([...own.entries.keys(), ...other.entries.keys()]);
  const lines: string[] = [];
  for (const path of paths) {
    const [mine, theirs] = [own.entries.get(path), other.entries.get(path)];
    if (mine?.sha === theirs?.sha && mine?.mode === theirs?.mode) continue;
    if (!isOverlaid(asText(path))) continue;
    // Removals first: a folder that became a file must be gone before the file comes.
    if (theirs) lines.push(`${theirs.mode} ${theirs.sha}\t${path}\0`);
    else lines.unshift(`0 ${"0".repeat(mine?.sha.length ?? 40)}\t${path}\0`);
  }
  if (lines.length === 0) return commit;
  return await withIndex(git, commit, async (index) => {
    const input = Buffer.from(lines.join(""), "latin1");
    await git.run(["update-index", "-z", "--replace", "--index-info"], { index, input });
    return await git.text(["write-tree"], { index });
  });
}

/** Runs `use` with a fresh index that holds `treeish`. */
export async function withIndex<T>(
  git: PrivateGit,
  treeish: string,
  use: (index: string) => Promise<T>,
): Promise<T> {
  const index = posix.join(git.folder, `index-${crypto.randomUUID()}`);
  try {
    await git.run(["read-tree", treeish], { index });
    return await use(index);
  } finally {
    await rm(index, { force: true });
  }
}
