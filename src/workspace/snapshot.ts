/** What a checkout holds now, as a git tree, and how that tree differs from the base commit. */

import { copyFile, lstat, mkdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { CommitSha, TreeSha } from "../core/experiment.ts";
import type { Change } from "../core/workspace.ts";
import { type Checkout, stands } from "./checkout.ts";
import { makeObject, rootOf, withChanges } from "./objects.ts";
import { findOversize } from "./oversize.ts";
import type { PrivateGit } from "./private-git.ts";
import { quickChanges } from "./quick-changes.ts";
import { TIMESTAMP_GRAIN_MS } from "./seen.ts";
import { asText, knowTree, listTree, type TreeListing } from "./tree-listing.ts";

export interface Snapshot {
  readonly tree: TreeSha;
  readonly changes: readonly Change[];
  /** What `tree` holds, where that is known. */
  readonly listing?: TreeListing;
}

interface Against {
  readonly base: CommitSha;
  readonly hidden: readonly string[];
}

/** Records the checkout without `hidden` paths. A tree that is gone is an empty tree. */
export async function takeSnapshot(git: PrivateGit, checkout: Checkout, against: Against): Promise<Snapshot> {
  return (await quickSnapshot(git, checkout, against)) ?? (await gitSnapshot(git, checkout, against));
}

/** Without a git process, when only plain tracked files were edited or deleted; undefined otherwise. */
async function quickSnapshot(
  git: PrivateGit,
  checkout: Checkout,
  against: Against,
): Promise<Snapshot | undefined> {
  const listing = await listTree(git, against.base);
  const found = quickChanges(checkout, listing, { hidden: against.hidden, format: git.format });
  if (found === undefined) return undefined;
  const entries = new Map(found.map(({ path, content }) => [path, content]));
  const made = withChanges(listing, entries, git.format);
  const tree = made.trees.at(-1)?.sha as TreeSha;
  if (found.length === 0) return { tree, changes: [], listing };
  const blobs = found.flatMap(({ content }) => content?.content ?? []);
  for (const { content } of found) if (content !== undefined) git.memory.set(content.sha, content.content);
  await git.write([...blobs.map((content) => makeObject(git.format, "blob", content)), ...made.trees]);
  knowTree(git, tree, made.listing);
  const { raw, lines } = parseDiffTree(
    (await git.diffTrees(rootOf(listing, git.format), tree)).toString("utf8"),
  );
  const sizes = new Map(found.map(({ content }) => [content?.sha ?? "", content?.content.length ?? 0]));
  return { tree, changes: changesFrom(raw, lines, sizes), listing: made.listing };
}

async function gitSnapshot(git: PrivateGit, checkout: Checkout, against: Against): Promise<Snapshot> {
  if (!(await stands(checkout))) {
    await rm(checkout.tree, { force: true });
    await mkdir(checkout.tree);
  }
  const index = `${checkout.index}.now`;
  await copyIndex(checkout.index, index);
  const hidden = [...against.hidden, ...(await submodules(git, against.base))];
  const oversize = await findOversize(git, checkout, { index, hidden });
  // No scope lets it pass, so nobody will want it recorded.
  if (oversize.length > 0)
    return { tree: rootOf(await listTree(git, against.base), git.format) as TreeSha, changes: oversize };
  const skipped = await reachable(checkout.tree, hidden);
  const unrecorded = await addAll(git, { tree: checkout.tree, index, skipped });
  const tree = (await git.text(["write-tree"], { index })) as TreeSha;
  return { tree, changes: [...(await changesBetween(git, against.base, tree)), ...unrecorded] };
}

/**
 * The copy keeps the older time: git reads a file again if it may have changed in the instant the index was written,
 * and it judges that by the time of the index.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  const { mtimeMs } = await stat(from);
  await copyFile(from, to);
  const seconds = (mtimeMs - TIMESTAMP_GRAIN_MS) / 1000;
  await utimes(to, seconds, seconds);
}

/** Submodules are not checked out. `git add` would start `git status` in their folder, under settings found there. */
async function submodules(git: PrivateGit, base: CommitSha): Promise<string[]> {
  const { entries } = await listTree(git, base);
  return [...entries].filter(([, entry]) => entry.mode === "160000").map(([path]) => asText(path));
}

/** Git refuses to exclude what lies behind a symlink; nothing is added from there, so it need not be excluded. */
async function reachable(tree: string, paths: readonly string[]): Promise<string[]> {
  const isReal = await Promise.all(paths.map((path) => hasRealParents(tree, path)));
  return paths.filter((_, at) => isReal[at]);
}

async function hasRealParents(tree: string, path: string): Promise<boolean> {
  for (let end = path.indexOf("/"); end > 0; end = path.indexOf("/", end + 1)) {
    const stats = await lstat(join(tree, path.slice(0, end))).catch(() => undefined);
    if (!stats?.isDirectory()) return false;
  }
  return true;
}

/** Adds everything; returns what git cannot record (unreadable files, repositories without a commit, `.GIT`). */
async function addAll(
  git: PrivateGit,
  where: { tree: string; index: string; skipped: readonly string[] },
): Promise<Change[]> {
  const { tree, index } = where;
  const paths = ["--", ".", ...where.skipped.map((path) => `:(top,exclude,literal)${path}`)];
  const { exitCode } = await git.run(["add", "-A", "--ignore-errors", ...paths], {
    tree,
    index,
    accept: [0, 1],
  });
  if (exitCode === 0) return [];
  const args = ["ls-files", "-z", "--others", "--modified", "--deduplicate", "--exclude-standard", ...paths];
  const left = (await git.text(args, { tree, index })).split("\0").filter((path) => path !== "");
  return await Promise.all(left.map((path) => unrecordedChange(tree, path)));
}

async function unrecordedChange(tree: string, path: string): Promise<Change> {
  if (path.endsWith("/")) return { path: path.slice(0, -1), status: "added", mode: "submodule", bytes: 0 };
  const stats = await lstat(join(tree, path)).catch(() => undefined);
  return { path, status: "modified", mode: "file", bytes: stats?.size ?? 0 };
}

interface RawChange {
  readonly path: string;
  readonly status: Change["status"];
  readonly mode: Change["mode"];
  readonly sha: string;
}

type LineCounts = ReadonlyMap<string, { added: number; deleted: number }>;

async function changesBetween(git: PrivateGit, base: CommitSha, tree: TreeSha): Promise<Change[]> {
  const { raw, lines } = parseDiffTree(
    (await git.diffTrees(rootOf(await listTree(git, base), git.format), tree)).toString("utf8"),
  );
  const isBlob = ({ mode }: RawChange) => mode !== "none" && mode !== "submodule";
  const sizes = await git.sizes([...new Set(raw.filter(isBlob).map(({ sha }) => sha))]);
  return changesFrom(raw, lines, sizes);
}

function changesFrom(
  raw: readonly RawChange[],
  lines: LineCounts,
  sizes: ReadonlyMap<string, number>,
): Change[] {
  return raw.map(({ path, status, mode, sha }) => ({
    path,
    status,
    mode,
    bytes: sizes.get(sha) ?? 0,
    ...(mode === "submodule" ? {} : lines.get(path)),
  }));
}

/** Raw records are `:mode mode sha sha status NUL path`, line counts `added TAB deleted TAB path`. */
function parseDiffTree(text: string) {
  const raw: RawChange[] = [];
  const lines = new Map<string, { added: number; deleted: number }>();
  const tokens = text.split("\0");
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] ?? "";
    if (token.startsWith(":")) {
      at += 1;
      raw.push(rawChange(token, tokens[at] ?? ""));
    }
    const counts = /^(\d+)\t(\d+)\t([\s\S]*)$/.exec(token);
    if (counts) lines.set(counts[3] ?? "", { added: Number(counts[1]), deleted: Number(counts[2]) });
  }
  return { raw, lines };
}

function rawChange(record: string, path: string): RawChange {
  const [, newMode = "", , sha = "", letter = ""] = record.split(" ");
  const status = letter === "A" ? "added" : letter === "D" ? "deleted" : "modified";
  return { path, status, mode: MODES[newMode] ?? "none", sha };
}

const MODES: Readonly<Record<string, Change["mode"]>> = {
  "100644": "file",
  "100755": "executable",
  "120000": "symlink",
  "160000": "submodule",
};
