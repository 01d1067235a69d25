/** Workspaces without git: commits are maps of files in memory, checkouts are flat folders. Fast; git itself is tested elsewhere. */

import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommitSha, TreeSha } from "../../src/core/experiment.ts";
import { globMatcher } from "../../src/core/scope.ts";
import type { Change, Overlay, Rebased, Workspace, Workspaces } from "../../src/core/workspace.ts";

type Files = Readonly<Record<string, string>>;
const sha = (...parts: unknown[]) => createHash("sha1").update(JSON.stringify(parts)).digest("hex");

export class MemoryWorkspaces implements Workspaces {
  readonly baseline: CommitSha;
  readonly #folder: string;
  readonly #commits = new Map<CommitSha, { files: Files; parent: CommitSha | undefined }>();
  readonly #refs = new Map<string, CommitSha>();

  constructor(folder: string, files: Files) {
    this.#folder = folder;
    this.baseline = this.commit({ files, parent: undefined, message: "base" });
  }

  commit(what: { files: Files; parent: CommitSha | undefined; message: string }): CommitSha {
    const commit = sha(what, this.#commits.size) as CommitSha;
    this.#commits.set(commit, what);
    return commit;
  }

  async open(base: CommitSha, overlay?: Overlay): Promise<Workspace> {
    const path = await mkdtemp(join(this.#folder, "w"));
    const shown = this.#overlaid(base, overlay);
    for (const [name, text] of Object.entries(shown)) await writeFile(join(path, name), text);
    const scratch = `${path}.scratch`;
    await mkdir(scratch);
    const read = (name: string) => readFile(join(path, name), "utf8").catch(() => undefined);
    return {
      path,
      base,
      scratch,
      read,
      changes: async () => changesOf(this.#files(base), await filesIn(path)),
      commit: async (message, ref) => {
        const files = await filesIn(path);
        const commit = this.commit({ files, parent: base, message });
        this.#refs.set(ref, commit);
        return { commit, tree: treeOf(files) };
      },
      take: async (from, names) => {
        const missing: string[] = [];
        for (const name of names)
          await copyFile(join(from.path, name), join(path, name)).catch(() => missing.push(name));
        return missing;
      },
      close: async () => {
        await rm(path, { recursive: true, force: true });
        await rm(scratch, { recursive: true, force: true });
      },
    };
  }

  async advance(ref: string, to: CommitSha, from: CommitSha | undefined): Promise<boolean> {
    await new Promise((done) => setImmediate(done)); // as long as a process would take: others get their turn
    if (this.#refs.get(ref) !== from) return false;
    this.#refs.set(ref, to);
    return true;
  }

  async rebase(candidate: CommitSha, onto: CommitSha, { ref, message }: { ref: string; message: string }) {
    const mine = this.#files(candidate);
    const before = this.#files(this.#commits.get(candidate)?.parent ?? this.baseline);
    const theirs = this.#files(onto);
    const changed = changesOf(before, mine).map(({ path }) => path);
    const isClean = changed.every((path) => theirs[path] === before[path] || theirs[path] === mine[path]);
    const files = isClean ? { ...theirs, ...pick(mine, changed) } : mine;
    const commit = this.commit({ files, parent: onto, message });
    this.#refs.set(ref, commit);
    return { commit, tree: treeOf(files), how: isClean ? "clean" : "replaced" } satisfies Rebased;
  }

  async resolve(ref: string): Promise<CommitSha | undefined> {
    return this.#refs.get(ref);
  }

  async diff(from: CommitSha, to: CommitSha): Promise<string> {
    return changesOf(this.#files(from), this.#files(to))
      .map(({ path, status }) => `${status} ${path}\n`)
      .join("");
  }

  refs(): ReadonlyMap<string, CommitSha> {
    return this.#refs;
  }

  /** Sets or removes a ref whatever it was, as git by hand does. */
  setRef(ref: string, to: CommitSha | undefined): void {
    if (to === undefined) this.#refs.delete(ref);
    else this.#refs.set(ref, to);
  }

  /** Commits that a ref leads to. */
  held(): Set<string> {
    const held = new Set<string>();
    for (const tip of this.#refs.values()) {
      for (let at: CommitSha | undefined = tip; at !== undefined; at = this.#commits.get(at)?.parent)
        held.add(at);
    }
    return held;
  }

  #files(commit: CommitSha): Files {
    const files = this.#commits.get(commit)?.files;
    if (files === undefined) throw new Error(`no commit ${commit}`);
    return files;
  }

  #overlaid(commit: CommitSha, overlay: Overlay | undefined): Files {
    if (overlay === undefined) return this.#files(commit);
    const isShownAsBefore = ([path]: [string, string]) => globMatcher(overlay.globs)(path);
    const own = Object.entries(this.#files(commit)).filter((entry) => !isShownAsBefore(entry));
    const kept = Object.entries(this.#files(overlay.from)).filter(isShownAsBefore);
    return Object.fromEntries([...own, ...kept]);
  }
}

const treeOf = (files: Files) => sha(Object.entries(files).sort()) as TreeSha;
const pick = (files: Files, paths: readonly string[]): Files =>
  Object.fromEntries(paths.map((path) => [path, files[path] ?? ""]));

async function filesIn(path: string): Promise<Files> {
  const names = (await readdir(path)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(path, name), "utf8")] as const)),
  );
}

/** Added and modified files; the tests delete none. */
function changesOf(before: Files, after: Files): Change[] {
  return Object.entries(after)
    .filter(([path, text]) => before[path] !== text)
    .map(([path, text]) => ({
      path,
      status: before[path] === undefined ? "added" : "modified",
      mode: "file",
      bytes: text.length,
      added: linesBeyond(text, before[path] ?? ""),
      deleted: linesBeyond(before[path] ?? "", text),
    }));
}

/** Lines of one text that the other has not: a diff of files so small that order does not matter. */
function linesBeyond(text: string, other: string): number {
  const left = other.split("\n");
  return text.split("\n").filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  }).length;
}
