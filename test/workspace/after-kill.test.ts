import { existsSync } from "node:fs";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createPlayground, userGit, writeFiles } from "./playground.ts";

let playground: Awaited<ReturnType<typeof createPlayground>>;
beforeAll(async () => {
  playground = await createPlayground();
});
afterAll(() => playground.remove());

const CANDIDATE = "refs/nightlab/candidates/e1";

/** A change of one file on `base`, committed as `name`. */
async function change(
  workspaces: Awaited<ReturnType<typeof playground.workspaces>>["workspaces"],
  what: { base: Parameters<typeof workspaces.open>[0]; file: string; text: string; ref: string },
) {
  const workspace = await workspaces.open(what.base);
  await writeFile(join(workspace.path, what.file), what.text);
  const { commit } = await workspace.commit(what.text, what.ref);
  await workspace.close();
  return commit;
}

it("a lock that a killed git left on a ref of nightlab blocks no later start", async () => {
  const root = await playground.repository();
  const refs = ["refs/nightlab/runs/night/head", "refs/heads/nightlab/night", "refs/heads/main"];
  for (const ref of refs) await writeFiles(join(root, ".git"), { [`${ref}.lock`]: "" });
  const { workspaces, base } = await playground.workspaces(root);
  expect(await workspaces.advance(refs[0] ?? "", base, undefined)).toBe(true);
  expect(await workspaces.advance(refs[1] ?? "", base, undefined)).toBe(true);
  expect(existsSync(join(root, ".git/refs/heads/main.lock"))).toBe(true); // not ours to remove
});

it("a lock that changes while a start looks belongs to somebody at work and stays", async () => {
  const root = await playground.repository();
  const lock = ".git/refs/nightlab/runs/day/head.lock";
  await writeFiles(root, { [lock]: "" });
  const touching = setInterval(() => void utimes(join(root, lock), new Date(), new Date()), 20);
  await playground.workspaces(root);
  clearInterval(touching);
  expect(existsSync(join(root, lock))).toBe(true);
});

it("a change re-applied twice on one head, as after a kill, is one commit", async () => {
  const root = await playground.repository();
  const { workspaces, base } = await playground.workspaces(root);
  const candidate = await change(workspaces, { base, file: "new.txt", text: "1\n", ref: CANDIDATE });
  const onto = await change(workspaces, {
    base,
    file: "other.txt",
    text: "2\n",
    ref: "refs/nightlab/candidates/e2",
  });
  const record = { ref: `${CANDIDATE}-on-x`, message: "again" };
  const first = await workspaces.rebase(candidate, onto, record);
  await new Promise((resolve) => setTimeout(resolve, 1100 - (Date.now() % 1000))); // git counts in seconds
  expect(await workspaces.rebase(candidate, onto, record)).toEqual(first);
});

it("a head that comes back takes no ref from what was recorded on it before", async () => {
  const root = await playground.repository();
  const { workspaces, base } = await playground.workspaces(root);
  const one = await change(workspaces, { base, file: "new.txt", text: "1\n", ref: CANDIDATE });
  const two = await change(workspaces, {
    base,
    file: "new.txt",
    text: "2\n",
    ref: "refs/nightlab/candidates/e2",
  });
  const onto = await change(workspaces, {
    base,
    file: "other.txt",
    text: "2\n",
    ref: "refs/nightlab/candidates/e3",
  });
  const record = { ref: `${CANDIDATE}-on-x`, message: "again" };
  const first = await workspaces.rebase(one, onto, record);
  const second = await workspaces.rebase(two, onto, record);
  expect(second.commit).not.toBe(first.commit);
  const held = userGit(root, "rev-list", "--glob=refs/nightlab/*").split("\n");
  expect(held).toContain(first.commit);
  expect(held).toContain(second.commit);
});

it.runIf(existsSync("/proc/self/stat"))(
  "folders of a process whose id went to another one are removed",
  async () => {
    const root = await playground.repository();
    const stateFolder = `${root} state`;
    await writeFiles(stateFolder, {
      [`${process.pid}-1-0123abcd/w1/file`]: "x", // this id, but started long before
      [`${process.pid}-0123abcd/w1/file`]: "x", // it may be ours
    });
    await playground.workspaces(root, { stateFolder });
    const names = await readdir(stateFolder);
    expect(names).not.toContain(`${process.pid}-1-0123abcd`);
    expect(names).toContain(`${process.pid}-0123abcd`);
  },
);
