/**
 * Our own git folder beside the user's: own configuration, attributes and index files, the user's objects.
 * So nothing that the user's repository or a researcher configures (filters, hooks, a rewritten `.git`) reaches our git.
 */

import { randomUUID } from "node:crypto";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommitSha } from "../core/experiment.ts";
import { type GitOptions, type GitResult, runGit } from "./git.ts";
import { GitSession } from "./git-session.ts";
import { BlobMemory, type GitObject, MAX_BLOB_BYTES, type ObjectFormat, writeObjects } from "./objects.ts";
import type { Repository } from "./repository.ts";

interface PrivateGitOptions extends Omit<GitOptions, "cwd" | "env"> {
  readonly index?: string;
  /** Work tree of the command; without it the command sees none. */
  readonly tree?: string;
}

export interface PrivateGit {
  /** Index files of checkouts are kept here. */
  readonly folder: string;
  run(args: readonly string[], options?: PrivateGitOptions): Promise<GitResult>;
  text(args: readonly string[], options?: PrivateGitOptions): Promise<string>;
  readonly format: ObjectFormat;
  /** Contents of recent blobs; who writes one may put it here. */
  readonly memory: BlobMemory;
  /** Contents of blobs; undefined when one of them is too large to be held. */
  blobs(shas: readonly string[]): Promise<readonly Buffer[] | undefined>;
  sizes(shas: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** What `git diff-tree -r -z --no-renames --raw --numstat` prints for two trees. */
  diffTrees(from: string, to: string): Promise<Buffer>;
  write(objects: readonly GitObject[]): Promise<void>;
  /** Writes a whole `.git` folder for a researcher into `tree`: its commits, stashes and settings stay in there. */
  furnish(tree: string, at: { commit: CommitSha; index: string; hidden: readonly string[] }): void;
  /** Ends the processes that stay. */
  close(): void;
}

/** Highest precedence: what lies in the tree is what lies in the object, byte for byte, and no driver has a name. */
const ATTRIBUTES = "* -text !eol -ident -filter !working-tree-encoding !diff !merge\n";

export async function createPrivateGit(folder: string, repository: Repository): Promise<PrivateGit> {
  const objects = join(repository.commonDir, "objects");
  const excludes = await readFile(join(repository.commonDir, "info", "exclude"), "utf8").catch(() => "");
  const shallow = await readFile(join(repository.commonDir, "shallow"), "utf8").catch(() => undefined);
  const parts: Skeleton = { format: repository.objectFormat, excludes, shallow, alternate: undefined };
  writeSkeleton(folder, parts);

  const run = (args: readonly string[], options: PrivateGitOptions = {}) => {
    const { index, tree, ...rest } = options;
    const env = {
      GIT_DIR: folder,
      GIT_OBJECT_DIRECTORY: objects,
      ...(index === undefined ? {} : { GIT_INDEX_FILE: index }),
      ...(tree === undefined ? {} : { GIT_WORK_TREE: tree }),
    };
    return runGit(args, { ...rest, cwd: tree ?? folder, env });
  };
  const session = (args: readonly string[]) =>
    new GitSession(args, { cwd: folder, env: { GIT_DIR: folder, GIT_OBJECT_DIRECTORY: objects } });
  return {
    folder,
    run,
    text: async (args, options) => (await run(args, options)).stdout.toString("utf8").replace(/\n$/, ""),
    format: repository.objectFormat,
    ...objectReader(session),
    write: (made) => writeObjects(objects, made),
    furnish(tree, at) {
      const target = join(tree, ".git");
      const hidden = at.hidden.map((path) => `/${path}\n`).join("");
      writeSkeleton(target, { ...parts, excludes: `${excludes}\n${hidden}`, alternate: objects });
      writeFileSync(join(target, "HEAD"), `${at.commit}\n`);
      copyFileSync(at.index, join(target, "index"));
    },
  };
}

/** Reads objects through processes that stay: one each for sizes, contents and differences. */
function objectReader(
  session: (args: readonly string[]) => GitSession,
): Pick<PrivateGit, "memory" | "blobs" | "sizes" | "diffTrees" | "close"> {
  const memory = new BlobMemory();
  const lookup = session(["cat-file", "--batch-check=%(objectname) %(objectsize)"]);
  const contents = session(["cat-file", "--batch"]);
  const differences = session(["diff-tree", "--stdin", "-r", "-z", "--no-renames", "--raw", "--numstat"]);
  const sizes = async (shas: readonly string[]) => {
    const lines = await Promise.all(shas.map((sha) => lookup.ask(`${sha}\n`, lineLength)));
    return new Map(shas.map((sha, index) => [sha, Number(lines[index]?.toString().split(" ")[1])]));
  };
  const blob = async (sha: string) => {
    const answer = await contents.ask(`${sha}\n`, blobLength);
    const content = Buffer.from(answer.subarray(answer.indexOf(NEWLINE) + 1, -1));
    memory.set(sha, content);
    return content;
  };
  return {
    memory,
    sizes,
    async blobs(shas) {
      const unknown = [...new Set(shas.filter((sha) => memory.get(sha) === undefined))];
      for (const size of (await sizes(unknown)).values()) if (!(size <= MAX_BLOB_BYTES)) return undefined;
      return await Promise.all(shas.map((sha) => memory.get(sha) ?? blob(sha)));
    },
    async diffTrees(from, to) {
      // What is no name of an object comes back as it is: so the end is known.
      const end = `end-${randomUUID()}\n`;
      const answer = await differences.ask(`${from} ${to}\n${end}`, (text) => {
        const at = text.indexOf(end);
        return at < 0 ? undefined : at + end.length;
      });
      return answer.subarray(answer.indexOf(NEWLINE) + 1, answer.length - end.length);
    },
    close() {
      for (const each of [lookup, contents, differences]) each.close();
    },
  };
}

const NEWLINE = 0x0a;

function lineLength(answer: Buffer): number | undefined {
  const end = answer.indexOf(NEWLINE);
  return end < 0 ? undefined : end + 1;
}

/** `<name> <kind> <bytes>`, newline, content, newline. */
function blobLength(answer: Buffer): number | undefined {
  const head = lineLength(answer);
  if (head === undefined) return undefined;
  const bytes = Number(answer.toString("latin1", 0, head).split(" ")[2]);
  if (!Number.isFinite(bytes)) throw new Error(`git has no such blob: ${answer.toString("latin1", 0, head)}`);
  return head + bytes + 1;
}

interface Skeleton {
  readonly format: Repository["objectFormat"];
  readonly excludes: string;
  readonly shallow: string | undefined;
  /** Objects folder to read from as well. */
  readonly alternate: string | undefined;
}

/** The files `git init` would write, without the process: a researcher's `.git` is made for every experiment. */
function writeSkeleton(folder: string, parts: Skeleton): void {
  for (const name of ["objects/info", "refs/heads", "info"])
    mkdirSync(join(folder, name), { recursive: true });
  const files: Record<string, string> = {
    HEAD: "ref: refs/heads/none\n",
    config: configText(parts.format),
    "info/exclude": parts.excludes,
    "info/attributes": ATTRIBUTES,
  };
  if (parts.shallow !== undefined) files.shallow = parts.shallow;
  if (parts.alternate !== undefined) files["objects/info/alternates"] = `${quoted(parts.alternate)}\n`;
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

function configText(format: Repository["objectFormat"]): string {
  const version = format === "sha256" ? 1 : 0;
  const extension = format === "sha256" ? "[extensions]\n\tobjectFormat = sha256\n" : "";
  const user = "[user]\n\tname = researcher\n\temail = researcher@localhost\n";
  const core = `[core]\n\trepositoryformatversion = ${version}\n\tbare = false\n\tfilemode = true\n`;
  return `${core}${extension}${user}[gc]\n\tauto = 0\n`;
}

/** C-style quotes: an alternates file separates paths with newlines, and a path may hold one. */
function quoted(path: string): string {
  const escaped = path.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `"${escaped}"`;
}
