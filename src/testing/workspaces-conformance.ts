/** Conformance suite of the Workspaces seam: what every adapter must do, whatever lies under it. */

import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CommitSha } from "../core/experiment.ts";
import type { Workspaces } from "../core/workspace.ts";

/** What the suite needs from an adapter: workspaces of a repository that holds exactly these files at `base`. */
export interface WorkspacesUnderTest {
  readonly workspaces: Workspaces;
  /** Holds `CONFORMANCE_FILES`. */
  readonly base: CommitSha;
}

export const CONFORMANCE_FILES: Readonly<Record<string, string>> = {
  "train.ts": "one\ntwo\nthree\nfour\nfive\nsix\nseven\n",
  "data/set.txt": "data\n",
  "data/.hidden": "hidden\n",
  ".gitignore": "*.log\n",
};

let refCount = 0;
const freshRef = () => {
  refCount += 1;
  return `refs/nightlab/candidates/conformance${refCount}`;
};

export function workspacesConformance(name: string, make: () => Promise<WorkspacesUnderTest>): void {
  describe(`${name} keeps the contract of Workspaces`, () => {
    describeOpen(make);
    describeCommit(make);
    describeRefs(make);
    describeRebase(make);
  });
}

function describeOpen(make: () => Promise<WorkspacesUnderTest>): void {
  it("shows exactly the files of the commit, and no changes", async () => {
    const { workspaces, base } = await make();
    const workspace = await workspaces.open(base);
    for (const [path, text] of Object.entries(CONFORMANCE_FILES)) {
      expect(await readFile(join(workspace.path, path), "utf8")).toBe(text);
    }
    expect(await workspace.changes()).toEqual([]);
    expect(workspace.base).toBe(base);
    await workspace.close();
  });

  it("gives a reopened workspace nothing of its earlier user", async () => {
    const { workspaces, base } = await make();
    const first = await workspaces.open(base);
    await writeFile(join(first.path, "train.ts"), "broken");
    await writeFile(join(first.path, "noise.log"), "ignored");
    await mkdir(join(first.path, "left/deep"), { recursive: true });
    await writeFile(join(first.path, "left/deep/file"), "x");
    await rm(join(first.path, "data"), { recursive: true });
    await first.close();
    const second = await workspaces.open(base);
    expect(await filesOf(second.path)).toEqual(Object.keys(CONFORMANCE_FILES).sort());
    expect(await readFile(join(second.path, "train.ts"), "utf8")).toBe(CONFORMANCE_FILES["train.ts"]);
    await second.close();
  });

  it("opens concurrently, each caller with a folder of its own", async () => {
    const { workspaces, base } = await make();
    const opened = await Promise.all(Array.from({ length: 4 }, () => workspaces.open(base)));
    expect(new Set(opened.map(({ path }) => path)).size).toBe(4);
    await Promise.all(opened.map((workspace) => workspace.close()));
  });

  it("closes twice without complaint, and once for the pool", async () => {
    const { workspaces, base } = await make();
    const workspace = await workspaces.open(base);
    await workspace.close();
    await workspace.close();
    const [one, two] = await Promise.all([workspaces.open(base), workspaces.open(base)]);
    expect(one.path).not.toBe(two.path);
    await Promise.all([one.close(), two.close()]);
  });

  it("overlays a folder as another commit has it: changed, deleted, added and hidden files", async () => {
    const { workspaces, base } = await make();
    const author = await workspaces.open(base);
    await writeFile(join(author.path, "train.ts"), "candidate\n");
    await writeFile(join(author.path, "data/set.txt"), "easier\n");
    await writeFile(join(author.path, "data/.hidden"), "cheat\n");
    await writeFile(join(author.path, "data/extra.txt"), "extra\n");
    const { commit } = await author.commit("cheat", freshRef());
    await author.close();
    const measured = await workspaces.open(commit, { from: base, globs: ["data"] });
    expect(await filesOf(measured.path)).toEqual(Object.keys(CONFORMANCE_FILES).sort());
    expect(await readFile(join(measured.path, "data/set.txt"), "utf8")).toBe("data\n");
    expect(await readFile(join(measured.path, "data/.hidden"), "utf8")).toBe("hidden\n");
    expect(await readFile(join(measured.path, "train.ts"), "utf8")).toBe("candidate\n");
    await measured.close();
  });
}

function describeCommit(make: () => Promise<WorkspacesUnderTest>): void {
  it("reports each change with status, mode, size and lines; a rename is a deletion and an addition", async () => {
    const { workspaces, base } = await make();
    const workspace = await workspaces.open(base);
    await rm(join(workspace.path, "data/set.txt"));
    await writeFile(join(workspace.path, "data/renamed.txt"), "data\n");
    await writeFile(join(workspace.path, "blob.bin"), Buffer.from([0, 1, 2]));
    await chmod(join(workspace.path, "train.ts"), 0o755);
    await symlink("/etc/passwd", join(workspace.path, "link"));
    await writeFile(join(workspace.path, "noise.log"), "ignored");
    const changes = await workspace.changes();
    expect([...changes].sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: "blob.bin", status: "added", mode: "file", bytes: 3 },
      { path: "data/renamed.txt", status: "added", mode: "file", bytes: 5, added: 1, deleted: 0 },
      { path: "data/set.txt", status: "deleted", mode: "none", bytes: 0, added: 0, deleted: 1 },
      { path: "link", status: "added", mode: "symlink", bytes: 11, added: 1, deleted: 0 },
      { path: "train.ts", status: "modified", mode: "executable", bytes: 38 - 4, added: 0, deleted: 0 },
    ]);
    await workspace.close();
  });

  it("commits what changes() reported last, even if a process slips something in afterwards", async () => {
    const { workspaces, base } = await make();
    const workspace = await workspaces.open(base);
    await writeFile(join(workspace.path, "train.ts"), "seen\n");
    await workspace.changes();
    await writeFile(join(workspace.path, "data/set.txt"), "unseen\n");
    const { commit } = await workspace.commit("seen", freshRef());
    await workspace.close();
    const text = await workspaces.diff(base, commit);
    expect(text).toContain("+seen");
    expect(text).not.toContain("unseen");
  });

  it("points the ref at the commit, and equal content gives an equal tree", async () => {
    const { workspaces, base } = await make();
    const ref = freshRef();
    const [one, two] = await Promise.all([workspaces.open(base), workspaces.open(base)]);
    await Promise.all([one, two].map(({ path }) => writeFile(join(path, "train.ts"), "same\n")));
    const [first, second] = await Promise.all([one.commit("one", ref), two.commit("two", freshRef())]);
    expect(await workspaces.resolve(ref)).toBe(first.commit);
    expect(first.tree).toBe(second.tree);
    await Promise.all([one.close(), two.close()]);
  });

  it("cuts a diff at a line boundary within the limit, and says so", async () => {
    const { workspaces, base } = await make();
    const workspace = await workspaces.open(base);
    await writeFile(join(workspace.path, "train.ts"), "a long line of text\n".repeat(500));
    const { commit } = await workspace.commit("long", freshRef());
    await workspace.close();
    const text = await workspaces.diff(base, commit, 1000);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1000);
    expect(text).toMatch(/\+a long line of text\n\[diff cut at 1000 bytes\]\n$/);
  });
}

function describeRefs(make: () => Promise<WorkspacesUnderTest>): void {
  it("advances a ref only from where the caller believes it is", async () => {
    const { workspaces, base } = await make();
    const ref = freshRef();
    const next = await commitOf(workspaces, base, { "train.ts": "next\n" });
    expect(await workspaces.resolve(ref)).toBeUndefined();
    expect(await workspaces.advance(ref, next, base)).toBe(false);
    expect(await workspaces.advance(ref, base, undefined)).toBe(true);
    expect(await workspaces.advance(ref, next, undefined)).toBe(false);
    expect(await workspaces.advance(ref, next, base)).toBe(true);
    expect(await workspaces.advance(ref, next, base)).toBe(false);
    expect(await workspaces.resolve(ref)).toBe(next);
  });

  it("lets exactly one of many concurrent advances win", async () => {
    const { workspaces, base } = await make();
    const ref = freshRef();
    await workspaces.advance(ref, base, undefined);
    const next = await commitOf(workspaces, base, { "train.ts": "winner\n" });
    const answers = await Promise.all(Array.from({ length: 6 }, () => workspaces.advance(ref, next, base)));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it("rejects an advance to a commit that does not exist", async () => {
    const { workspaces, base } = await make();
    const absent = "1".repeat(base.length) as CommitSha;
    await expect(workspaces.advance(freshRef(), absent, undefined)).rejects.toThrow();
  });
}

function describeRebase(make: () => Promise<WorkspacesUnderTest>): void {
  const lines = (first: string, last: string) => `${first}\ntwo\nthree\nfour\nfive\nsix\n${last}\n`;

  it("puts a change onto a head that moved elsewhere", async () => {
    const { workspaces, base } = await make();
    const candidate = await commitOf(workspaces, base, { "train.ts": lines("ONE", "seven") });
    const onto = await commitOf(workspaces, base, {
      "train.ts": lines("one", "SEVEN"),
      "new.bin": "\0\u0001",
    });
    const ref = freshRef();
    const rebased = await workspaces.rebase(candidate, onto, { ref, message: "rebased" });
    expect(rebased.how).toBe("clean");
    expect(await workspaces.resolve(ref)).toBe(rebased.commit);
    expect(await textAt(workspaces, rebased.commit, "train.ts")).toBe(lines("ONE", "SEVEN"));
    expect(await textAt(workspaces, rebased.commit, "new.bin")).toBe("\0\u0001");
  });

  it("lets the candidate's whole tree stand when the change conflicts", async () => {
    const { workspaces, base } = await make();
    const candidate = await commitOf(workspaces, base, { "train.ts": lines("MINE", "seven") });
    const onto = await commitOf(workspaces, base, {
      "train.ts": lines("THEIRS", "seven"),
      "other.ts": "x\n",
    });
    const rebased = await workspaces.rebase(candidate, onto, { ref: freshRef(), message: "replaced" });
    expect(rebased.how).toBe("replaced");
    expect(await workspaces.diff(candidate, rebased.commit)).toBe("");
  });

  it("accepts a change that is empty, or already there", async () => {
    const { workspaces, base } = await make();
    const empty = await commitOf(workspaces, base, {});
    const onto = await commitOf(workspaces, base, { "train.ts": lines("ONE", "seven") });
    const same = await commitOf(workspaces, base, { "train.ts": lines("ONE", "seven") });
    for (const candidate of [empty, same]) {
      const rebased = await workspaces.rebase(candidate, onto, { ref: freshRef(), message: "nothing" });
      expect(rebased.how).toBe("clean");
      expect(await workspaces.diff(onto, rebased.commit)).toBe("");
    }
  });
}

async function commitOf(
  workspaces: Workspaces,
  base: CommitSha,
  files: Readonly<Record<string, string>>,
): Promise<CommitSha> {
  const workspace = await workspaces.open(base);
  for (const [path, text] of Object.entries(files)) await writeFile(join(workspace.path, path), text);
  const { commit } = await workspace.commit("a change", freshRef());
  await workspace.close();
  return commit;
}

async function textAt(workspaces: Workspaces, commit: CommitSha, path: string): Promise<string> {
  const workspace = await workspaces.open(commit);
  const text = await readFile(join(workspace.path, path), "utf8");
  await workspace.close();
  return text;
}

/** Paths of all files below `folder`, sorted; git's own folder left out. */
async function filesOf(folder: string): Promise<string[]> {
  const children = await readdir(folder, { recursive: true, withFileTypes: true });
  return children
    .filter((child) => !child.isDirectory())
    .map((child) => join(child.parentPath, child.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith(".git/"))
    .sort();
}
