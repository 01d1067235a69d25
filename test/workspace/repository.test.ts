/** The user's repository: what we say of it, and that we leave it as it was. */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { branchIsCheckedOut, excludeStateFolder, inspectRepository } from "../../src/workspace/repository.ts";
import { createPlayground, userGit, writeFiles } from "./playground.ts";
import { expectUntouched } from "./users-checkout.ts";

let playground: Awaited<ReturnType<typeof createPlayground>>;
beforeAll(async () => {
  playground = await createPlayground();
});
afterAll(() => playground.remove());

describe("inspectRepository", () => {
  it("describes a repository from any folder inside it", async () => {
    const root = await playground.repository("with space and\nnewline");
    const head = userGit(root, "rev-parse", "HEAD");
    const facts = {
      root,
      headCommit: head,
      branch: "main",
      isBare: false,
      isShallow: false,
      hasSubmodules: false,
    };
    expect(await inspectRepository(join(root, "data"))).toMatchObject({ ...facts, isDirty: false });
    await writeFiles(root, { "new.ts": "x" });
    userGit(root, "checkout", "-q", "--detach");
    const repository = await inspectRepository(root);
    expect(repository).toMatchObject({ isDirty: true, commonDir: join(root, ".git") });
    expect(repository.branch).toBeUndefined();
  });

  it("says what to type when there is no repository, no commit, or no checkout", async () => {
    const folder = join(playground.folder, "plain");
    await mkdir(folder);
    await expect(inspectRepository(folder)).rejects.toMatchObject({ name: "UsageError", next: /^git init/ });
    userGit(folder, "init", "-q");
    await expect(inspectRepository(folder)).rejects.toMatchObject({ name: "UsageError", next: /^git add/ });
    userGit(playground.folder, "init", "-q", "--bare", "bare");
    const bare = join(playground.folder, "bare");
    await expect(inspectRepository(bare)).rejects.toMatchObject({ name: "UsageError", next: /^git clone/ });
  });

  it("runs no filter that the repository configures", async () => {
    const root = await playground.repository();
    await writeFiles(root, { ".gitattributes": "* filter=a.b\n", "train.ts": "changed\n" });
    userGit(root, "config", "filter.a.b.clean", `touch '${root}/sprung'; cat`);
    await inspectRepository(root);
    expect(existsSync(join(root, "sprung"))).toBe(false);
  });

  it("finds submodules and linked worktrees", async () => {
    const root = await playground.repository();
    userGit(root, "worktree", "add", "-q", "-b", "other", `${root} linked`);
    const linked = await inspectRepository(`${root} linked`);
    expect(linked).toMatchObject({ commonDir: join(root, ".git"), branch: "other" });
    expect(await branchIsCheckedOut(root, "other")).toBe(true);
    expect(await branchIsCheckedOut(root, "absent")).toBe(false);
    userGit(root, "update-index", "--add", "--cacheinfo", `160000,${linked.headCommit},lib`);
    userGit(root, "commit", "-qm", "submodule");
    expect(await inspectRepository(root)).toMatchObject({ hasSubmodules: true });
  });
});

it("excludes the state folder once", async () => {
  const root = await playground.repository();
  const repository = await inspectRepository(root);
  await writeFile(join(root, ".git/info/exclude"), "no newline at the end");
  await excludeStateFolder(repository);
  await excludeStateFolder(repository);
  expect(await readFile(join(root, ".git/info/exclude"), "utf8")).toBe(
    "no newline at the end\n/.nightlab/\n",
  );
});

describe("the user's checkout", () => {
  it("is the same to the byte after a whole life of workspaces (dirty)", () =>
    expectUntouched(playground, "dirty"));
});

describe("workspaces of a repository", () => {
  it("work where the path holds newlines, quotes and unicode", async () => {
    const root = await playground.repository('nächt\n"lab" #1: ');
    const { workspaces, base } = await playground.workspaces(root);
    const workspace = await workspaces.open(base);
    await writeFiles(workspace.path, { 'tab\t"q"\nline ü': "x\n" });
    expect((await workspace.changes()).map(({ path }) => path)).toEqual(['tab\t"q"\nline ü']);
    expect(userGit(workspace.path, "log", "--format=%s")).toBe("base");
    await workspace.commit("candidate", "refs/nightlab/candidates/e1");
  });

  it("leave nothing of submodules to the next user, and start no git inside them", async () => {
    const root = await playground.repository();
    userGit(root, "update-index", "--add", "--cacheinfo", `160000,${userGit(root, "rev-parse", "HEAD")},lib`);
    userGit(root, "commit", "-qm", "submodule");
    const { workspaces, base } = await playground.workspaces(root);
    const first = await workspaces.open(base);
    await writeFiles(join(first.path, "lib"), { file: "x" });
    userGit(join(first.path, "lib"), "init", "-q");
    userGit(join(first.path, "lib"), "commit", "-q", "--allow-empty", "-m", "x");
    expect(await first.changes()).toEqual([]);
    await first.close();
    const second = await workspaces.open(base);
    expect(await readdir(join(second.path, "lib"))).toEqual([]);
  });

  it("remove what a killed process left, and leave a living one's alone", async () => {
    const root = await playground.repository();
    const { stateFolder } = await playground.workspaces(root);
    const [living] = await readdir(stateFolder);
    const dead = Number(execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }));
    await writeFiles(stateFolder, { [`${dead}-0123abcd/w1/file`]: "x", "not ours/file": "x" });
    await playground.workspaces(await playground.repository(), { stateFolder });
    const names = await readdir(stateFolder);
    expect(names).toHaveLength(3);
    expect(names).toContain(living);
    expect(names).toContain("not ours");
  });

  it("refuse to move a branch that is checked out", async () => {
    const root = await playground.repository();
    userGit(root, "checkout", "-qb", "nightlab/night");
    const { workspaces, base } = await playground.workspaces(root);
    const moved = workspaces.advance("refs/heads/nightlab/night", base, base);
    await expect(moved).rejects.toMatchObject({ name: "UsageError", next: "git switch -" });
  });
});
