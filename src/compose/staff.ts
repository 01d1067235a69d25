/** Turns the researchers of program.md into researchers. Part of the composition root. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ResearcherSpec } from "../core/program.ts";
import type { Researcher } from "../core/researcher.ts";
import type { Exit } from "../core/sandbox.ts";
import type { Staff } from "../loop/lab.ts";
import { commandResearcher } from "../researcher/command.ts";
import { ideasResearcher } from "../researcher/ideas.ts";
import { tunerResearcher } from "../researcher/tuner/tuner.ts";
import { runGit } from "../workspace/git.ts";
import type { AgentHostContext, ModelGateway } from "./agent-desk.ts";
import { makeAgent } from "./agent-staff.ts";
import { type ModelContext, makeModel } from "./model-staff.ts";

export interface StaffContext extends Omit<AgentHostContext, "outputBytes">, ModelContext {
  readonly gateway?: ModelGateway;
}

const PROPOSE_TIME_MS = 30 * 60_000;

/** UsageError for a researcher this version cannot employ. */
export function makeStaff(context: StaffContext): Staff[] {
  return context.program.researchers.map((spec) => ({
    researcher: makeResearcher(spec, context),
    ...(spec.share === undefined ? {} : { share: spec.share }),
    ...(spec.kind === "agent" || spec.kind === "model" ? { isPaid: true } : {}),
  }));
}

function makeResearcher(spec: ResearcherSpec, context: StaffContext): Researcher {
  switch (spec.kind) {
    case "tuner":
      return tunerResearcher({ applyPatch });
    case "ideas":
      return ideasResearcher({ readPatch: (path) => readPatch(context.program.path, path), applyPatch });
    case "command": {
      const name = spec.role === undefined ? "command" : `command/${spec.role}`;
      return commandResearcher({
        name,
        ...(spec.role === undefined ? {} : { role: spec.role }),
        command: spec.command,
        exec: (task, signal) => propose(context, task, signal),
      });
    }
    case "agent":
      return makeAgent(spec, {
        ...context,
        programPath: context.program.path,
        outputBytes: context.program.limits.outputBytes,
        isOneOfSeveral: context.program.researchers.some((other) => isTwin(spec, other)),
      });
    case "model":
      return makeModel(spec, context);
    default:
      return spec satisfies never;
  }
}

/** Another agent of the same kind and role: their names must tell them apart. */
function isTwin(spec: ResearcherSpec & { kind: "agent" }, other: ResearcherSpec): boolean {
  return other !== spec && other.kind === "agent" && other.agent === spec.agent && other.role === spec.role;
}

async function readPatch(programPath: string, path: string): Promise<string | undefined> {
  return await readFile(join(dirname(programPath), path), "utf8").catch(() => undefined);
}

async function applyPatch(workspacePath: string, patch: string): Promise<string | undefined> {
  const { exitCode, stderr } = await runGit(["apply", "--whitespace=nowarn", "-"], {
    cwd: workspacePath,
    input: patch,
    accept: [0, 1, 128],
  });
  return exitCode === 0 ? undefined : stderr.trim().split("\n")[0];
}

/** A researcher needs its provider, so it has the network; it sees its workspace and its brief. */
async function propose(
  { sandbox, environment, readable, hidden, scratchFolder, program }: StaffContext,
  task: { line: string; cwd: string; briefJson: string },
  signal: AbortSignal,
): Promise<Exit> {
  const scratch = await mkdtemp(join(scratchFolder, "propose-"));
  try {
    const briefPath = join(scratch, "brief.json");
    await writeFile(briefPath, task.briefJson);
    return await sandbox.exec(
      {
        line: task.line,
        cwd: task.cwd,
        env: { ...environment, HOME: scratch, TMPDIR: scratch, NIGHTLAB_BRIEF: briefPath },
        writable: [task.cwd, scratch],
        readable,
        hidden,
      },
      { timeMs: PROPOSE_TIME_MS, outputBytes: program.limits.outputBytes, network: "host" },
      signal,
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
