/** What tracked symlinks point at: whoever may edit the target of a protected link edits what is protected. */

import { posix } from "node:path";
import type { CommitSha } from "../core/experiment.ts";
import { globMatcher } from "../core/scope.ts";
import { runGit } from "./git.ts";

const SYMLINK = "120000";

/** Paths inside the repository that links matched by `globs` lead to, in `commit`, links on the way included. */
export async function linkTargets(
  root: string,
  commit: CommitSha,
  globs: readonly string[],
): Promise<string[]> {
  const { stdout } = await runGit(["ls-tree", "-r", "-z", "--full-tree", commit], { cwd: root });
  const links = stdout
    .toString("utf8")
    .split("\0")
    .filter((line) => line.startsWith(SYMLINK))
    .map((line) => ({ path: line.slice(line.indexOf("\t") + 1), sha: line.split(/[ \t]/)[2] ?? "" }));
  if (links.length === 0) return [];
  const ends = new Map<string, string>();
  for (const { path, sha } of links) {
    const content = await runGit(["cat-file", "blob", sha], { cwd: root, maxBytes: 4096 });
    ends.set(path, endOf(path, content.stdout.toString("utf8")));
  }
  const isProtected = globMatcher(globs);
  const found = new Set<string>();
  // `data/**` protects what a link `data` leads to.
  for (const link of [...ends.keys()].filter((path) => isProtected(path) || isProtected(`${path}/x`))) {
    for (let end = ends.get(link); end !== undefined && isInside(end) && !found.has(end); end = ends.get(end))
      found.add(end);
  }
  return [...found].filter((path) => !isProtected(path));
}

function endOf(link: string, target: string): string {
  const end = posix.isAbsolute(target) ? target : posix.join(posix.dirname(link), target);
  return posix.normalize(end).replace(/(.)\/+$/, "$1");
}

function isInside(path: string): boolean {
  return !posix.isAbsolute(path) && path !== ".." && !path.startsWith("../") && path !== ".";
}
