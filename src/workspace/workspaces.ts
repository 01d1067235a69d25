/** The git adapter of the Workspaces seam: pooled checkouts beside the user's repository, results as refs in it. */

import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../core/errors.ts";
import type { CommitSha, TreeSha } from "../core/experiment.ts";
import type { Committed, Rebased, Workspace, Workspaces } from "../core/workspace.ts";
import { type Checkout, drop, type Furnishing, furnish, type Prepared } from "./checkout.ts";
import { copyPlain, readPlainFile } from "./files.ts";
import { linkTargets } from "./link-targets.ts";
import { makeObject } from "./objects.ts";
import { createPool, type Pool } from "./pool.ts";
import { checkOutside, preparedFromTemplate, preparedFromUser } from "./prepared.ts";
import { createPrivateGit, type PrivateGit } from "./private-git.ts";
import { openRefs, type Refs } from "./refs.ts";
import { inspectRepository, type Repository } from "./repository.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";
import { removeStaleLocks } from "./stale-locks.ts";
import { removeTree } from "./sweep.ts";
import { isFree, knowTree, listTree, overlaidTree, type TreeListing, withIndex } from "./tree-listing.ts";

export interface WorkspacesOptions {
  /** Any folder of the user's checkout. */
  readonly repository: string;
  /** Absolute; created; outside the user's checkout. Runs of any repositories may share it. */
  readonly stateFolder: string;
  /** Untracked paths of the user's checkout that every workspace sees through a symlink. */
  readonly link: readonly string[];
  /** Untracked paths of the user's checkout that every workspace gets a fresh copy of. */
  readonly copy: readonly string[];
  /** Untracked paths of the user's checkout that only a workspace opened with `withHeldOut` gets copies of. */
  readonly heldOut?: readonly string[];
  /** Runs once in a checkout of `base`; the top-most untracked paths it leaves are linked into every workspace. */
  readonly prepare?: (templatePath: string) => Promise<void>;
  readonly base: CommitSha;
  /** Owner of every workspace, for a sandbox that runs as that user. Only root can give files away. */
  readonly uid?: number;
  /** Milliseconds since 1970, for the times of commits. */
  readonly now?: () => number;
}

export interface GitWorkspaces extends Workspaces {
  readonly repository: Repository;
  /** Holds the checkouts; what else is put there goes with them. */
  readonly folder: string;
  /** Git inside a workspace reads objects from here; a sandbox shows it read-only. */
  readonly objectsFolder: string;
  /** Paths that links matched by `globs` lead to, in `commit`. */
  linkTargets(commit: CommitSha, globs: readonly string[]): Promise<string[]>;
  /** Removes all checkouts. Refs and commits stay. */
  close(): Promise<void>;
}

/** Errors: UsageError for a folder that is no repository or paths that cannot be linked; what `prepare` throws. */
export async function openWorkspaces(options: WorkspacesOptions): Promise<GitWorkspaces> {
  const repository = await inspectRepository(options.repository);
  await checkOutside(repository.root, options.stateFolder);
  const prepared = await preparedFromUser(repository.root, options);
  const heldOut = await preparedFromUser(repository.root, { holdout_files: options.heldOut ?? [] });
  await removeStaleLocks(repository);
  const pool = await createPool(await realpath(options.stateFolder));
  const lab: Lab = {
    repository,
    pool,
    refs: openRefs(repository),
    now: options.now ?? Date.now,
    git: await createPrivateGit(join(pool.folder, "git"), repository),
    uid: process.getuid?.() === 0 ? options.uid : undefined,
  };
  try {
    await refuseTracked(lab.git, options.base, heldOut);
    const linked = options.prepare ? await template(lab, options.base, options.prepare) : [];
    return composed(lab, [...prepared, ...linked], heldOut);
  } catch (error) {
    await close(lab);
    throw error;
  }
}

/** What git holds is in every workspace, and in the objects that a researcher's git reads. */
async function refuseTracked(git: PrivateGit, base: CommitSha, heldOut: readonly Prepared[]): Promise<void> {
  const listing = heldOut.length === 0 ? undefined : await listTree(git, base);
  const tracked = heldOut.find(({ path }) => listing !== undefined && !isFree(listing, path));
  if (tracked === undefined) return;
  throw new UsageError(`${tracked.path} is held out, but it is in git, where every researcher can read it`, {
    place: "holdout_files",
    next: `git rm -r --cached ${tracked.path}, add it to .gitignore and commit; better still, use data that never was in git`,
  });
}

async function close({ git, refs, pool }: Lab): Promise<void> {
  git.close();
  refs.close();
  await pool.remove();
}

/** What everything below shares. */
interface Lab {
  readonly repository: Repository;
  readonly pool: Pool;
  readonly git: PrivateGit;
  readonly refs: Refs;
  readonly now: () => number;
  readonly uid: number | undefined;
}

function composed(lab: Lab, always: readonly Prepared[], heldOut: readonly Prepared[]): GitWorkspaces {
  const { repository, git, refs, pool } = lab;
  const diffs = new RecentDiffs(git);
  return {
    repository,
    folder: pool.folder,
    objectsFolder: join(repository.commonDir, "objects"),
    async open(commit, overlay) {
      const treeish = overlay ? await overlaidTree(git, commit, overlay) : commit;
      const prepared = overlay?.withHeldOut ? [...always, ...heldOut] : always;
      const { checkout, hidden } = await furnished(lab, { commit, treeish, prepared, uid: lab.uid });
      await removeTree(scratchOf(checkout));
      await mkdir(scratchOf(checkout));
      return workspaceIn(lab, checkout, { base: commit, hidden });
    },
    advance: (ref, to, from) => refs.advance(ref, { to, from }),
    resolve: (ref) => refs.resolve(ref),
    rebase: (candidate, onto, record) => rebase(lab, { candidate, onto, ...record }),
    diff: (from, to, maxBytes) => diffs.diff({ from, to, maxBytes: maxBytes ?? DEFAULT_DIFF_BYTES }),
    linkTargets: (commit, globs) => linkTargets(git, commit, globs),
    close: () => close(lab),
  };
}

async function template(
  lab: Lab,
  base: CommitSha,
  prepare: (path: string) => Promise<void>,
): Promise<Prepared[]> {
  const { checkout } = await furnished(lab, { commit: base, treeish: base, prepared: [], uid: lab.uid });
  await prepare(checkout.tree);
  return await preparedFromTemplate(lab.git, checkout);
}

/** A checkout that cannot be made clean is dropped and a new one made; if that fails too, git or the disk is broken. */
async function furnished(
  lab: Lab,
  as: Furnishing,
): Promise<{ checkout: Checkout; hidden: readonly string[] }> {
  for (;;) {
    const { checkout, isNew } = await lab.pool.take();
    try {
      return { checkout, hidden: await furnish(lab.git, checkout, as) };
    } catch (error) {
      await drop(checkout);
      if (isNew) throw error;
    }
  }
}

function workspaceIn(
  lab: Lab,
  checkout: Checkout,
  about: { base: CommitSha; hidden: readonly string[] },
): Workspace {
  const { base } = about;
  let isOpen = true;
  let last: Snapshot | undefined;
  const snapshot = async () => {
    if (!isOpen) throw new Error(`workspace ${checkout.tree} is closed`);
    last = await takeSnapshot(lab.git, checkout, about);
    return last;
  };
  const inside = (): string => {
    if (!isOpen) throw new Error(`workspace ${checkout.tree} is closed`);
    return checkout.tree;
  };
  return {
    path: checkout.tree,
    base,
    scratch: scratchOf(checkout),
    read: (path, maxBytes) => readPlainFile(inside(), path, maxBytes),
    take: (from, paths) => copyPlain(from.path, inside(), paths),
    changes: async () => (await snapshot()).changes,
    // What was looked at is what is recorded: a process left behind could slip a change in between.
    commit: async (message, ref) =>
      record(lab, { ...(last ?? (await snapshot())), parent: base, message, ref }),
    async close() {
      if (isOpen) await removeTree(scratchOf(checkout)).catch(() => {});
      if (isOpen) lab.pool.give(checkout);
      isOpen = false;
    },
  };
}

/** Beside the checkout, so that it is on the same disk and never in a change. */
function scratchOf(checkout: Checkout): string {
  return `${checkout.tree}.scratch`;
}

async function record(
  lab: Lab,
  what: { tree: TreeSha; listing?: TreeListing; parent: CommitSha; message: string; ref: string },
): Promise<Committed> {
  const commit = await writeCommit(lab, what);
  if (what.listing !== undefined) knowTree(lab.git, commit, what.listing);
  await lab.refs.point(what.ref, commit);
  return { commit, tree: what.tree };
}

/** The object that `git commit-tree` would write, in UTC. */
async function writeCommit(
  { git, now }: Lab,
  { tree, parent, message }: { tree: TreeSha; parent: CommitSha; message: string },
): Promise<CommitSha> {
  const who = `nightlab <nightlab@localhost> ${Math.floor(now() / 1000)} +0000`;
  const text = message.replaceAll("\0", "").replace(/\n?$/, "\n"); // git refuses messages with a NUL
  const lines = [`tree ${tree}`, `parent ${parent}`, `author ${who}`, `committer ${who}`, "", text];
  const commit = makeObject(git.format, "commit", Buffer.from(lines.join("\n")));
  await git.write([commit]);
  return commit.sha as CommitSha;
}

async function rebase(
  lab: Lab,
  what: { candidate: CommitSha; onto: CommitSha; ref: string; message: string },
): Promise<Rebased> {
  const { candidate, onto, ref, message } = what;
  const args = ["diff-tree", "-p", "--binary", "--full-index", "--no-renames", `${candidate}^`, candidate];
  const { stdout: patch } = await lab.git.run(args);
  const merged = patch.length === 0 ? `${onto}^{tree}` : await applied(lab.git, onto, patch);
  const treeish = merged ?? `${candidate}^{tree}`;
  const tree = (await lab.git.text(["rev-parse", "--verify", treeish])) as TreeSha;
  const committed = await recordOnce(lab, { tree, parent: onto, message, ref });
  return { ...committed, how: merged === undefined ? "replaced" : "clean" };
}

/**
 * Heads come back: what was recorded on this one before is taken again, and never loses its ref, since the ledger may
 * speak of it. Another change gets a ref of its own.
 */
async function recordOnce(
  lab: Lab,
  what: { tree: TreeSha; parent: CommitSha; message: string; ref: string },
): Promise<Committed> {
  const { tree, parent } = what;
  for (const ref of [what.ref, `${what.ref}-${tree.slice(0, 12)}`]) {
    const before = await lab.refs.resolve(ref);
    if (before === undefined) return await record(lab, { ...what, ref });
    const held = await lab.git.text(["rev-parse", `${before}^{tree}`, `${before}^`]);
    if (held === `${tree}\n${parent}`) return { commit: before, tree };
  }
  throw new Error(`${what.ref} holds another commit under the name of tree ${tree}`);
}

/** The tree of `onto` with the patch; undefined when it does not apply. Done in an index: no checkout is needed. */
function applied(git: PrivateGit, onto: CommitSha, patch: Buffer): Promise<string | undefined> {
  return withIndex(git, onto, async (index) => {
    const args = ["apply", "--3way", "--cached", "--whitespace=nowarn"];
    const { exitCode } = await git.run(args, { index, input: patch, accept: [0, 1, 128] });
    return exitCode === 0 ? await git.text(["write-tree"], { index }) : undefined;
  });
}

const DEFAULT_DIFF_BYTES = 64 * 1024;

/** The head is shown to every researcher, and a diff of two commits never changes. */
class RecentDiffs {
  readonly #git: PrivateGit;
  readonly #kept = new Map<string, string>();

  constructor(git: PrivateGit) {
    this.#git = git;
  }

  async diff(what: { from: CommitSha; to: CommitSha; maxBytes: number }): Promise<string> {
    if (what.from === what.to) return "";
    const key = `${what.from} ${what.to} ${what.maxBytes}`;
    const text = this.#kept.get(key) ?? (await diff(this.#git, what));
    this.#kept.set(key, text);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_DIFFS && oldest !== undefined) this.#kept.delete(oldest);
    return text;
  }
}

const KEPT_DIFFS = 8;

async function diff(
  git: PrivateGit,
  what: { from: CommitSha; to: CommitSha; maxBytes: number },
): Promise<string> {
  const args = ["diff", "--no-ext-diff", "--no-textconv", "--no-color", what.from, what.to];
  const { stdout, truncated } = await git.run(args, { maxBytes: what.maxBytes });
  if (!truncated) return stdout.toString("utf8");
  const note = `[diff cut at ${what.maxBytes} bytes]\n`;
  const room = Math.max(0, what.maxBytes - note.length);
  const end = stdout.subarray(0, room).lastIndexOf("\n") + 1;
  return stdout.subarray(0, end).toString("utf8") + note;
}
