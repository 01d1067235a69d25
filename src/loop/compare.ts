/** One commit against another on seeds nobody has seen, pair by pair, until the judge has a verdict. */

import type { CommitSha, ExperimentId } from "../core/experiment.ts";
import type { Pair, PairedEvidence, Verdict } from "../core/judge.ts";
import type { Outcome } from "../core/metric.ts";
import { readingsOf } from "../core/study.ts";
import { noiseGroups } from "./gains.ts";
import type { Lab } from "./lab.ts";
import { allSettled } from "./slots.ts";

type Stage = PairedEvidence["stage"];
type Side = "challenger" | "defender";

export interface Comparison {
  readonly stage: Stage;
  readonly challenger: CommitSha;
  readonly defender: CommitSha;
  /** Comparisons of one stage with different ordinals have no seed in common. */
  readonly ordinal: number;
  /** Why no further pair may be measured, or undefined. */
  readonly limit: () => string | undefined;
  /** Whose measurements these are, besides the run's. */
  readonly experiment?: ExperimentId;
  readonly linesSaved?: number;
  readonly mayStopEarly?: boolean;
  readonly leastGain?: number;
}

/** `unpaid`: the budget ended before the judge had enough. */
export type Compared = Verdict | { readonly kind: "unpaid"; readonly reason: string };

export function decided(compared: Compared): Verdict {
  return compared.kind === "unpaid" ? { kind: "inconclusive", reasons: [compared.reason] } : compared;
}

export async function compare(lab: Lab, comparison: Comparison, signal: AbortSignal): Promise<Compared> {
  for (;;) {
    const failure = failureOf(lab, comparison);
    if (failure !== undefined) return failure;
    const limit = comparison.limit();
    const step = lab.parts.judge.next(evidenceFor(lab, comparison, limit !== undefined));
    if (step.kind === "measure_more") throw new Error("a paired stage asks for pairs");
    if (step.kind !== "measure_pair") return step;
    if (limit !== undefined) return { kind: "unpaid", reason: `not finished: ${limit}` };
    await measurePair(lab, comparison, { ...step, signal });
  }
}

/** The side that failed on a fresh seed, the challenger first; undefined where both were measured so far. */
export function failedSide(lab: Lab, comparison: Comparison): Side | undefined {
  return failureAt(lab, comparison)?.side;
}

/** Proof and doubt look at held-out data where there are any; the effect published in mid-run, which is told, does not. */
function isHeldOut({ parts }: Lab, stage: Stage): boolean {
  return parts.program.holdout !== undefined && stage !== "publish";
}

async function measurePair(
  lab: Lab,
  { stage, challenger, defender, experiment }: Comparison,
  { seed, first, signal }: { seed: number; first: Side; signal: AbortSignal },
): Promise<void> {
  lab.parts.onStage?.(experiment ?? "run", `${stage}: pair on seed ${seed}`);
  const done = (commit: CommitSha) => outcomeAt(lab, { commit, stage, seed }) !== undefined;
  const order = (first === "challenger" ? [challenger, defender] : [defender, challenger]).filter(
    (c) => !done(c),
  );
  const about = { seed, purpose: stage, isHeldOut: isHeldOut(lab, stage) };
  const measures = order.map((commit) => () => lab.measure({ commit, ...about }, signal));
  if (lab.slots.size === 1) for (const each of measures) await each();
  else await allSettled(measures.map((each) => each()));
}

function evidenceFor(lab: Lab, comparison: Comparison, isBudgetSpent: boolean): PairedEvidence {
  const { metric } = lab.parts.program;
  const { noise } = lab.run;
  if (noise === undefined) throw new Error("judging before calibration");
  const { stage, ordinal, linesSaved = 0, mayStopEarly = false, leastGain } = comparison;
  return {
    stage,
    isHeldOut: isHeldOut(lab, stage),
    ...(leastGain === undefined ? {} : { leastGain }),
    ordinal,
    isBudgetSpent,
    linesSaved,
    mayStopEarly,
    metric,
    rule: lab.parts.rule,
    noise,
    ...noiseGroups(lab),
    pairs: pairsOf(lab, comparison),
    seeds: seedsOf(lab, comparison),
  };
}

function seedsOf(lab: Lab, { stage, ordinal }: Comparison): number[] {
  return lab.freshSeeds(stage, ordinal, Math.max(lab.parts.rule.promotionPairs, lab.parts.rule.finalPairs));
}

function pairsOf(lab: Lab, comparison: Comparison): Pair[] {
  const { stage, challenger, defender } = comparison;
  const readings = (commit: CommitSha) =>
    new Map(readingsOf(lab.linesOf(commit), stage).map(({ seed, value }) => [seed, value]));
  const challengers = readings(challenger);
  const defenders = readings(defender);
  return seedsOf(lab, comparison).flatMap((seed) => {
    const c = challengers.get(seed);
    const d = defenders.get(seed);
    return c === undefined || d === undefined ? [] : [{ seed, challenger: c, defender: d }];
  });
}

/** A side that fails on a fresh seed ends the comparison: a challenger that crashes is no gain. */
function failureOf(lab: Lab, comparison: Comparison): Verdict | undefined {
  const failure = failureAt(lab, comparison);
  if (failure === undefined) return undefined;
  const { side, seed, outcome } = failure;
  const kind = side === "challenger" ? "discard" : "inconclusive";
  return { kind, reasons: [`${side} failed on fresh seed ${seed}: ${outcome.kind}, ${outcome.detail}`] };
}

function failureAt(lab: Lab, comparison: Comparison) {
  for (const seed of seedsOf(lab, comparison)) {
    for (const side of ["challenger", "defender"] as const) {
      const outcome = outcomeAt(lab, { commit: comparison[side], stage: comparison.stage, seed });
      if (outcome !== undefined && outcome.kind !== "measured") return { side, seed, outcome };
    }
  }
  return undefined;
}

function outcomeAt(lab: Lab, at: { commit: CommitSha; stage: Stage; seed: number }): Outcome | undefined {
  const lines = lab.linesOf(at.commit);
  return lines.find(({ purpose, seed }) => purpose === at.stage && seed === at.seed)?.outcome;
}
