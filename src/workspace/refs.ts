/** Refs in the user's repository: only nightlab's own, moved by compare-and-swap. */

import { UsageError } from "../core/errors.ts";
import type { CommitSha } from "../core/experiment.ts";
import { GitError, type GitOptions, runGit } from "./git.ts";
import { GitSession } from "./git-session.ts";
import { branchIsCheckedOut, type Repository, resolveCommit } from "./repository.ts";

const OWN_REFS = ["refs/nightlab/", "refs/heads/nightlab/"];

export interface Refs {
  /** Points `ref` at `commit`, whatever it was. */
  point(ref: string, commit: CommitSha): Promise<void>;
  /** Compare-and-swap. False: another process holds the ref's lock, or the ref is not at `from`. */
  advance(ref: string, move: { to: CommitSha; from: CommitSha | undefined }): Promise<boolean>;
  resolve(ref: string): Promise<CommitSha | undefined>;
  /** Every ref under refs/nightlab/ but those that a repair has put aside. */
  listOwn(): Promise<Map<string, CommitSha>>;
  /** Removes `ref` if it is at `from`; the commit must be held by another ref. */
  remove(ref: string, from: CommitSha): Promise<void>;
  /** Ends the process that stays. */
  close(): void;
}

export function openRefs(repository: Repository): Refs {
  const place = { cwd: repository.commonDir, env: gitDirOf(repository) };
  const session = new GitSession(["update-ref", "--no-deref", "--stdin"], place);
  const resolve = (ref: string) => resolveCommit(repository.commonDir, ref, gitDirOf(repository));
  return {
    resolve,
    listOwn: () => listOwnRefs(place),
    close: () => session.close(),
    async remove(ref, from) {
      await guard(repository, ref);
      await runGit(["update-ref", "--no-deref", "-d", ref, from], place);
    },
    async point(ref, commit) {
      await guard(repository, ref);
      // One at a time: a transaction of the session holds one ref. What it refuses git says better by itself.
      const isDone = await session.ask(`start\nupdate ${ref} ${commit}\ncommit\n`, transactionLength).then(
        () => true,
        () => false,
      );
      if (!isDone) await runGit(["update-ref", "--no-deref", ref, commit], place);
    },
    async advance(ref, { to, from }) {
      await guard(repository, ref);
      try {
        await runGit(["update-ref", "--no-deref", ref, to, from ?? "0".repeat(to.length)], place);
        return true;
      } catch (error) {
        if (!(error instanceof GitError)) throw error;
        const isLocked = /Unable to create '.*\.lock': File exists/s.test(error.stderr);
        if (isLocked || (await resolve(ref)) !== from) return false;
        throw error;
      }
    },
  };
}

async function listOwnRefs(place: Pick<GitOptions, "cwd" | "env">): Promise<Map<string, CommitSha>> {
  const args = ["for-each-ref", "--format=%(objectname) %(refname)", "refs/nightlab/"];
  const { stdout } = await runGit(args, place);
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

const COMMITTED = "start: ok\ncommit: ok\n";

function transactionLength(answer: Buffer): number | undefined {
  return answer.length < COMMITTED.length ? undefined : COMMITTED.length;
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
