/** Seam: checkouts of candidates, and the refs that results live on. The user's checkout is never touched (invariant 1). */

import type { CommitSha, TreeSha } from "./experiment.ts";

/** One changed path of a workspace against its base commit. A rename is a deletion and an addition. */
export interface Change {
  /** Relative to the repository root, forward slashes, as git stores it. */
  readonly path: string;
  readonly status: "added" | "modified" | "deleted";
  readonly mode: "file" | "executable" | "symlink" | "submodule" | "none";
  readonly bytes: number;
  /** Lines added and deleted; absent for binary files. */
  readonly added?: number;
  readonly deleted?: number;
}

export interface Committed {
  readonly commit: CommitSha;
  readonly tree: TreeSha;
}

/**
 * One checkout, owned by one caller until closed.
 * Contract: `changes` sees everything that differs from `base` except ignored files and prepared (linked) paths.
 * `commit` records exactly those changes with parent `base` and points `ref` at the commit before it returns; it never
 * runs hooks. `close` never throws and gives the checkout back; nothing committed is ever lost.
 */
export interface Workspace {
  readonly path: string;
  readonly base: CommitSha;
  /** An empty folder outside the checkout: HOME and TMPDIR of the commands that run here. */
  readonly scratch: string;
  changes(): Promise<readonly Change[]>;
  commit(message: string, ref: string): Promise<Committed>;
  /** Text of a file, cut at `maxBytes`; undefined if it is missing, not a plain file, or reached through a link. */
  read(path: string, maxBytes: number): Promise<string | undefined>;
  /** Copies plain files and folders of plain files from another workspace; gives the paths that were missing or links. */
  take(from: Workspace, paths: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** `replaced`: the change did not apply on the new head; the candidate's whole tree stands against it instead. */
export type Rebased = Committed & { readonly how: "clean" | "replaced" };

/** Paths to show as they are in another commit: protected files from the base commit. */
export interface Overlay {
  readonly from: CommitSha;
  readonly globs: readonly string[];
  /** Copies of the held-out files of the user's checkout too, which no other workspace holds. */
  readonly withHeldOut?: boolean;
}

/**
 * All workspaces of a study.
 * Contract: `open` gives a checkout of `commit` with nothing left of its earlier users; safe to call concurrently.
 * `advance` is compare-and-swap: it moves `ref` from `from` (undefined: the ref must not exist) to `to` and says whether
 * it did. `rebase` puts the change `candidate` made to its parent on `onto`, as a commit with parent `onto`, pointed at
 * by `ref`. `resolve` gives undefined for a ref that does not exist. Git failures reject as InfrastructureError.
 */
export interface Workspaces {
  open(commit: CommitSha, overlay?: Overlay): Promise<Workspace>;
  advance(ref: string, to: CommitSha, from: CommitSha | undefined): Promise<boolean>;
  rebase(candidate: CommitSha, onto: CommitSha, options: { ref: string; message: string }): Promise<Rebased>;
  resolve(ref: string): Promise<CommitSha | undefined>;
  /** Unified diff of two commits, at most `maxBytes` (default 64 KiB). */
  diff(from: CommitSha, to: CommitSha, maxBytes?: number): Promise<string>;
}
