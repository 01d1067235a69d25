/** Plays the real judge and loop in a world, on scripted parts. */

import type { RunTag } from "../../src/core/experiment.ts";
import type { JudgeRule } from "../../src/core/judge.ts";
import type { Program } from "../../src/core/program.ts";
import { emptyStudy } from "../../src/core/study.ts";
import { judge } from "../../src/judge/judge.ts";
import { RULES } from "../../src/judge/rules.ts";
import { Lab } from "../../src/loop/lab.ts";
import { runStudy, startRun } from "../../src/loop/run-study.ts";
import { type Played, played } from "./play.ts";
import { Runs } from "./runs.ts";
import {
  PlantedClock,
  PlantedLedger,
  PlantedWorkspaces,
  plantedResearcher,
  plantedSandbox,
} from "./scripted.ts";
import type { World } from "./worlds.ts";

const PROGRAM: Program = {
  path: "program.md",
  source: "",
  metric: { name: "score", goal: "maximize", seeded: true, timing: false },
  constraints: [],
  measure: "run",
  artifact: [],
  edit: ["train.ts"],
  protect: ["evaluate.ts"],
  link: [],
  copy: [],
  env: {},
  passEnv: [],
  limits: { timeMs: 60_000, network: "none", outputBytes: 1 << 20 },
  sandbox: "auto",
  budget: {},
  risk: "balanced",
  parallel: 1,
  researchers: [],
  sections: [],
  roles: [],
  ideas: [],
  inferred: [],
};

export interface NightlabPlay {
  readonly play: string;
  /** Measurements. */
  readonly budget: number;
  readonly rule?: JudgeRule;
}

export async function playNightlab(world: World, about: NightlabPlay): Promise<Played & { lab: Lab }> {
  const clock = new PlantedClock();
  const workspaces = new PlantedWorkspaces(world);
  const runs = new Runs(world, about.play);
  const lab = new Lab(
    {
      program: PROGRAM,
      baseline: workspaces.baseline,
      workspaces,
      sandbox: plantedSandbox(runs, workspaces, clock),
      environment: {},
      readable: [],
      hidden: [],
      logPath: () => undefined,
      ledger: new PlantedLedger(clock),
      judge,
      rule: about.rule ?? RULES.balanced,
      staff: [{ researcher: plantedResearcher(world, workspaces, about.play), share: 1 }],
      clock,
      budget: { measurements: about.budget },
      version: "planted",
    },
    emptyStudy(),
  );
  const studySeed = hash(about.play);
  await startRun(lab, { tag: "planted" as RunTag, studySeed, programSha: "0" });
  const never = new AbortController().signal;
  await runStudy(lab, { pause: never, finish: never, stop: never });
  return { ...outcomeOf(world, { lab, workspaces, runs }), lab };
}

function outcomeOf(world: World, made: { lab: Lab; workspaces: PlantedWorkspaces; runs: Runs }): Played {
  const { lab, workspaces, runs } = made;
  const { run } = lab;
  const code = workspaces.codeOf.bind(workspaces);
  const kept = lab.experiments.filter(({ status }) => status === "kept");
  const keeps = kept.map(({ commit, head }) => world.worth(code(commit ?? head)) - world.worth(code(head)));
  const promoted = run.promotions
    .filter(({ verdict }) => verdict.kind === "keep")
    .map(({ head }) => code(head));
  const final = run.final?.verdict.estimate;
  const course = played(world, {
    codes: [world.start, code(run.head)],
    promoted,
    handedOver: code(run.verified),
    ...(final === undefined ? {} : { claimed: final.gain }),
    ...(final?.low === undefined || final.high === undefined
      ? {}
      : { interval: { low: final.low, high: final.high } }),
    runs: runs.count,
    experiments: lab.experiments.length,
  });
  return { ...course, keeps };
}

function hash(text: string): number {
  let value = 7;
  for (const char of text) value = (Math.imul(value, 31) + char.charCodeAt(0)) >>> 1;
  return value;
}
