/** What a researcher may do to its workspace without reaching the next one, our git, or the user's checkout. */

import { existsSync } from "node:fs";
import {
  chmod,
  chown,
  cp,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPlayground, fingerprint, userGit, writeFiles } from "./playground.ts";

let playground: Awaited<ReturnType<typeof createPlayground>>;
/** Used by every test that needs no repository of its own: each finds the pool as the one before left it. */
let shared: Awaited<ReturnType<typeof playground.workspaces>> & { repository: string };
beforeAll(async () => {
  playground = await createPlayground();
  const repository = await playground.repository();
  shared = { repository, ...(await playground.workspaces(repository)) };
});
afterAll(() => playground.remove());

const isGit = (path: string) => path === ".git" || path.startsWith(".git/");
const REF = "refs/nightlab/candidates/e1";

/** What one researcher does to its workspace; `outside` is a folder of the user with one file, `precious`. */
type Mischief = (tree: string, outside: string) => Promise<unknown>;

const MISCHIEF: Readonly<Record<string, Mischief>> = {
  "nested repositories, in new and in tracked folders": async (tree) => {
    for (const path of ["nested", "data", "a/b/c"]) {
      await mkdir(join(tree, path), { recursive: true });
      userGit(join(tree, path), "init", "-q");
    }
    await writeFiles(tree, { "nested/file": "x", "a/b/c/file": "x" });
  },
  "read-only folders and changed modes": async (tree) => {
    await writeFiles(tree, { "locked/deep/file": "x" });
    await chmod(join(tree, "locked/deep"), 0o000);
    await chmod(join(tree, "locked"), 0o500);
    await chmod(join(tree, "data"), 0o000);
    await chmod(join(tree, "train.ts"), 0o777);
    await chmod(tree, 0o700);
  },
  "a tracked folder replaced by a symlink to the outside": async (tree, outside) => {
    await rm(join(tree, "data"), { recursive: true });
    await symlink(outside, join(tree, "data"));
    await symlink(outside, join(tree, "elsewhere"));
  },
  "a tracked folder moved outside and linked back, its files unchanged": async (tree, outside) => {
    await rename(join(tree, "data"), join(outside, "data"));
    await symlink(join(outside, "data"), join(tree, "data"));
  },
  "a tracked file replaced by a folder, and a folder by a file": async (tree) => {
    await rm(join(tree, "data"), { recursive: true });
    await unlink(join(tree, "train.ts"));
    await writeFiles(tree, { data: "file", "train.ts/inner": "x" });
  },
  "a tracked file replaced by a hard link to the outside": async (tree, outside) => {
    await unlink(join(tree, "train.ts"));
    await link(join(outside, "precious"), join(tree, "train.ts"));
  },
  "flags and a stale lock in the index": async (tree) => {
    userGit(tree, "update-index", "--assume-unchanged", "train.ts");
    userGit(tree, "update-index", "--skip-worktree", "data/set.txt");
    await writeFiles(tree, { "train.ts": "hidden", "data/set.txt": "hidden", ".git/index.lock": "" });
  },
  "sparse checkout": (tree) => Promise.resolve(userGit(tree, "sparse-checkout", "set", "data")),
  "a removed .git": (tree) => rm(join(tree, ".git"), { recursive: true }),
  "names with newlines, quotes and bytes that are no UTF-8": async (tree) => {
    await writeFiles(tree, { 'new\nline "quoted"': "x", "ünï/cödé": "x", ":(top)magic": "x" });
    await writeFile(Buffer.concat([Buffer.from(`${tree}/`), Buffer.from([0xff, 0xfe])]), "x");
  },
  "files of another owner": async (tree) => {
    await writeFiles(tree, { "theirs/file": "x" });
    if (process.getuid?.() === 0) await chown(join(tree, "theirs"), 4321, 4321);
  },
  "the whole folder removed": (tree) => rm(tree, { recursive: true }),
  "the whole folder replaced by a symlink to the outside": async (tree, outside) => {
    await rm(tree, { recursive: true });
    await symlink(outside, tree);
  },
};

describe("a reopened workspace holds nothing of its earlier user", () => {
  it.each(Object.entries(MISCHIEF))("%s", async (_name, mischief) => {
    const { workspaces, base } = shared;
    const outside = join(playground.folder, crypto.randomUUID());
    await writeFiles(outside, { precious: "precious" });
    const first = await workspaces.open(base);
    const pristine = await fingerprint(first.path, isGit);
    await mischief(first.path, outside);
    await first.close();
    const second = await workspaces.open(base);
    expect(await fingerprint(second.path, isGit)).toEqual(pristine);
    expect((await lstat(join(second.path, "data"))).mode & 0o777).toBe(0o755);
    expect((await lstat(join(second.path, "train.ts"))).mode & 0o777).toBe(0o644);
    expect(userGit(second.path, "status", "--porcelain")).toBe("");
    expect(await second.changes()).toEqual([]);
    expect(await readFile(join(outside, "precious"), "utf8")).toBe("precious");
    await second.close();
  });
});

it("drops a checkout that cannot be made clean, and opens another", async () => {
  const { workspaces, base, stateFolder } = await playground.workspaces(await playground.repository());
  const first = await workspaces.open(base);
  const [pool = ""] = await readdir(stateFolder);
  await rm(join(stateFolder, pool, "index", "w1"));
  await mkdir(join(stateFolder, pool, "index", "w1"));
  await first.close();
  const second = await workspaces.open(base);
  expect(second.path).not.toBe(first.path);
  expect(existsSync(first.path)).toBe(false);
  expect(await second.changes()).toEqual([]);
});

it.runIf(process.getuid?.() === 0)(
  "gives a workspace to the user of the sandbox, each time it is opened",
  async () => {
    const { workspaces, base } = await playground.workspaces(await playground.repository(), { uid: 4321 });
    const first = await workspaces.open(base);
    await writeFiles(first.path, { "train.ts": "mine\n", "data/new": "x" });
    await first.close();
    const second = await workspaces.open(base);
    for (const path of [".", "train.ts", "data/set.txt", ".git/HEAD"]) {
      expect((await lstat(join(second.path, path))).uid).toBe(4321);
    }
    expect(await second.changes()).toEqual([]);
  },
);

describe("changes() and commit() see what is there", () => {
  async function opened() {
    const { repository, workspaces, base } = shared;
    return { repository, workspaces, base, workspace: await workspaces.open(base) };
  }

  it("makes one commit on base when the researcher committed, stashed and switched branches itself", async () => {
    const { repository, base, workspace } = await opened();
    await writeFiles(workspace.path, { "train.ts": "mine\n" });
    userGit(workspace.path, "checkout", "-qb", "feature");
    userGit(workspace.path, "commit", "-qam", "one");
    await writeFiles(workspace.path, { "more.ts": "more\n" });
    userGit(workspace.path, "add", "-A");
    userGit(workspace.path, "commit", "-qm", "two");
    await writeFiles(workspace.path, { "data/set.txt": "stashed\n" });
    userGit(workspace.path, "stash");
    expect((await workspace.changes()).map(({ path }) => path)).toEqual(["more.ts", "train.ts"]);
    const { commit } = await workspace.commit("all", REF);
    expect(userGit(repository, "rev-parse", `${commit}^`)).toBe(base);
    expect(userGit(repository, "show", `${commit}:train.ts`)).toBe("mine");
    expect(userGit(repository, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/stash")).toBe(
      "refs/heads/main",
    );
  });

  it("is not redirected by a rewritten .git, nor blinded by flags in the researcher's index", async () => {
    const { repository, workspace } = await opened();
    userGit(workspace.path, "update-index", "--assume-unchanged", "train.ts");
    await writeFiles(workspace.path, { "train.ts": "mine\n" });
    const decoy = await playground.repository("decoy");
    await rm(join(workspace.path, ".git"), { recursive: true });
    await writeFile(join(workspace.path, ".git"), `gitdir: ${join(decoy, ".git")}\n`);
    const { commit } = await workspace.commit("mine", REF);
    expect(userGit(repository, "show", `${commit}:train.ts`)).toBe("mine");
    expect(userGit(decoy, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/main");
  });

  it("runs no filter, hook or monitor that the user's repository or the researcher configures", async () => {
    const repository = await playground.repository();
    const { workspaces, base } = await playground.workspaces(repository);
    const workspace = await workspaces.open(base);
    const trap = `${repository} trap`;
    await writeFile(trap, `#!/bin/sh\ntouch '${trap} sprung'\ncat\n`, { mode: 0o755 });
    for (const root of [repository, workspace.path]) {
      for (const key of ["filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "core.fsmonitor"]) {
        userGit(root, "config", key, `'${trap}'`);
      }
      userGit(root, "config", "filter.evil.required", "true");
      await mkdir(join(root, ".git/hooks"), { recursive: true });
      for (const hook of ["reference-transaction", "post-index-change", "post-checkout", "pre-commit"]) {
        await cp(trap, join(root, ".git/hooks", hook));
      }
    }
    await writeFiles(workspace.path, { ".gitattributes": "* filter=evil diff=evil\n", "train.ts": "mine\n" });
    const { commit } = await workspace.commit("mine", REF);
    await workspace.close();
    const again = await workspaces.open(commit);
    expect(await readFile(join(again.path, "train.ts"), "utf8")).toBe("mine\n");
    expect(await workspaces.diff(base, commit)).toContain("+mine");
    await workspaces.rebase(commit, base, { ref: REF, message: "again" });
    expect(existsSync(`${trap} sprung`)).toBe(false);
  });

  it("survives attributes that ask for encodings and line ends: bytes stay bytes", async () => {
    const { workspaces, workspace } = await opened();
    await writeFiles(workspace.path, {
      ".gitattributes": "*.txt working-tree-encoding=UTF-16\n*.ts text eol=crlf ident\n",
      "plain.txt": "no byte order mark\n",
      "ends.ts": "a\r\nb\n$Id$\n",
    });
    const { commit } = await workspace.commit("odd", REF);
    const again = await workspaces.open(commit);
    expect(await readFile(join(again.path, "ends.ts"), "utf8")).toBe("a\r\nb\n$Id$\n");
    expect(await again.changes()).toEqual([]);
  });

  it("shows nested repositories as submodules, with and without commits, and names git refuses", async () => {
    const { workspace } = await opened();
    for (const name of ["full", "empty"]) {
      await mkdir(join(workspace.path, name));
      userGit(join(workspace.path, name), "init", "-q");
    }
    userGit(join(workspace.path, "full"), "commit", "-q", "--allow-empty", "-m", "x");
    await writeFiles(workspace.path, { "full/file": "x", ".GIT/config": "x", "train.ts": "mine\n" });
    const seen = Object.fromEntries((await workspace.changes()).map(({ path, mode }) => [path, mode]));
    expect(seen).toEqual({
      full: "submodule",
      empty: "submodule",
      ".GIT/config": "file",
      "train.ts": "file",
    });
    await expect(workspace.commit("what git can hold", REF)).resolves.toBeDefined();
  });

  it("sees a change that keeps size and modification time", async () => {
    const { workspace } = await opened();
    const file = join(workspace.path, "data/set.txt");
    const { atime, mtime } = await lstat(file);
    await writeFile(file, "DATA\n");
    await utimes(file, atime, mtime);
    expect((await workspace.changes()).map(({ path }) => path)).toEqual(["data/set.txt"]);
  });

  it("takes a tracked folder that became a symlink as one link and deleted files, and reads nothing behind it", async () => {
    const { workspace } = await opened();
    await rm(join(workspace.path, "data"), { recursive: true });
    await symlink("/etc", join(workspace.path, "data"));
    const seen = (await workspace.changes()).map(({ path, status, mode }) => `${status} ${mode} ${path}`);
    expect(seen.sort()).toEqual([
      "added symlink data",
      "deleted none data/.hidden",
      "deleted none data/set.txt",
    ]);
  });

  it("takes a removed workspace as everything deleted", async () => {
    const { workspace } = await opened();
    await rm(workspace.path, { recursive: true });
    expect((await workspace.changes()).every(({ status }) => status === "deleted")).toBe(true);
  });

  it("refuses a closed workspace, and refs that are not nightlab's", async () => {
    const { workspaces, base, workspace } = await opened();
    await expect(workspace.commit("x", "refs/heads/main")).rejects.toThrow("not a ref of nightlab");
    await expect(workspaces.advance("refs/stash", base, undefined)).rejects.toThrow("not a ref of nightlab");
    await workspace.close();
    await expect(workspace.changes()).rejects.toThrow("closed");
  });
});

describe("prepared paths", () => {
  it("links and copies untracked paths, outside changes() and commits, and never over tracked ones", async () => {
    const repository = await playground.repository();
    await writeFiles(repository, {
      "node_modules/dep/index.js": "dep",
      "big/file": "big",
      "cfg/.env": "KEY=1",
    });
    const { workspaces, base } = await playground.workspaces(repository, {
      link: ["node_modules/", "data", "big/file"],
      copy: ["cfg/.env"],
    });
    const workspace = await workspaces.open(base);
    expect(await readlink(join(workspace.path, "node_modules"))).toBe(join(repository, "node_modules"));
    expect((await lstat(join(workspace.path, "data"))).isDirectory()).toBe(true);
    expect(await readFile(join(workspace.path, "big/file"), "utf8")).toBe("big");
    await writeFile(join(workspace.path, "cfg/.env"), "KEY=2");
    expect(await workspace.changes()).toEqual([]);
    expect(userGit(workspace.path, "status", "--porcelain")).toBe("");
    await unlink(join(workspace.path, "node_modules"));
    await writeFiles(workspace.path, { "node_modules/mine": "x", "train.ts": "mine\n" });
    expect((await workspace.changes()).map(({ path }) => path)).toEqual(["train.ts"]);
    await workspace.close();
    const again = await workspaces.open(base);
    expect(await readFile(join(again.path, "cfg/.env"), "utf8")).toBe("KEY=1");
    expect(await readFile(join(repository, "node_modules/dep/index.js"), "utf8")).toBe("dep");
  });

  it("places nothing through a symlink or file that a candidate committed where a parent must be", async () => {
    const repository = await playground.repository();
    const outside = `${repository} outside`;
    await writeFiles(outside, { precious: "precious" });
    await writeFiles(repository, { "cache/deep/file": "cached" });
    const { workspaces, base } = await playground.workspaces(repository, {
      link: ["cache/deep/file"],
      copy: [],
    });
    const first = await workspaces.open(base);
    await rm(join(first.path, "cache"), { recursive: true });
    await symlink(outside, join(first.path, "cache"));
    userGit(first.path, "add", "-A");
    const { commit } = await first.commit("trap", REF);
    await first.close();
    const second = await workspaces.open(commit);
    expect(await readdir(outside)).toEqual(["precious"]);
    await second.close();
  });

  it("runs the setup once and links the top-most paths it leaves", async () => {
    const repository = await playground.repository();
    let runs = 0;
    const prepare = async (path: string) => {
      runs += 1;
      await writeFiles(path, { "deps/a/b": "x", "data/cache.log": "ignored", built: "x" });
    };
    const { workspaces, base } = await playground.workspaces(repository, { prepare });
    const opened = await Promise.all([workspaces.open(base), workspaces.open(base)]);
    for (const { path } of opened) {
      expect((await lstat(join(path, "deps"))).isSymbolicLink()).toBe(true);
      expect(await readFile(join(path, "deps/a/b"), "utf8")).toBe("x");
      expect(await readFile(join(path, "data/cache.log"), "utf8")).toBe("ignored");
    }
    expect(await opened[0]?.changes()).toEqual([]);
    expect(runs).toBe(1);
  });

  it("names what cannot be linked, and a state folder inside the checkout", async () => {
    const repository = await playground.repository();
    for (const link of [["../x"], ["/etc"], [".git/config"], ["absent"]]) {
      await expect(playground.workspaces(repository, { link })).rejects.toMatchObject({ name: "UsageError" });
    }
    const stateFolder = join(repository, "state");
    await expect(playground.workspaces(repository, { stateFolder })).rejects.toThrow("inside the repository");
  });
});
