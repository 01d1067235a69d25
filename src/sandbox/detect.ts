/** Chooses the strongest sandbox that really works on this machine. */

import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { UsageError } from "../core/errors.ts";
import type { Sandbox } from "../core/sandbox.ts";
import { type BubblewrapOptions, BubblewrapSandbox } from "./bubblewrap.ts";
import { ProcessSandbox } from "./process.ts";

export type SandboxWish = "auto" | "process" | "bubblewrap";

export interface DetectOptions {
  /** From TERM to KILL; two seconds when absent. */
  readonly graceMs?: number;
  /** Whose commands will run, for `endLeftovers`. */
  readonly study?: string;
  /** Where to look for bwrap and setpriv; system folders, then PATH, when absent. */
  readonly searchPath?: string;
}

/** In no system's ranges for people (from 1000) or services (below 1000), and below those of containers. */
const COMMAND_UID = 61900;
const PROBE_MS = 5000;
const INSTALL = "apt install bubblewrap  (or: dnf install bubblewrap, pacman -S bubblewrap)";

/** `uid` is our own. `reason` is one sentence for doctor and report. Throws UsageError when bubblewrap is asked for and doesn't work. */
export async function detectSandbox(
  wish: SandboxWish,
  uid: number,
  options: DetectOptions = {},
): Promise<{ sandbox: Sandbox; reason: string }> {
  if (wish === "process") return { sandbox: new ProcessSandbox(options), reason: "asked for" };
  const found = await workingBubblewrap(uid, options);
  if (found.sandbox !== undefined) {
    return { sandbox: found.sandbox, reason: wish === "auto" ? "bubblewrap works here" : "asked for" };
  }
  if (wish === "bubblewrap") {
    throw new UsageError(`The bubblewrap sandbox does not work here: ${found.problem}`, { next: found.next });
  }
  const reason = `no walls around files and network: ${found.problem}. To have them: ${found.next}`;
  return { sandbox: new ProcessSandbox(options), reason };
}

type Found =
  | { readonly sandbox: BubblewrapSandbox }
  | { readonly sandbox?: undefined; readonly problem: string; readonly next: string };

async function workingBubblewrap(uid: number, options: DetectOptions): Promise<Found> {
  if (process.platform !== "linux") {
    return { problem: "bubblewrap needs Linux", next: "use a Linux machine, container or virtual machine" };
  }
  const program = programOnPath("bwrap", options);
  if (program === undefined) return { problem: "bwrap is not installed", next: INSTALL };
  const setpriv = programOnPath("setpriv", options);
  if (uid === 0 && setpriv === undefined) {
    return { problem: "setpriv is not installed and we are root", next: "apt install util-linux" };
  }
  const plain: BubblewrapOptions = {
    ...(options.graceMs === undefined ? {} : { graceMs: options.graceMs }),
    ...(options.study === undefined ? {} : { study: options.study }),
    program,
    canForbidUserNamespaces: await knowsOption(program, "--disable-userns"),
    ...(uid === 0 && setpriv !== undefined ? { dropTo: { setpriv, uid: COMMAND_UID } } : {}),
  };
  let problem = "";
  // A kernel may refuse filters: walls without one are better than none, and say so.
  for (const options of [{ ...plain, filterFor: process.arch }, plain]) {
    const sandbox = new BubblewrapSandbox(options);
    const said = await problemOf(sandbox);
    if (said === undefined) return { sandbox };
    problem = said;
  }
  return {
    problem,
    next: "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), or set the sandbox to process",
  };
}

/** Runs `true` in it; undefined when that worked. */
async function problemOf(sandbox: Sandbox): Promise<string | undefined> {
  const { ending, outputTail } = await sandbox.exec(
    { line: "true", cwd: tmpdir(), env: { PATH: "/usr/bin:/bin" }, writable: [], readable: [], hidden: [] },
    { timeMs: PROBE_MS, outputBytes: 64 * 1024, network: "none" },
    new AbortController().signal,
  );
  if (ending.kind === "exited" && ending.code === 0) return undefined;
  if (ending.kind === "not_started") return ending.reason;
  return outputTail.trim() || `a probe ended as ${ending.kind}`;
}

async function knowsOption(program: string, option: string): Promise<boolean> {
  const { stdout } = await promisify(execFile)(program, ["--help"], { timeout: PROBE_MS }).catch(() => ({
    stdout: "",
  }));
  return stdout.includes(option);
}

function programOnPath(name: string, options: DetectOptions): string | undefined {
  const path = options.searchPath ?? `/usr/bin:/bin:/usr/local/bin:${process.env.PATH ?? ""}`;
  const folders = path.split(delimiter).filter((folder) => folder.startsWith("/"));
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
