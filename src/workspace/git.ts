/** One git process: closed environment, fixed settings, no shell. Knows nothing of workspaces. */

import { type ChildProcess, type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { InfrastructureError, UsageError } from "../core/errors.ts";

/** Told the arguments of every git process that is started; for tracing and for counting processes. */
const gitStarts = channel("nightlab:git");

export class GitError extends InfrastructureError {
  readonly args: readonly string[];
  readonly exitCode: number | undefined;
  /** The last 2,000 characters git wrote to stderr. */
  readonly stderr: string;

  constructor(args: readonly string[], failure: { exitCode?: number; stderr: string; cause?: unknown }) {
    super(`git ${args.join(" ")}: ${failure.stderr.trim() || `exit code ${failure.exitCode}`}`, {
      cause: failure.cause,
    });
    this.args = args;
    this.exitCode = failure.exitCode;
    this.stderr = failure.stderr;
  }
}

export interface GitOptions {
  readonly cwd: string;
  readonly input?: string | Buffer;
  /** Added to the closed environment: GIT_DIR, GIT_INDEX_FILE and the like. */
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that are answers, not failures. Default: 0 alone. */
  readonly accept?: readonly number[];
  /** Stop git once it has written this many bytes; the result then holds exactly that many. */
  readonly maxBytes?: number;
}

export interface GitResult {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly exitCode: number;
  readonly truncated: boolean;
}

const STDERR_TAIL_CHARS = 2000;

/** Nothing that a repository or a user configured may run a program or change what a command means. */
const FIXED_SETTINGS = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.untrackedCache=false",
  "core.autocrlf=false",
  "core.safecrlf=false",
  "core.quotePath=false",
  "core.fsync=committed",
  "core.fsyncMethod=batch",
  "safe.directory=*",
  "gc.auto=0",
  "maintenance.auto=false",
  "commit.gpgSign=false",
  "protocol.allow=never",
  "advice.addEmbeddedRepo=false",
].flatMap((setting) => ["-c", setting]);

/** By it a git whose nightlab was killed is known. */
const PARENT = "NIGHTLAB_PARENT";

/** HOME is no folder: git looks for ~/.config/git/{ignore,attributes} even without a global config file. */
const CLOSED_ENVIRONMENT = {
  HOME: "/dev/null",
  LC_ALL: "C",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_AUTHOR_NAME: "nightlab",
  GIT_AUTHOR_EMAIL: "nightlab@localhost",
  GIT_COMMITTER_NAME: "nightlab",
  GIT_COMMITTER_EMAIL: "nightlab@localhost",
  [PARENT]: String(process.pid),
};

/** Text that git wrote, without the newline at its end. Errors: GitError for any exit code that is not accepted. */
export async function git(args: readonly string[], options: GitOptions): Promise<string> {
  const { stdout } = await runGit(args, options);
  return stdout.toString("utf8").replace(/\n$/, "");
}

/** Bytes that git wrote and how it ended. Errors: GitError when git cannot start or ends otherwise than accepted. */
export async function runGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const child = await startGit(args, options);
  const result = await collect(child, args, options);
  if (!result.truncated && !(options.accept ?? [0]).includes(result.exitCode))
    throw new GitError(args, result);
  return result;
}

/** The process that started the git with this environment on a folder of ours; undefined for any other process. */
export function parentOfGit(
  environment: readonly string[],
  isOurs: (gitFolder: string) => boolean,
): number | undefined {
  const entryOf = (name: string) =>
    environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const parent = entryOf(PARENT);
  return parent !== undefined && isOurs(entryOf("GIT_DIR") ?? "") ? Number(parent) : undefined;
}

/** What passes when another process ends or closes files: too many of them, in this process or on this machine. */
const PASSING = new Set(["EMFILE", "ENFILE", "EAGAIN"]);
const START_ATTEMPTS = 20;
const BETWEEN_ATTEMPTS_MS = 50;

/**
 * A git process in the closed environment; its caller reads and ends it. Waits a second where files or processes have run
 * out. Errors: UsageError without git or folder, GitError for what else keeps it from starting.
 */
export async function startGit(
  args: readonly string[],
  { cwd, env }: Pick<GitOptions, "cwd" | "env">,
): Promise<ChildProcessWithoutNullStreams> {
  gitStarts.publish(args);
  const closed = { PATH: process.env.PATH ?? "", ...CLOSED_ENVIRONMENT, ...env };
  for (let attempt = 1; ; attempt += 1) {
    const child = spawn("git", [...FIXED_SETTINGS, ...args], { cwd, env: closed, stdio: "pipe" });
    if (child.pid !== undefined) return child;
    const [cause] = (await once(child, "error")) as [NodeJS.ErrnoException];
    if (attempt === START_ATTEMPTS || !PASSING.has(cause.code ?? "")) throw startError(args, cwd, cause);
    await setTimeout(BETWEEN_ATTEMPTS_MS);
  }
}

/** Why a git process could not start. Node says ENOENT for a missing program and for a missing folder alike. */
function startError(args: readonly string[], cwd: string, cause: Error): Error {
  const isMissing = "code" in cause && cause.code === "ENOENT";
  if (!isMissing) return new GitError(args, { stderr: cause.message, cause });
  if (!existsSync(cwd))
    return new UsageError(`there is no folder ${cwd}`, {
      place: cwd,
      next: "see that it is there, or name another one with -C",
    });
  const next = "apt install git, or your system's way, and see that PATH names its folder";
  return new UsageError("git is not found on PATH", { next });
}

/** Another program than git, in the same closed manner. Errors: InfrastructureError. */
export async function runProgram(file: string, args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(file, [...args], { env: { PATH: process.env.PATH ?? "", LC_ALL: "C" } });
  } catch (cause) {
    throw new InfrastructureError(`${file} failed: ${(cause as Error).message}`, { cause });
  }
}

function collect(child: ChildProcess, args: readonly string[], options: GitOptions): Promise<GitResult> {
  const limit = options.maxBytes ?? Number.POSITIVE_INFINITY;
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    if (size < limit) chunks.push(chunk);
    size += chunk.length;
    if (size > limit) child.kill("SIGKILL");
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_TAIL_CHARS);
  });
  // A git that fails early closes its stdin; its exit code tells the story, not EPIPE.
  child.stdin?.on("error", () => {});
  child.stdin?.end(options.input);
  const { promise, resolve, reject } = Promise.withResolvers<GitResult>();
  child.once("error", (cause) => reject(new GitError(args, { stderr: cause.message, cause })));
  child.once("close", (code, signal) => {
    const stdout = Buffer.concat(chunks);
    const truncated = size > limit;
    if (signal) stderr += `\nended by ${signal}`;
    resolve({
      stdout: truncated ? stdout.subarray(0, limit) : stdout,
      stderr,
      exitCode: code ?? -1,
      truncated,
    });
  });
  return promise;
}
