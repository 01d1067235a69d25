/** What a checkout holds now, as a git tree, and how that tree differs from the base commit. */

import { copyFile, lstat, mkdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { CommitSha, TreeSha } from "../core/experiment.ts";
import type { Change } from "../core/workspace.ts";
import { type Checkout, stands } from "./checkout.ts";
import type { PrivateGit } from "./private-git.ts";
import { asText, listTree } from "./tree-listing.ts";

export interface Snapshot {
  readonly tree: TreeSha;
  readonly changes: readonly Change[];
}

/** Coarser than the clock that stamps files (4 ms on common kernels). */
const TIMESTAMP_GRAIN_MS = 20;

/** Records the checkout without `hidden` paths. A tree that is gone is an empty tree. */
export async function takeSnapshot(
  git: PrivateGit,
  checkout: Checkout,
  against: { base: CommitSha; hidden: readonly string[] },
): Promise<Snapshot> {
  if (!(await stands(checkout))) {
    await rm(checkout.tree, { force: true });
    await mkdir(checkout.tree);
  }
  const index = `${checkout.index}.now`;
  await copyIndex(checkout.index, index);
  const hidden = [...against.hidden, ...(await submodules(git, against.base))];
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

async function changesBetween(git: PrivateGit, base: CommitSha, tree: TreeSha): Promise<Change[]> {
  const text = await git.text(["diff-tree", "-r", "-z", "--no-renames", "--raw", "--numstat", base, tree]);
  const { raw, lines } = parseDiffTree(text);
  const sizes = await blobSizes(git, raw);
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

async function blobSizes(git: PrivateGit, raw: readonly RawChange[]): Promise<Map<string, number>> {
  const shas = [
    ...new Set(raw.filter(({ mode }) => mode !== "none" && mode !== "submodule").map(({ sha }) => sha)),
  ];
  if (shas.length === 0) return new Map();
  const input = `${shas.join("\n")}\n`;
  const text = await git.text(["cat-file", "--batch-check=%(objectname) %(objectsize)"], { input });
  return new Map(text.split("\n").map((line) => [line.split(" ")[0] ?? "", Number(line.split(" ")[1])]));
}
