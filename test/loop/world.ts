/** A whole lab in one process: real git, everything else scripted. The metric is the number in value.txt plus seed noise. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommitSha, RunTag } from "../../src/core/experiment.ts";
import type { LedgerLine } from "../../src/core/ledger.ts";
import type { Program } from "../../src/core/program.ts";
import type { SandboxCommand } from "../../src/core/sandbox.ts";
import { replay } from "../../src/core/study.ts";
import { judge } from "../../src/judge/judge.ts";
import { RULES } from "../../src/judge/rules.ts";
import { Lab, type LabParts } from "../../src/loop/lab.ts";
import { resumeRun, startRun } from "../../src/loop/run-study.ts";
import { parseProgram } from "../../src/program/parse.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { MemoryLedger } from "../../src/testing/memory-ledger.ts";
import { scriptedResearcher, type Turn } from "../../src/testing/scripted-researcher.ts";
import { type GitWorkspaces, openWorkspaces } from "../../src/workspace/workspaces.ts";
import { git, makeRepository, programText } from "../stories/repositories.ts";
import { type Answer, ScriptedSandbox } from "./answering-sandbox.ts";

export const TAG = "night" as RunTag;

export interface World {
  readonly folder: string;
  readonly repository: string;
  readonly disk: LedgerLine[];
  readonly clock: FakeClock;
  readonly workspaces: GitWorkspaces;
  remove(): Promise<void>;
}

/** A repository whose value.txt holds 100; nobody has worked on it. */
export async function makeWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "nightlab-loop-"));
  const repository = await makeRepository(join(folder, "repository"), {
    "value.txt": "100\n",
    "frozen.txt": "0\n",
  });
  const base = git(repository, "rev-parse", "HEAD") as CommitSha;
  const options = { repository, stateFolder: join(folder, "state"), link: [], copy: [], base };
  const workspaces = await openWorkspaces(options);
  const remove = async () => {
    await workspaces.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { folder, repository, disk: [], clock: new FakeClock(1_000), workspaces, remove };
}

/** Every measurement takes one second of the world's clock. */
export const measureValue =
  (world: World) =>
  async (command: SandboxCommand): Promise<Answer> => {
    await world.clock.advance(1000);
    const value = Number(await readFile(join(command.cwd, "value.txt"), "utf8"));
    const noise = ((Number(command.env.NIGHTLAB_SEED) % 1000) - 500) / 1000; // the same for equal seeds
    return { stdout: `loss: ${value + noise}\n` };
  };

export interface LabOptions {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly turns?: readonly Turn[];
  readonly parts?: Partial<LabParts>;
}

function programOf(settings: Readonly<Record<string, unknown>> = {}): Program {
  const written = {
    metric: { name: "loss", goal: "minimize", seeded: true },
    measure: "measure",
    edit: ["value.txt"],
  };
  const { program, problems } = parseProgram(programText({ ...written, ...settings }), "program.md");
  if (program === undefined) throw new Error(problems.map(({ cause }) => cause).join("\n"));
  return program;
}

/** A lab on what the world's disk and repository hold; a run is started on the first one, resumed on later ones. */
export async function openLab(
  world: World,
  { settings = {}, turns = [], parts = {} }: LabOptions = {},
): Promise<Lab> {
  const program = programOf(settings);
  const baseline = git(world.repository, "rev-parse", "HEAD") as CommitSha;
  const lab = new Lab(
    {
      program,
      baseline,
      workspaces: world.workspaces,
      sandbox: new ScriptedSandbox(measureValue(world)),
      environment: {},
      readable: [],
      hidden: [],
      logPath: () => undefined,
      ledger: new MemoryLedger(world.clock, world.disk),
      judge,
      rule: RULES.balanced,
      staff: [{ researcher: scriptedResearcher(turns), share: 1 }],
      clock: world.clock,
      budget: program.budget,
      version: "0",
      ...parts,
    },
    replay(world.disk),
  );
  if (lab.study.runs.length === 0) await startRun(lab, { tag: TAG, studySeed: 7, programSha: "" });
  else await resumeRun(lab);
  return lab;
}

export const never = new AbortController().signal;
export const goOn = { pause: never, finish: never, stop: never };

/** A turn that writes `value` into value.txt. */
export const write = (value: number): Turn => ({
  idea: { title: `value ${value}` },
  files: { "value.txt": `${value}\n` },
});

export function statuses(lab: Lab): (string | undefined)[] {
  return [...lab.study.experiments.values()].map(({ status }) => status);
}
