/** Held-out files: in the one workspace that asks for them, and nowhere else. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { CommitSha } from "../../src/core/experiment.ts";
import { openWorkspaces } from "../../src/workspace/workspaces.ts";
import { createPlayground, userGit, writeFiles } from "./playground.ts";

let playground: Awaited<ReturnType<typeof createPlayground>>;
beforeAll(async () => {
  playground = await createPlayground();
});
afterAll(() => playground.remove());

async function opened(name: string, heldOut: readonly string[]) {
  const root = await playground.repository(name);
  await writeFiles(root, { ".gitignore": "secret/\n", "secret/hidden.txt": "42" });
  userGit(root, "add", "-A");
  userGit(root, "commit", "-qm", "ignore");
  const base = userGit(root, "rev-parse", "HEAD") as CommitSha;
  const stateFolder = join(root, "..", `${name}-state`);
  return {
    base,
    root,
    workspaces: () => openWorkspaces({ repository: root, stateFolder, link: [], copy: [], heldOut, base }),
  };
}

it("gives copies to a workspace that is opened with them, and to no other, before or after", async () => {
  const { base, root, workspaces } = await opened("given", ["secret/hidden.txt"]);
  const all = await workspaces();
  const overlay = { from: base, globs: [] };
  try {
    const seen: (string | undefined)[] = [];
    for (const withHeldOut of [false, true, false]) {
      const workspace = await all.open(base, { ...overlay, withHeldOut });
      seen.push(await workspace.read("secret/hidden.txt", 100));
      if (withHeldOut) {
        await writeFiles(workspace.path, { "secret/hidden.txt": "changed" });
        expect(await workspace.changes()).toEqual([]);
      }
      await workspace.close();
    }
    const plain = await all.open(base);
    seen.push(await plain.read("secret/hidden.txt", 100));
    await plain.close();
    const again = await all.open(base, { ...overlay, withHeldOut: true });
    seen.push(await again.read("secret/hidden.txt", 100));
    expect(seen).toEqual([undefined, "42", undefined, undefined, "42"]);
  } finally {
    await all.close();
  }
  await rm(join(root, "secret"), { recursive: true });
  await expect(workspaces()).rejects.toThrow(/holdout_files: .*secret\/hidden.txt does not exist/);
});

it("refuses files that git holds", async () => {
  const { workspaces, root } = await opened("tracked", ["data"]);
  await writeFiles(root, { "data/more.txt": "x" });
  await expect(workspaces()).rejects.toMatchObject({
    message: expect.stringContaining("data is held out, but it is in git"),
    next: expect.stringContaining("git rm -r --cached data"),
  });
});
