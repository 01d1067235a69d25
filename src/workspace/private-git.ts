/**
 * Our own git folder beside the user's: own configuration, attributes and index files, the user's objects.
 * So nothing that the user's repository or a researcher configures (filters, hooks, a rewritten `.git`) reaches our git.
 */

import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommitSha } from "../core/experiment.ts";
import { type GitOptions, type GitResult, runGit } from "./git.ts";
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
  /** Writes a whole `.git` folder for a researcher into `tree`: its commits, stashes and settings stay in there. */
  furnish(tree: string, at: { commit: CommitSha; index: string; hidden: readonly string[] }): Promise<void>;
}

/** Highest precedence: what lies in the tree is what lies in the object, byte for byte, and no driver has a name. */
const ATTRIBUTES = "* -text !eol -ident -filter !working-tree-encoding !diff !merge\n";

export async function createPrivateGit(folder: string, repository: Repository): Promise<PrivateGit> {
  const objects = join(repository.commonDir, "objects");
  const excludes = await readFile(join(repository.commonDir, "info", "exclude"), "utf8").catch(() => "");
  const shallow = await readFile(join(repository.commonDir, "shallow"), "utf8").catch(() => undefined);
  const parts: Skeleton = { format: repository.objectFormat, excludes, shallow, alternate: undefined };
  await writeSkeleton(folder, parts);

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
  return {
    folder,
    run,
    text: async (args, options) => (await run(args, options)).stdout.toString("utf8").replace(/\n$/, ""),
    async furnish(tree, at) {
      const target = join(tree, ".git");
      const hidden = at.hidden.map((path) => `/${path}\n`).join("");
      await writeSkeleton(target, { ...parts, excludes: `${excludes}\n${hidden}`, alternate: objects });
      await writeFile(join(target, "HEAD"), `${at.commit}\n`);
      await copyFile(at.index, join(target, "index"));
    },
  };
}

interface Skeleton {
  readonly format: Repository["objectFormat"];
  readonly excludes: string;
  readonly shallow: string | undefined;
  /** Objects folder to read from as well. */
  readonly alternate: string | undefined;
}

/** The files `git init` would write, without the process: a researcher's `.git` is made for every experiment. */
async function writeSkeleton(folder: string, parts: Skeleton): Promise<void> {
  await Promise.all(
    ["objects/info", "refs/heads", "info"].map((name) => mkdir(join(folder, name), { recursive: true })),
  );
  const files: Record<string, string> = {
    HEAD: "ref: refs/heads/none\n",
    config: configText(parts.format),
    "info/exclude": parts.excludes,
    "info/attributes": ATTRIBUTES,
  };
  if (parts.shallow !== undefined) files.shallow = parts.shallow;
  if (parts.alternate !== undefined) files["objects/info/alternates"] = `${quoted(parts.alternate)}\n`;
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
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
