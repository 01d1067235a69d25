/** The user's repository: what it is, and the few things we may write there. Never its checkout, index or branches. */

import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../core/errors.ts";
import type { CommitSha } from "../core/experiment.ts";
import { git, runGit } from "./git.ts";

export interface Repository {
  /** Top folder of the checkout. */
  readonly root: string;
  readonly gitDir: string;
  /** Where refs and objects live; differs from `gitDir` in a linked worktree. */
  readonly commonDir: string;
  readonly objectFormat: "sha1" | "sha256";
  readonly headCommit: CommitSha;
  /** Absent when HEAD is detached. */
  readonly branch?: string;
  readonly isBare: false;
  readonly isShallow: boolean;
  /** Anything staged, modified or untracked (ignored files do not count). */
  readonly isDirty: boolean;
  readonly hasSubmodules: boolean;
}

/** Looks at the repository around `path`. Errors: UsageError if there is none, it is bare, or it has no commit. */
export async function inspectRepository(path: string): Promise<Repository> {
  const place = await locate(path);
  const headCommit = await resolveCommit(place.root, "HEAD");
  if (headCommit === undefined) {
    throw new UsageError(`${place.root} has no commit yet`, { next: "git add -A && git commit -m start" });
  }
  const [branch, isDirty, tree] = await Promise.all([
    runGit(["symbolic-ref", "--quiet", "--short", "HEAD"], { cwd: place.root, accept: [0, 1] }),
    hasUncommittedWork(place.root),
    git(["ls-tree", "-r", "-z", "--full-tree", headCommit], { cwd: place.root }),
  ]);
  return {
    ...place,
    headCommit,
    ...(branch.exitCode === 0 ? { branch: branch.stdout.toString().replace(/\n$/, "") } : {}),
    isDirty,
    hasSubmodules: /(^|\0)160000 /.test(tree),
  };
}

/** The commit a name stands for, undefined if there is none. */
export async function resolveCommit(
  cwd: string,
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CommitSha | undefined> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`];
  const { stdout, exitCode } = await runGit(args, { cwd, env, accept: [0, 1] });
  return exitCode === 0 ? (stdout.toString().trim() as CommitSha) : undefined;
}

/** Adds `/.nightlab/` to info/exclude of the repository, once. */
export async function excludeStateFolder(repository: Pick<Repository, "commonDir">): Promise<void> {
  const file = join(repository.commonDir, "info", "exclude");
  const text = await readFile(file, "utf8").catch(() => "");
  if (text.split("\n").includes("/.nightlab/")) return;
  await mkdir(join(repository.commonDir, "info"), { recursive: true });
  await appendFile(file, `${text === "" || text.endsWith("\n") ? "" : "\n"}/.nightlab/\n`);
}

/** Whether a worktree of the repository stands on `branch` (short name or refs/heads/...). */
export async function branchIsCheckedOut(cwd: string, branch: string): Promise<boolean> {
  const ref = branch.startsWith("refs/") ? branch : `refs/heads/${branch}`;
  const list = await git(["worktree", "list", "--porcelain", "-z"], { cwd });
  return list.split("\0").includes(`branch ${ref}`);
}

async function locate(path: string) {
  const facts = ["--is-bare-repository", "--is-shallow-repository", "--show-object-format"];
  const { stdout, exitCode } = await runGit(["rev-parse", ...facts], { cwd: path, accept: [0, 128] });
  if (exitCode !== 0) {
    const next = "git init && git add -A && git commit -m start";
    throw new UsageError(`${path} is not in a git repository`, { next });
  }
  const [isBare, isShallow, format] = stdout.toString().split("\n");
  if (isBare === "true") {
    throw new UsageError(`${path} is a bare repository: it has no checkout`, { next: `git clone ${path}` });
  }
  const [root = "", gitDir = "", commonDir = ""] = await folders(path);
  const objectFormat: Repository["objectFormat"] = format === "sha256" ? "sha256" : "sha1";
  return { root, gitDir, commonDir, objectFormat, isBare: false as const, isShallow: isShallow === "true" };
}

// A path may hold a newline, and rev-parse separates its answers with newlines: then each question goes alone.
async function folders(path: string): Promise<string[]> {
  const questions = ["--show-toplevel", "--git-dir", "--git-common-dir"];
  const ask = (...names: string[]) => git(["rev-parse", "--path-format=absolute", ...names], { cwd: path });
  const answers = (await ask(...questions)).split("\n");
  return answers.length === questions.length
    ? answers
    : await Promise.all(questions.map((name) => ask(name)));
}

async function hasUncommittedWork(root: string): Promise<boolean> {
  const quiet = await disabledFilters(root);
  const args = [
    ...quiet,
    "status",
    "--porcelain",
    "-z",
    "--untracked-files=normal",
    "--ignore-submodules=dirty",
  ];
  return (await git(args, { cwd: root })) !== "";
}

/** Settings that switch off every filter driver the repository configures: looking at it must run no program. */
async function disabledFilters(cwd: string): Promise<string[]> {
  const args = ["config", "-z", "--name-only", "--get-regexp", "^filter\\."];
  const { stdout } = await runGit(args, { cwd, accept: [0, 1] });
  const names = stdout
    .toString()
    .split("\0")
    .filter((name) => name !== "");
  const drivers = new Set(names.map((name) => name.slice(0, name.lastIndexOf("."))));
  return [...drivers].flatMap((driver) =>
    ["clean=", "smudge=", "process=", "required=false"].flatMap((end) => ["-c", `${driver}.${end}`]),
  );
}
