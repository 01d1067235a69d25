/** Plays the real judge and loop in a world, on scripted parts. */

import type { CommitSha, RunTag } from "../../src/core/experiment.ts";
import type { JudgeRule, Verdict } from "../../src/core/judge.ts";
import type { Program } from "../../src/core/program.ts";
import { type ExperimentRecord, emptyStudy } from "../../src/core/study.ts";
import { judge } from "../../src/judge/judge.ts";
import { RULES } from "../../src/judge/rules.ts";
import { Lab } from "../../src/loop/lab.ts";
import { runStudy, startRun } from "../../src/loop/run-study.ts";
import { SAMPLE_PROGRAM } from "../../src/testing/sample-program.ts";
import { type Played, stepBetween, worthOf } from "./play.ts";
import { Runs } from "./runs.ts";
import {
  HOLDOUT,
  PlantedClock,
  PlantedLedger,
  PlantedWorkspaces,
  plantedResearcher,
  plantedSandbox,
} from "./scripted.ts";
import type { World } from "./worlds.ts";

const PROGRAM: Program = {
  ...SAMPLE_PROGRAM,
  metric: { name: "score", goal: "maximize", seeded: true, timing: false },
  edit: ["train.ts"],
  protect: ["evaluate.ts"],
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
      program: world.isHeldOut === true ? { ...PROGRAM, holdout: HOLDOUT } : PROGRAM,
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
  const { run, experiments } = lab;
  const code = (commit: CommitSha) => workspaces.codeOf(commit);
  const step = (from: CommitSha, to: CommitSha, { workings }: Verdict) =>
    stepBetween(world, [code(from), code(to)], workings?.rule === "not_worse");
  const keeps = experiments.flatMap(({ status, head, commit, verdict }) =>
    status === "kept" && commit !== undefined && verdict !== undefined ? [step(head, commit, verdict)] : [],
  );
  const promotions = run.promotions.flatMap(({ head, verified, verdict }) =>
    verdict.kind === "keep" ? [step(verified, head, verdict)] : [],
  );
  const final = run.final?.verdict.estimate;
  const { gain: claimed, low, high } = final ?? {};
  return {
    keeps,
    promotions,
    ...(claimed === undefined ? {} : { claimed }),
    ...(low === undefined || high === undefined ? {} : { interval: { low, high } }),
    runs: runs.count,
    experiments: experiments.length,
    ...flagsOn(lab, workspaces),
    ...worthOf(world, { head: code(run.head), handedOver: code(run.verified) }),
  };
}

/** Flags on honest candidates, and the tricks of cheats that were kept. */
function flagsOn({ experiments, run }: Lab, workspaces: PlantedWorkspaces) {
  const isFlagged = ({ verdict, recheck, status }: ExperimentRecord) =>
    status === "kept" && (verdict?.flags ?? recheck?.flags ?? []).length > 0;
  const isHonest = ({ idea, head }: ExperimentRecord) =>
    idea?.title !== "cheat" && workspaces.codeOf(head).tricks.length === 0;
  const honest = experiments.filter(isHonest);
  const flagged = honest.filter(isFlagged);
  const refuted = honest.filter(({ recheck }) => recheck !== undefined && recheck.kind !== "keep");
  return {
    honest: honest.length,
    flagged: flagged.length,
    refuted: refuted.length,
    proposedCheats: experiments.filter(({ idea }) => idea?.title === "cheat").length,
    tricks: workspaces.codeOf(run.verified).tricks.map(({ trick }) => trick),
  };
}

function hash(text: string): number {
  let value = 7;
  for (const char of text) value = (Math.imul(value, 31) + char.charCodeAt(0)) >>> 1;
  return value;
}
