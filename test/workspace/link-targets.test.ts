/** Links of the base commit: who edits the target of a protected one edits what is protected. */

import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CommitSha } from "../../src/core/experiment.ts";
import { type GitWorkspaces, openWorkspaces } from "../../src/workspace/workspaces.ts";
import { createPlayground, userGit, writeFiles } from "./playground.ts";

let playground: Awaited<ReturnType<typeof createPlayground>>;
beforeAll(async () => {
  playground = await createPlayground();
});
afterAll(async () => {
  for (const each of opened) await each.close();
  await playground.remove();
});

const opened: GitWorkspaces[] = [];
async function linkTargets(root: string, commit: CommitSha, globs: readonly string[]): Promise<string[]> {
  const stateFolder = `${root}-state`;
  const workspaces = await openWorkspaces({
    repository: root,
    stateFolder,
    link: [],
    copy: [],
    base: commit,
  });
  opened.push(workspaces);
  return await workspaces.linkTargets(commit, globs);
}

async function repositoryWith(links: Readonly<Record<string, string>>): Promise<[string, CommitSha]> {
  const root = await playground.repository(`links-${Object.keys(links).length}`);
  await writeFiles(root, { "src/evaluate.ts": "x", "src/deep/data.json": "x" });
  for (const [path, target] of Object.entries(links)) await symlink(target, join(root, path));
  userGit(root, "add", "-A");
  userGit(root, "commit", "-qm", "links");
  return [root, userGit(root, "rev-parse", "HEAD") as CommitSha];
}

it("gives the targets of protected links, through other links, and of no others", async () => {
  const [root, commit] = await repositoryWith({
    "evaluate.ts": "src/again.ts",
    "src/again.ts": "evaluate.ts",
    "src/free.ts": "deep/data.json",
    fixtures: "src/deep/",
    outside: "../../etc/passwd",
    absolute: "/etc/passwd",
    loop: "loop",
    folder: "src",
    "by-folder.json": "folder/deep/data.json",
  });
  const globs = ["evaluate.ts", "fixtures/**", "outside", "absolute", "loop"];
  expect((await linkTargets(root, commit, globs)).sort()).toEqual([
    "src/again.ts",
    "src/deep",
    "src/evaluate.ts",
  ]);
  expect((await linkTargets(root, commit, ["by-folder.json"])).sort()).toEqual([
    "folder",
    "folder/deep/data.json",
    "src",
    "src/deep/data.json",
  ]);
  expect(await linkTargets(root, commit, ["*.md"])).toEqual([]);
});

it("finds nothing where there are no links", async () => {
  const [root, commit] = await repositoryWith({});
  expect(await linkTargets(root, commit, ["**"])).toEqual([]);
});
