/** Finds what a checkout holds too much of for git to record: files are looked at, never read. */

import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { Change } from "../core/workspace.ts";
import type { Checkout } from "./checkout.ts";
import type { PrivateGit } from "./private-git.ts";
import { asText } from "./tree-listing.ts";

/** Far above what a change may hold (see the scope): git would read and write it all before anybody looks at its size. */
const MAX_FILE_BYTES = 64 * 1024 ** 2;
/** Files that are not in the tree, ignored ones included, before it is asked which of them git would record. */
const MAX_NEW_FILES = 5000;

/** Deeper folders end at the longest path a system call takes, which git and the sweep meet with an error. */
const MAX_DEPTH = 100;

/**
 * What git would have to read for longer than anybody wants, as changes that no scope lets pass; none for a change of sane
 * size. Ignored files and prepared paths are no change, whatever their size.
 */
export async function findOversize(
  git: PrivateGit,
  checkout: Checkout,
  about: { index: string; hidden: readonly string[] },
): Promise<readonly Change[]> {
  const hidden = new Set(about.hidden);
  const walk: Walk = {
    root: checkout.tree,
    known: knownSizes(checkout),
    hidden,
    newFiles: 0,
    large: new Map(),
  };
  await look(walk, { path: "", depth: 0 });
  if (walk.large.size === 0 && walk.newFiles <= MAX_NEW_FILES) return [];
  const args = ["ls-files", "-z", "--others", "--modified", "--deduplicate", "--exclude-standard"];
  const place = { tree: checkout.tree, index: about.index };
  const { stdout } = await git.run(args, { ...place, maxBytes: MAX_LIST_BYTES, accept: [0, 128] });
  const listed = stdout.toString("utf8").split("\0");
  const recorded = listed.filter((path) => path !== "" && !hidden.has(path));
  const large = [...walk.large].filter(([path]) => isDeep(path) || recorded.includes(path));
  const many = recorded.length > MAX_NEW_FILES ? recorded : [];
  return [...large, ...many.map((path) => [path, 0] as const)].map(([path, bytes]) => ({
    path,
    bytes,
    status: "added",
    mode: "file",
  }));
}

const isDeep = (path: string) => path.split("/").length > MAX_DEPTH;

/** Enough names to see that they are too many. */
const MAX_LIST_BYTES = 4 * 1024 ** 2;

interface Walk {
  readonly root: string;
  readonly known: ReadonlyMap<string, number>;
  readonly hidden: ReadonlySet<string>;
  newFiles: number;
  /** Sizes of files, and of folders that are too deep to look into, by path. */
  readonly large: Map<string, number>;
}

function knownSizes({ seen }: Checkout): Map<string, number> {
  return new Map([...(seen ?? [])].map(([path, { stats }]) => [asText(path), Number(stats.size)]));
}

async function look(walk: Walk, at: { path: string; depth: number }): Promise<void> {
  const folder = await opendir(join(walk.root, at.path)).catch(() => undefined); // git says what is wrong with it
  if (folder === undefined) return;
  for await (const child of folder) {
    const path = at.path === "" ? child.name : `${at.path}/${child.name}`;
    if (path === ".git" || walk.hidden.has(path)) continue;
    if (child.isFile()) await lookAtFile(walk, path);
    else if (child.isDirectory()) await lookAtFolder(walk, { path, depth: at.depth + 1 });
    if (walk.newFiles > 20 * MAX_NEW_FILES) return;
  }
}

async function lookAtFolder(walk: Walk, at: { path: string; depth: number }): Promise<void> {
  if (at.depth > MAX_DEPTH) walk.large.set(at.path, MAX_FILE_BYTES);
  else await look(walk, at);
}

async function lookAtFile(walk: Walk, path: string): Promise<void> {
  const before = walk.known.get(path);
  if (before === undefined) walk.newFiles += 1;
  const bytes = (await lstat(join(walk.root, path)).catch(() => undefined))?.size ?? 0;
  if (bytes > MAX_FILE_BYTES && bytes !== before) walk.large.set(path, bytes);
}
