/** Runs the real command line as a user would: a child process, an explicit environment, a home that holds nothing. */

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { EventOf, LedgerEvent, LedgerLine } from "../../src/core/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "nightlab.js");

export interface Said {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A started nightlab and what it has printed so far. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Said>;
  /** Resolves once a line of stdout matches; rejects when the process ends without one. */
  line(pattern: RegExp): Promise<string>;
}

/** A temporary folder with a home in it; repositories are made beside the home. */
export interface Surroundings {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  nightlab(cwd: string, ...args: string[]): Promise<Said>;
  start(cwd: string, ...args: string[]): Started;
  /** Another script in place of nightlab, in the same surroundings. */
  startScript(script: string, cwd: string, ...args: string[]): Started;
  remove(): Promise<void>;
}

export async function makeSurroundings(base: string = tmpdir()): Promise<Surroundings> {
  const folder = await realpath(await mkdtemp(join(base, "nightlab-story-")));
  await mkdir(join(folder, "tmp"));
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: join(folder, "home"),
    XDG_STATE_HOME: join(folder, "home", "state"),
    TMPDIR: join(folder, "tmp"),
    // Compiled code of nightlab itself, shared by all stories; no command that is measured sees it.
    NODE_COMPILE_CACHE: join(tmpdir(), "nightlab-story-code"),
  };
  const running = new Set<ChildProcess>();
  const startScript = (script: string, cwd: string, ...args: string[]): Started => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    child.once("close", () => running.delete(child));
    return listen(child);
  };
  const start = (cwd: string, ...args: string[]) => startScript(PROGRAM, cwd, ...args);
  return {
    folder,
    env,
    start,
    startScript,
    nightlab: (cwd, ...args) => start(cwd, ...args).ended,
    async remove() {
      for (const child of running) child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function listen(child: ChildProcess): Started {
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    for (const each of listeners) each();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Said>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = stdout
          .split("\n")
          .slice(0, -1)
          .find((text) => pattern.test(text));
        if (found === undefined) return;
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`no line like ${pattern} in:\n${stdout}\n${stderr}`)));
    });
  return { child, ended, line };
}

/** The ledger of a repository, read as any other process may read it. */
export async function readLines(repository: string): Promise<readonly LedgerLine[]> {
  const folder = join(repository, ".nightlab");
  const ledger = await openLedger({ folder, clock: new FakeClock(), mode: "read" });
  try {
    return await ledger.read(0);
  } finally {
    await ledger.close();
  }
}

export function eventsOf<Kind extends LedgerEvent["kind"]>(
  lines: readonly LedgerLine[],
  kind: Kind,
): EventOf<Kind>[] {
  return lines.map(({ event }) => event).filter((event): event is EventOf<Kind> => event.kind === kind);
}

/** Where git keeps what a run may add: objects, its own refs, its branch. */
const ADDED_BY_A_RUN =
  /^(?:\.nightlab|\.git\/objects|\.git\/refs\/nightlab|\.git\/(?:logs\/)?refs\/heads\/nightlab|\.git\/info\/exclude)(?:\/|$)/;

/** Kind and content of every path that a run must leave alone: the checkout, index, HEAD, branches, stash, settings. */
export async function contentOf(repository: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for (const child of await readdir(repository, { recursive: true, withFileTypes: true })) {
    const place = join(child.parentPath, child.name);
    const path = place.slice(repository.length + 1);
    if (ADDED_BY_A_RUN.test(path)) continue;
    if (child.isDirectory()) contents[path] = "folder";
    else if (child.isSymbolicLink()) contents[path] = `link ${await readlink(place)}`;
    else
      contents[path] = createHash("sha256")
        .update(await readFile(place))
        .digest("hex");
  }
  return contents;
}
