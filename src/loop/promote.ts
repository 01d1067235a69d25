/** Tier 2 and the final test: pairs on seeds nobody has seen, head against verified, verified against the baseline. */

import { InfrastructureError } from "../core/errors.ts";
import { type CommitSha, refs } from "../core/experiment.ts";
import type { Pair, PairedEvidence, Verdict } from "../core/judge.ts";
import type { Outcome } from "../core/metric.ts";
import { positionOf, readingsOf } from "../core/study.ts";
import { isLimited, partLeft } from "./budget.ts";
import { noiseGroups } from "./gains.ts";
import type { Lab } from "./lab.ts";
import { linesSaved } from "./lines-saved.ts";
import { allSettled } from "./slots.ts";

type Stage = PairedEvidence["stage"];

interface Comparison {
  readonly stage: Stage;
  readonly challenger: CommitSha;
  readonly defender: CommitSha;
  readonly ordinal: number;
  /** Why no further pair may be measured, or undefined. */
  readonly limit: () => string | undefined;
  readonly linesSaved?: number;
  readonly mayStopEarly?: boolean;
}

/** `unpaid`: the budget ended before the judge had enough. */
type Compared = Verdict | { readonly kind: "unpaid"; readonly reason: string };

/** Fewer pairs of a final test say next to nothing (src/judge/paired.ts). */
const MIN_FINAL_PAIRS = 3;

/** Without a limit that tells what a quarter of the budget is, a promotion comes after this many measurements. */
const UNLIMITED_MEASUREMENTS_PER_PROMOTION = 40;

/** True when enough was kept and spent since the last promotion to make another one worth its runs. */
export function isPromotionDue(lab: Lab): boolean {
  const { run, parts } = lab;
  if (run.head === run.verified || run.keepsSincePromotion < parts.rule.keepsPerPromotion) return false;
  // The last promotion takes it from here.
  if (lab.isSmallBudget() || lab.measuringLimit(2) !== undefined) return false;
  if (!isLimited(parts.budget)) {
    return run.measurements - run.measurementsAtPromotion >= UNLIMITED_MEASUREMENTS_PER_PROMOTION;
  }
  const partSpent = 1 - partLeft(parts.budget, lab.spent());
  const partSinceLast = run.measurements === 0 ? 0 : 1 - run.measurementsAtPromotion / run.measurements;
  return partSpent * partSinceLast >= parts.rule.budgetPerPromotion;
}

/**
 * Tests the stack on Head against Verified. Proven: Verified moves. Harmful: the newest half of the stack goes, and what is
 * left is tested on other fresh seeds, until something holds or nothing is left.
 */
export async function promote(lab: Lab, options: { isLast: boolean }, signal: AbortSignal): Promise<void> {
  const { run } = lab;
  while (run.head !== run.verified) {
    const verdict = await promoteOnce(lab, options, signal);
    if (verdict === undefined || verdict.kind === "inconclusive") return;
    if (verdict.kind === "keep") {
      if (!options.isLast) await publish(lab, run.promotions.length, signal);
      return;
    }
  }
}

/** One test and what follows from it; undefined when it could not be paid and decided nothing. */
async function promoteOnce(
  lab: Lab,
  { isLast }: { isLast: boolean },
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const { head, verified, tag, promotions } = lab.run;
  const limit = isLast ? () => lab.proofLimit(2 + finalMeasurements(lab)) : () => lab.measuringLimit(2);
  const ordinal = promotions.length + 1;
  const verdict = await compare(
    lab,
    {
      stage: "promotion",
      challenger: head,
      defender: verified,
      ordinal,
      limit,
      linesSaved: linesSaved(lab, verified, head),
      mayStopEarly: !isLast,
    },
    signal,
  );
  // In mid-run nothing is decided then: the last promotion goes on with these pairs, paid from the reserve.
  if (verdict.kind === "unpaid" && !isLast) return undefined;
  const judged = decided(verdict);
  await lab.record({ kind: "promotion_judged", run: tag, head, verified, verdict: judged });
  if (judged.kind === "discard") await lab.moveHead(fallback(lab), head, { reason: "suspect" });
  if (judged.kind === "keep") await moveVerified(lab, head, verified);
  return judged;
}

/** Where Head goes when the stack is suspect: the newest half of what was kept since Verified is dropped. */
export function fallback({ study, run }: Pick<Lab, "study" | "run">): CommitSha {
  const unproven = run.stack.slice(positionOf(study, run, run.verified));
  const half = unproven[Math.floor(unproven.length / 2) - 1];
  const commit = half === undefined ? undefined : study.experiments.get(half)?.commit;
  return commit ?? run.verified;
}

/** Least cost of a final test: the last promotion leaves it. */
function finalMeasurements({ run }: Lab): number {
  return 2 * (run.noise?.isDeterministic ? 1 : MIN_FINAL_PAIRS);
}

/** Moves Verified in git, then in the ledger. */
export async function moveVerified(lab: Lab, to: CommitSha, from: CommitSha): Promise<void> {
  if (!(await lab.parts.workspaces.advance(refs.verified(lab.tag), to, from))) {
    throw new InfrastructureError(`${refs.verified(lab.tag)} was moved by someone else`);
  }
  await lab.record({ kind: "verified_moved", run: lab.tag, from, to });
}

/** The effect that may be quoted comes from pairs measured after the decision: nothing was selected on them. */
async function publish(lab: Lab, ordinal: number, signal: AbortSignal): Promise<void> {
  const { verified, baseline, tag } = lab.run;
  const verdict = await compare(
    lab,
    {
      stage: "publish",
      challenger: verified,
      defender: baseline,
      ordinal,
      limit: () => lab.measuringLimit(2),
    },
    signal,
  );
  if (verdict.kind !== "unpaid" && verdict.estimate !== undefined) {
    await lab.record({ kind: "published", run: tag, commit: verified, estimate: verdict.estimate });
  }
}

/** Verified against the baseline on held-out data or seeds: the one number the report is about. */
export async function finalTest(lab: Lab, signal: AbortSignal): Promise<void> {
  const { verified, baseline, tag } = lab.run;
  const verdict = await compare(
    lab,
    { stage: "final", challenger: verified, defender: baseline, ordinal: 1, limit: () => lab.proofLimit(2) },
    signal,
  );
  const isHeldOut = lab.parts.program.holdout !== undefined;
  await lab.record({
    kind: "final_judged",
    run: tag,
    verified,
    baseline,
    isHeldOut,
    verdict: decided(verdict),
  });
}

function decided(compared: Compared): Verdict {
  return compared.kind === "unpaid" ? { kind: "inconclusive", reasons: [compared.reason] } : compared;
}

async function compare(lab: Lab, comparison: Comparison, signal: AbortSignal): Promise<Compared> {
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

async function measurePair(
  lab: Lab,
  { stage, challenger, defender }: Comparison,
  { seed, first, signal }: { seed: number; first: "challenger" | "defender"; signal: AbortSignal },
): Promise<void> {
  lab.parts.onStage?.("run", `${stage}: pair on seed ${seed}`);
  const done = (commit: CommitSha) => outcomeAt(lab, { commit, stage, seed }) !== undefined;
  const order = (first === "challenger" ? [challenger, defender] : [defender, challenger]).filter(
    (c) => !done(c),
  );
  const isHeldOut = stage === "final";
  const measures = order.map(
    (commit) => () => lab.measure({ commit, seed, purpose: stage, isHeldOut }, signal),
  );
  if (lab.slots.size === 1) for (const each of measures) await each();
  else await allSettled(measures.map((each) => each()));
}

function evidenceFor(lab: Lab, comparison: Comparison, isBudgetSpent: boolean): PairedEvidence {
  const { metric } = lab.parts.program;
  const { noise } = lab.run;
  if (noise === undefined) throw new Error("judging before calibration");
  const { stage, ordinal, linesSaved = 0, mayStopEarly = false } = comparison;
  const seeds = seedsOf(lab, comparison);
  const pairs = pairsOf(lab, comparison);
  return {
    stage,
    ordinal,
    isBudgetSpent,
    linesSaved,
    mayStopEarly,
    metric,
    rule: lab.parts.rule,
    noise,
    ...noiseGroups(lab),
    pairs,
    seeds,
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
  for (const seed of seedsOf(lab, comparison)) {
    for (const side of ["challenger", "defender"] as const) {
      const outcome = outcomeAt(lab, { commit: comparison[side], stage: comparison.stage, seed });
      if (outcome === undefined || outcome.kind === "measured") continue;
      const kind = side === "challenger" ? "discard" : "inconclusive";
      return { kind, reasons: [`${side} failed on fresh seed ${seed}: ${outcome.kind}, ${outcome.detail}`] };
    }
  }
  return undefined;
}

function outcomeAt(lab: Lab, at: { commit: CommitSha; stage: Stage; seed: number }): Outcome | undefined {
  const lines = lab.linesOf(at.commit);
  return lines.find(({ purpose, seed }) => purpose === at.stage && seed === at.seed)?.outcome;
}
