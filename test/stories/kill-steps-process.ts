/**
 * A run of the study in argv[2] that kills itself at the first step it has not been killed at before: argv[4] names those.
 * Real git, ledger and sandbox; argv[3] is `start` or `resume`. Prints the step it dies at, or `ended`.
 */

import { writeSync } from "node:fs";
import { openRun } from "../../src/compose.ts";
import type { Workspace } from "../../src/core/workspace.ts";
import type { LabParts } from "../../src/loop/lab.ts";

const [cwd = "", mode = "start", known = "[]"] = process.argv.slice(2);
const done = new Set<string>(JSON.parse(known));
/** Recovering comes before the work; the same step is another instant there. */
let phase = mode === "resume" ? "recovering" : "starting";
/** Long enough for a command to be on its way. */
const DURING_MS = 10;

function dieAt(step: string): void {
  const name = `${phase}: ${step}`;
  if (done.has(name)) return;
  writeSync(1, `died ${name}\n`);
  process.kill(process.pid, "SIGKILL");
}

async function step<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
  dieAt(`before ${name}`);
  const acting = act();
  const timer = setTimeout(() => dieAt(`during ${name}`), DURING_MS);
  try {
    const result = await acting;
    dieAt(`after ${name}`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

function stepping(workspace: Workspace): Workspace {
  return {
    ...workspace,
    changes: () => step("changes", () => workspace.changes()),
    commit: (message, ref) => step("commit", () => workspace.commit(message, ref)),
    close: () => step("close", () => workspace.close()),
  };
}

function wrap(parts: LabParts): LabParts {
  const { ledger, workspaces, sandbox } = parts;
  return {
    ...parts,
    ledger: {
      append: (events) => step(events.map(({ kind }) => kind).join("+"), () => ledger.append(events)),
      read: (after) => ledger.read(after),
      close: () => ledger.close(),
    },
    workspaces: {
      ...workspaces,
      open: async (commit, overlay) => stepping(await step("open", () => workspaces.open(commit, overlay))),
      advance: (ref, to, from) =>
        step(`advance ${ref.split("/").at(-1)}`, () => workspaces.advance(ref, to, from)),
      rebase: (candidate, onto, options) => step("rebase", () => workspaces.rebase(candidate, onto, options)),
    },
    sandbox: {
      name: sandbox.name,
      containment: sandbox.containment,
      exec: (command, limits, signal) => step("exec", () => sandbox.exec(command, limits, signal)),
    },
  };
}

/** Kills cost experiments, so there are many; once a stack was promoted, every step has been met. */
const finish = new AbortController();

const run = await openRun({
  cwd,
  mode: mode === "resume" ? { kind: "resume" } : { kind: "start", tag: "night" },
  studySeed: 5,
  environment: process.env,
  wrap,
  onLine: (_, study) => {
    if ((study.runs.at(-1)?.promotions.length ?? 0) > 0) finish.abort();
  },
});
phase = "working";
const never = new AbortController().signal;
await run.work({ pause: never, finish: finish.signal, stop: never });
await run.close();
writeSync(1, "ended\n");
