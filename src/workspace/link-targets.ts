/** What tracked symlinks point at: whoever may edit the target of a protected link edits what is protected. */

import { posix } from "node:path";
import type { CommitSha } from "../core/experiment.ts";
import { globMatcher } from "../core/scope.ts";
import type { PrivateGit } from "./private-git.ts";
import { addParents, asText, listTree } from "./tree-listing.ts";

const SYMLINK = "120000";

/** Paths inside the repository that links matched by `globs` lead to, in `commit`, links on the way included. */
export async function linkTargets(
  git: PrivateGit,
  commit: CommitSha,
  globs: readonly string[],
): Promise<string[]> {
  const { entries } = await listTree(git, commit);
  const links = new Map<string, string>();
  for (const [path, { mode, sha }] of entries) if (mode === SYMLINK) links.set(asText(path), sha);
  const isProtected = globMatcher(globs);
  // `data/**` protects what a link `data` leads to.
  const open = [...links.keys()].filter((path) => isProtected(path) || isProtected(`${path}/x`));
  const found = new Set<string>();
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const link = waysTo(path).find((way) => links.has(way));
    if (link === undefined) continue;
    const [target] = (await git.blobs([links.get(link) ?? ""])) ?? [];
    const end = target === undefined ? ".." : endOf(link, target.toString("utf8"), path.slice(link.length));
    for (const one of [link, end].filter((each) => each !== path && isInside(each) && !found.has(each))) {
      found.add(one);
      open.push(one);
    }
  }
  return [...found].filter((path) => !isProtected(path));
}

/** The folders that `path` lies in and itself, from the root on: any of them may be a link. */
function waysTo(path: string): string[] {
  const folders = new Set<string>();
  addParents(folders, path);
  return [...folders].reverse().concat(path);
}

function endOf(link: string, target: string, rest: string): string {
  const end = posix.isAbsolute(target) ? target : posix.join(posix.dirname(link), target);
  return posix.normalize(`${end}${rest}`).replace(/(.)\/+$/, "$1");
}

function isInside(path: string): boolean {
  return !posix.isAbsolute(path) && path !== ".." && !path.startsWith("../") && path !== ".";
}
