/** A shell that waits for what to run, started while nobody waits for it: starting one from Node takes 5 to 15 ms. */

import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { hasProc, readOf } from "./proc.ts";
import { RESULT_FD, SHELL } from "./wrapper.ts";

export interface Start {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Pipes for 1 to 7; what they are for is in wrapper.ts. */
const OUTPUTS = Array<"pipe">(RESULT_FD).fill("pipe");

/** Names that a shell cannot hold, or that would change how it reads its orders. */
const SAFE_NAME = /^(?!(?:OPTIND|IFS|PPID|E?UID|SHELLOPTS|BASH\w*|LINENO|ENV|PS\d|_)$)[A-Za-z_]\w*$/;

let spare: ChildProcess | undefined;

/** Starts `file` in a process group of its own, with pipes on descriptors 1 to RESULT_FD. */
export function startDetached(start: Start): ChildProcess {
  const shell = Object.keys(start.env).every((name) => SAFE_NAME.test(name)) ? takeSpare() : undefined;
  if (shell === undefined) {
    const { cwd, env, file, args } = start;
    return spawn(file, args, { cwd, env, detached: true, stdio: ["ignore", ...OUTPUTS] });
  }
  for (const stream of shell.stdio) (stream as Socket | null)?.ref();
  shell.ref();
  shell.stdin?.end(ordersFor(start));
  return shell;
}

/** The waiting shell, if there is one that lives. */
function takeSpare(): ChildProcess | undefined {
  const taken = spare;
  spare = undefined;
  return taken !== undefined && isAlive(taken) ? taken : undefined;
}

/** Node learns of a death a turn later than /proc tells it. */
function isAlive({ pid, exitCode, signalCode }: ChildProcess): boolean {
  if (pid === undefined || exitCode !== null || signalCode !== null) return false;
  return !hasProc || (readOf(pid, "cmdline") ?? "") !== ""; // empty from the moment it dies
}

/** Starts the next shell. To be called when a command has ended: beside one it would slow what is being measured. */
export function prepareShell(): void {
  if (spare !== undefined) return;
  // It reads its orders from stdin. When nightlab dies, stdin ends empty, and the shell with it.
  const shell = spawn(SHELL, [], { cwd: "/", env: {}, detached: true, stdio: ["pipe", ...OUTPUTS] });
  // One that cannot start, or is killed while it waits, is not missed: the next command starts by itself.
  shell.on("error", () => {});
  for (const stream of shell.stdio) {
    stream?.on("error", () => {});
    (stream as Socket | null)?.unref();
  }
  shell.unref();
  spare = shell;
}

function ordersFor({ file, args, env, cwd }: Start): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  const words = [file, ...args].map(quoted).join(" ");
  return `cd -- ${quoted(cwd)} || exit 126\nunset OLDPWD\n${exports.join("")}exec ${words} </dev/null\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
