/** How many git processes the steps of an experiment take: each costs more than all else nightlab does in the step. */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { chmod, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CommitSha } from "../../src/core/experiment.ts";
import { createPlayground, userGit, writeFiles } from "./playground.ts";

let playground: Awaited<ReturnType<typeof createPlayground>>;
beforeAll(async () => {
  playground = await createPlayground();
});
afterAll(() => playground.remove());

/** Runs `task`; gives the first words of every git command that was started meanwhile in this process. */
async function gitStartsIn(task: () => Promise<unknown>): Promise<string[]> {
  const starts: string[] = [];
  const listen = (args: unknown) => starts.push((args as string[])[0] ?? "");
  subscribe("nightlab:git", listen);
  try {
    await task();
  } finally {
    unsubscribe("nightlab:git", listen);
  }
  return starts;
}

async function opened() {
  const repository = await playground.repository();
  const { workspaces, base } = await playground.workspaces(repository);
  const experiment = async (text: string, ref: string) => {
    const workspace = await workspaces.open(base);
    await writeFile(join(workspace.path, "train.ts"), text);
    expect(await workspace.changes()).toHaveLength(1);
    const { commit } = await workspace.commit(text, `refs/nightlab/candidates/${ref}`);
    await workspace.close();
    const measured = await workspaces.open(commit, { from: base, globs: ["data"] });
    await measured.close();
    await workspaces.diff(base, base);
    return commit;
  };
  return { repository, workspaces, base, experiment };
}

it("starts no git process for an experiment that edits files, once the processes that stay are up", async () => {
  const { experiment, repository } = await opened();
  await experiment("one", "e1");
  await experiment("half", "e2");
  let commit = "" as CommitSha;
  const starts = await gitStartsIn(async () => {
    commit = await experiment("two", "e3");
  });
  expect(starts).toEqual([]);
  expect(userGit(repository, "show", `${commit}:train.ts`)).toBe("two");
  expect(userGit(repository, "rev-parse", "refs/nightlab/candidates/e3")).toBe(commit);
  expect(userGit(repository, "fsck", "--strict", "--no-dangling")).toBe("");
});

it("makes the objects that git would make of the same edits, deletions and modes", async () => {
  const { repository, workspaces, base } = await opened();
  const workspace = await workspaces.open(base);
  await writeFile(join(workspace.path, "train.ts"), "edited\n");
  await chmod(join(workspace.path, "train.ts"), 0o755);
  await rm(join(workspace.path, "data"), { recursive: true });
  let tree = "";
  let changes: unknown;
  const starts = await gitStartsIn(async () => {
    changes = await workspace.changes();
    ({ tree } = await workspace.commit("edits", "refs/nightlab/candidates/e1"));
  });
  expect(starts.filter((name) => name === "add" || name === "write-tree")).toEqual([]);
  userGit(workspace.path, "add", "-A");
  expect(userGit(workspace.path, "write-tree")).toBe(tree);
  await writeFiles(workspace.path, { "new.txt": "new" }); // now git itself has to look
  expect(await workspace.changes()).toEqual(expect.arrayContaining(changes as unknown[]));
  expect(userGit(repository, "fsck", "--strict", "--no-dangling")).toBe("");
});

it("asks git itself where something untracked or odd lies in the workspace", async () => {
  const { workspaces, base } = await opened();
  const odd: Record<string, (tree: string) => Promise<unknown>> = {
    "a new file": (tree) => writeFile(join(tree, "new.txt"), "x"),
    "a file that became a link": async (tree) => {
      await unlink(join(tree, "train.ts"));
      await symlink("data/set.txt", join(tree, "train.ts"));
    },
  };
  for (const [name, change] of Object.entries(odd)) {
    const workspace = await workspaces.open(base);
    await change(workspace.path);
    const starts = await gitStartsIn(() => workspace.changes());
    expect(starts, name).toContain("add");
    await workspace.close();
  }
});

it("answers experiments that ask at the same time, each its own", async () => {
  const { workspaces, base, repository } = await opened();
  const first = await workspaces.open(base);
  await first.close();
  const numbers = Array.from({ length: 12 }, (_, index) => index);
  const made = await Promise.all(
    numbers.map(async (number) => {
      const workspace = await workspaces.open(base);
      await writeFile(join(workspace.path, "train.ts"), "line\n".repeat(number + 1));
      const [change] = await workspace.changes();
      const { commit } = await workspace.commit("x", `refs/nightlab/candidates/e${number + 1}`);
      await workspace.close();
      return { added: change?.added, commit };
    }),
  );
  expect(made.map(({ added }) => added)).toEqual(numbers.map((number) => number + 1));
  const refs = numbers.map((number) =>
    userGit(repository, "rev-parse", `refs/nightlab/candidates/e${number + 1}`),
  );
  expect(refs).toEqual(made.map(({ commit }) => commit));
});
