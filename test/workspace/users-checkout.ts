/** A whole life of workspaces beside a user's checkout, which must be the same to the byte afterwards. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { type createPlayground, fingerprint, userGit, writeFiles } from "./playground.ts";

/** Git's own storage may grow by objects and by our refs; nothing else may change. */
const isGrowth = (path: string) => /^\.git\/(objects|refs\/nightlab)(\/|$)/.test(path);

export async function expectUntouched(
  playground: Awaited<ReturnType<typeof createPlayground>>,
  state: "clean" | "dirty",
): Promise<void> {
  const root = await playground.repository("mein Lab ü");
  await writeFiles(root, { "node_modules/x": "x" });
  if (state === "dirty") await makeDirty(root);
  const before = await fingerprint(root, isGrowth);
  const stash = userGit(root, "stash", "list");
  const options = { link: ["node_modules"], prepare: (path: string) => writeFiles(path, { built: "x" }) };
  const { workspaces, base } = await playground.workspaces(root, options);
  const workspace = await workspaces.open(base);
  await writeFiles(workspace.path, { "train.ts": "candidate\n", "new.ts": "new\n" });
  userGit(workspace.path, "stash", "-u");
  userGit(workspace.path, "stash", "pop");
  const { commit } = await workspace.commit("candidate", "refs/nightlab/candidates/e1");
  await workspace.close();
  await workspaces.advance("refs/nightlab/runs/night/head", commit, undefined);
  await workspaces.rebase(commit, base, { ref: "refs/nightlab/candidates/e2", message: "again" });
  await (await workspaces.open(commit, { from: base, globs: ["**"] })).close();
  await workspaces.close();
  expect(await fingerprint(root, isGrowth)).toEqual(before);
  expect(userGit(root, "stash", "list")).toBe(stash);
}

async function makeDirty(root: string): Promise<void> {
  await writeFiles(root, { "train.ts": "to stash\n" });
  userGit(root, "stash");
  await writeFiles(root, { "train.ts": "staged\n", "staged.ts": "staged\n" });
  userGit(root, "add", "-A", "--", "train.ts", "staged.ts");
  await writeFiles(root, { "train.ts": "unstaged\n", "untracked\nfile": "x" });
  await rm(join(root, "data/set.txt"));
}
