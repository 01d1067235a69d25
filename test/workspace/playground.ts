/** Real repositories in temporary folders: one template is made once per file and copied for each test. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { CommitSha } from "../../src/core/experiment.ts";
import { CONFORMANCE_FILES } from "../../src/testing/workspaces-conformance.ts";
import { openWorkspaces, type WorkspacesOptions } from "../../src/workspace/workspaces.ts";

const IDENTITY = {
  GIT_AUTHOR_NAME: "u",
  GIT_AUTHOR_EMAIL: "u@x",
  GIT_COMMITTER_NAME: "u",
  GIT_COMMITTER_EMAIL: "u@x",
};

/** Git as a user or a researcher would run it. */
export function userGit(cwd: string, ...args: string[]): string {
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", ...IDENTITY };
  return execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

export async function writeFiles(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

export async function createPlayground() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "nightlab-workspace-")));
  const template = join(folder, "template");
  await writeFiles(template, CONFORMANCE_FILES);
  userGit(template, "init", "-q", "-b", "main");
  userGit(template, "add", "-A");
  userGit(template, "commit", "-qm", "base");
  const cleanups: (() => Promise<void>)[] = [];
  let made = 0;
  return {
    folder,
    /** A copy of the template repository; `name` may hold anything a path may. */
    async repository(name = "repository"): Promise<string> {
      made += 1;
      const root = join(folder, `${made}`, name);
      await cp(template, root, { recursive: true, preserveTimestamps: true });
      return root;
    },
    async workspaces(repository: string, options: Partial<WorkspacesOptions> = {}) {
      const base = userGit(repository, "rev-parse", "HEAD") as CommitSha;
      const stateFolder = `${repository} state`;
      const workspaces = await openWorkspaces({
        repository,
        stateFolder,
        link: [],
        copy: [],
        base,
        ...options,
      });
      cleanups.push(() => workspaces.close());
      return { workspaces, base, stateFolder };
    },
    async remove(): Promise<void> {
      await Promise.all(cleanups.map((cleanup) => cleanup()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Path, kind, mode and content of everything below `root`, except paths for which `isLeftOut` holds. */
export async function fingerprint(
  root: string,
  isLeftOut: (path: string) => boolean,
): Promise<Map<string, string>> {
  const prints = new Map<string, string>();
  for (const child of await readdir(root, { recursive: true, withFileTypes: true })) {
    const place = join(child.parentPath, child.name);
    const path = place.slice(root.length + 1);
    if (isLeftOut(path)) continue;
    if (child.isDirectory()) prints.set(path, "folder");
    else if (child.isSymbolicLink()) prints.set(path, `link ${await readlink(place)}`);
    else
      prints.set(
        path,
        createHash("sha256")
          .update(await readFile(place))
          .digest("hex"),
      );
  }
  return prints;
}
