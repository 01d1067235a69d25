import { afterAll, beforeAll, expect, it } from "vitest";
import { createPlayground, userGit, writeFiles } from "./playground.ts";
import { expectUntouched } from "./users-checkout.ts";

let playground: Awaited<ReturnType<typeof createPlayground>>;
beforeAll(async () => {
  playground = await createPlayground();
});
afterAll(() => playground.remove());

it("a clean checkout is the same to the byte after a whole life of workspaces", () =>
  expectUntouched(playground, "clean"));

it("every commit is kept through the user's own garbage collection", async () => {
  const root = await playground.repository();
  const { workspaces, base } = await playground.workspaces(root);
  const workspace = await workspaces.open(base);
  await writeFiles(workspace.path, { "train.ts": "candidate\n" });
  const { commit } = await workspace.commit("candidate", "refs/nightlab/candidates/e1");
  await workspaces.close();
  userGit(root, "gc", "-q", "--prune=now");
  expect(userGit(root, "show", `${commit}:train.ts`)).toBe("candidate");
});

it("workspaces work in a linked worktree, a shallow clone, and a repository of SHA-256 names", async () => {
  const root = await playground.repository();
  await writeFiles(root, { "train.ts": "second\n" });
  userGit(root, "commit", "-qam", "second");
  userGit(root, "worktree", "add", "-q", "--detach", `${root} linked`);
  userGit(root, "clone", "-q", "--depth=1", `file://${root}`, `${root} shallow`);
  await writeFiles(`${root} long`, { "train.ts": "x\n", "data/set.txt": "data\n" });
  userGit(`${root} long`, "init", "-q", "--object-format=sha256");
  userGit(`${root} long`, "add", "-A");
  userGit(`${root} long`, "commit", "-qm", "base");
  for (const place of [`${root} linked`, `${root} shallow`, `${root} long`]) {
    const { workspaces, base } = await playground.workspaces(place);
    const workspace = await workspaces.open(base);
    await writeFiles(workspace.path, { "train.ts": "candidate\n" });
    expect(userGit(workspace.path, "status", "--porcelain")).toBe("M train.ts");
    expect(userGit(workspace.path, "log", "--format=%H", "-1")).toBe(base);
    const { commit } = await workspace.commit("candidate", "refs/nightlab/candidates/e1");
    expect(await workspaces.advance("refs/nightlab/runs/r/head", commit, undefined)).toBe(true);
    expect(await workspaces.advance("refs/nightlab/runs/r/head", commit, undefined)).toBe(false);
  }
});
