/** One folder of the pool with its own index: made exactly as a commit is, then given the prepared paths. */

import { constants } from "node:fs";
import { cp, lstat, mkdir, statfs, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InfrastructureError } from "../core/errors.ts";
import type { CommitSha } from "../core/experiment.ts";
import { runProgram } from "./git.ts";
import type { PrivateGit } from "./private-git.ts";
import { noteFiles, restore } from "./restore.ts";
import type { Seen } from "./seen.ts";
import { removeTree, sweep } from "./sweep.ts";
import { isFree, listTree } from "./tree-listing.ts";

/** What git could not write was larger than the little that is left. */
const FULL_BELOW_BYTES = 1 << 20;

/** An untracked path that every workspace gets: a symlink to `source`, or a copy of it. */
export interface Prepared {
  /** Relative to the root of the checkout, no `..`. */
  readonly path: string;
  readonly source: string;
  readonly how: "link" | "copy";
}

export interface Checkout {
  readonly tree: string;
  /** Ours alone: flags a researcher sets in the index of its own `.git` mean nothing here. */
  readonly index: string;
  /** Tracked files as they were when it was furnished last, by path; absent before the first time. */
  seen?: ReadonlyMap<string, Seen>;
}

export interface Furnishing {
  readonly commit: CommitSha;
  /** Commit or tree to show; differs from `commit` under an overlay. */
  readonly treeish: string;
  readonly prepared: readonly Prepared[];
  /** Owner of everything in the tree; needs root. */
  readonly uid: number | undefined;
}

/**
 * Makes `checkout` hold exactly `treeish` and the prepared paths, with a fresh `.git` for the researcher.
 * Returns the prepared paths that were placed; those where the commit itself has something are left out.
 * Errors: any failure means that the checkout cannot be trusted and must be dropped.
 */
export async function furnish(git: PrivateGit, checkout: Checkout, as: Furnishing): Promise<string[]> {
  const { tree, index } = checkout;
  const listing = await listTree(git, as.treeish);
  await sweep(tree, listing);
  if (!(await restore(git, checkout, listing))) {
    await git.run(["read-tree", "--reset", "-u", as.treeish], { tree, index }).catch(async (cause) => {
      throw (await isFull(tree))
        ? new InfrastructureError(`${tree}: No space left on device`, { cause })
        : cause;
    });
    await noteFiles(checkout, listing);
  }
  const free = as.prepared.filter(({ path }) => isFree(listing, path));
  for (const prepared of free) await place(tree, prepared);
  const hidden = free.map(({ path }) => path);
  git.furnish(tree, { commit: as.commit, index, hidden });
  if (as.uid !== undefined) await own(git, checkout, as.uid);
  return hidden;
}

/** Removes the folder and its index; never throws, since what cannot be removed must not stop the run. */
export async function drop(checkout: Checkout): Promise<void> {
  await removeTree(checkout.tree).catch(() => {});
  await removeTree(checkout.index).catch(() => {});
}

/** Whether the folder still stands where we put it; a researcher may have removed it or put a symlink in its place. */
export async function stands(checkout: Checkout): Promise<boolean> {
  return await lstat(checkout.tree).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

/** Git does not say why it could not write a file of a checkout. */
async function isFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < FULL_BELOW_BYTES;
}

async function place(tree: string, { path, source, how }: Prepared): Promise<void> {
  const target = join(tree, path);
  await mkdir(dirname(target), { recursive: true });
  if (how === "link") return await symlink(source, target);
  await cp(source, target, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    mode: constants.COPYFILE_FICLONE,
  });
}

// Only what is still ours changes owner: chown touches ctime even if it changes nothing, and git would read all again.
async function own(git: PrivateGit, { tree, index }: Checkout, uid: number): Promise<void> {
  await runProgram("chown", ["-hR", `--from=${process.getuid?.() ?? 0}`, String(uid), "--", tree]);
  await git.run(["update-index", "-q", "--refresh"], { tree, index, accept: [0, 1] });
}
