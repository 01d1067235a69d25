/** Refs in the user's repository: only nightlab's own, moved by compare-and-swap. */

import { UsageError } from "../core/errors.ts";
import type { CommitSha } from "../core/experiment.ts";
import { GitError, runGit } from "./git.ts";
import { branchIsCheckedOut, type Repository, resolveCommit } from "./repository.ts";

const OWN_REFS = ["refs/nightlab/", "refs/heads/nightlab/"];

/** Points `ref` at `commit`, whatever it was. */
export async function point(repository: Repository, ref: string, commit: CommitSha): Promise<void> {
  await guard(repository, ref);
  await runGit(["update-ref", "--no-deref", ref, commit], {
    cwd: repository.commonDir,
    env: gitDirOf(repository),
  });
}

/** Compare-and-swap. False: another process holds the ref's lock, or the ref is not at `from`. */
export async function advance(
  repository: Repository,
  ref: string,
  move: { to: CommitSha; from: CommitSha | undefined },
): Promise<boolean> {
  await guard(repository, ref);
  const from = move.from ?? "0".repeat(move.to.length);
  try {
    const args = ["update-ref", "--no-deref", ref, move.to, from];
    await runGit(args, { cwd: repository.commonDir, env: gitDirOf(repository) });
    return true;
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const isLocked = /Unable to create '.*\.lock': File exists/s.test(error.stderr);
    if (isLocked || (await resolve(repository, ref)) !== move.from) return false;
    throw error;
  }
}

/** Every ref under refs/nightlab/ but those that a repair has put aside. */
export async function listOwnRefs(repository: Repository): Promise<Map<string, CommitSha>> {
  const args = ["for-each-ref", "--format=%(objectname) %(refname)", "refs/nightlab/"];
  const { stdout } = await runGit(args, { cwd: repository.commonDir, env: gitDirOf(repository) });
  const lines = stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "");
  const refs = lines.map((line): [string, CommitSha] => {
    const space = line.indexOf(" ");
    return [line.slice(space + 1), line.slice(0, space) as CommitSha];
  });
  return new Map(refs.filter(([ref]) => !ref.startsWith("refs/nightlab/damaged/")));
}

/** Removes `ref` if it is at `from`; the commit must be held by another ref. */
export async function remove(repository: Repository, ref: string, from: CommitSha): Promise<void> {
  await guard(repository, ref);
  const args = ["update-ref", "--no-deref", "-d", ref, from];
  await runGit(args, { cwd: repository.commonDir, env: gitDirOf(repository) });
}

export function resolve(repository: Repository, ref: string): Promise<CommitSha | undefined> {
  return resolveCommit(repository.commonDir, ref, gitDirOf(repository));
}

// Git would look for the repository around the folder otherwise, and a common folder may carry any name.
const gitDirOf = ({ commonDir }: Repository) => ({ GIT_DIR: commonDir });

async function guard(repository: Repository, ref: string): Promise<void> {
  if (!OWN_REFS.some((prefix) => ref.startsWith(prefix))) throw new Error(`${ref} is not a ref of nightlab`);
  if (!ref.startsWith("refs/heads/") || !(await branchIsCheckedOut(repository.root, ref))) return;
  const branch = ref.slice("refs/heads/".length);
  throw new UsageError(`branch ${branch} is checked out, so it cannot move`, {
    next: "git switch -",
    place: ref,
  });
}
