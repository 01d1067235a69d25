/** Tier 2 and the final test: pairs on fresh seeds, measured for this question only. Pure. */

import type { Estimate, JudgeStep, PairedEvidence, Verdict } from "../core/judge.ts";
import { gainOver } from "../core/metric.ts";
import { endingWith, spreadWorkings } from "./ending.ts";
import { coarseVerdict, sayOf } from "./held-out.ts";
import {
  boundedSd,
  differenceVariance,
  FUTILITY_Z,
  isHeavyTailed,
  runVariance,
  say,
  sayLines,
  simplerMargin,
  studentBoundary,
} from "./spread.ts";
import { mean, oneSidedP, tInterval, type VarianceEstimate, variance } from "./statistics.ts";
import { firstOf, MIN_TIMING_PAIRS } from "./timing.ts";

/** Pairs behind a published effect. */
const PUBLISH_PAIRS = 3;
/** Pairs behind a recheck: a gain that is not there passes for a third of one five standard errors wide once in 10,000. */
const RECHECK_PAIRS = 4;
/** Below three pairs a t interval says next to nothing. */
const MIN_FIXED_PAIRS = 3;
/** A promotion is never decided on less; where single runs may be wild, on no less than five. */
const MIN_PAIRS = 3;
const MIN_WILD_PAIRS = MIN_TIMING_PAIRS;
/** The noise of held-out data is known from these pairs alone: as many as carry a spread of their own. */
const MIN_HELD_OUT_PAIRS = 4;
const CONFIDENCE = 0.95;

export function judgePaired(evidence: PairedEvidence): JudgeStep {
  const step = judgeStage(evidence);
  const isVerdict = step.kind !== "measure_pair" && step.kind !== "measure_more";
  return isVerdict && evidence.isHeldOut ? coarseVerdict(step) : step;
}

function judgeStage(evidence: PairedEvidence): JudgeStep {
  if (evidence.noise.isDeterministic) return judgeExact(evidence);
  if (evidence.stage === "recheck") return judgeRecheck(evidence);
  return evidence.stage === "promotion" ? judgePromotion(evidence) : judgeFixed(evidence);
}

/** A deterministic metric is measured once more on both sides; the held-out test has the same number to show. */
function judgeExact(evidence: PairedEvidence): JudgeStep {
  const gain = gainsOf(evidence)[0];
  if (gain === undefined) return nextPair(evidence);
  const { linesSaved, leastGain } = evidence;
  const tell = sayOf(evidence.isHeldOut, 0);
  if (leastGain !== undefined) {
    const end = endingWith({ gain, low: gain, high: gain, confidence: 1, runs: 1 }, { gains: [gain] });
    return recheckEnd(end, { gain, leastGain, numbers: tell(gain) });
  }
  const margin = simplerMargin(evidence, 0);
  const estimate: Estimate = { gain, low: gain, high: gain, confidence: 1, runs: 1 };
  const isSimpler = linesSaved > 0 && gain <= 0 && gain >= -margin;
  const kind = gain > 0 || isSimpler ? "keep" : "discard";
  const reason = `deterministic metric, measured again: ${tell(gain)}${isSimpler ? `, ${sayLines(linesSaved)}` : ""}`;
  const end = endingWith(estimate, { gains: [gain], ...(isSimpler ? { margin } : {}) });
  return end(kind, isSimpler ? "not_worse" : "exact", reason);
}

/** A keep that looked too good holds if enough of its gain is there on a fixed number of pairs that it was not chosen by. */
function judgeRecheck(evidence: PairedEvidence): JudgeStep {
  const gains = gainsOf(evidence);
  const gain = mean(gains);
  if (gain === undefined || gains.length < (evidence.metric.timing ? MIN_TIMING_PAIRS : RECHECK_PAIRS))
    return nextPair(evidence);
  const square = variance(gains) ?? 0;
  const error = Math.sqrt(square / gains.length);
  const spread = { variance: square, degreesOfFreedom: gains.length - 1 };
  const end = endingWith({ gain, runs: gains.length }, workingsOf(spread, { gains, error }));
  const tell = sayOf(evidence.isHeldOut, error);
  const numbers = `${tell(gain)} ± ${tell(error)} over ${gains.length} pairs`;
  return recheckEnd(end, { gain, leastGain: evidence.leastGain ?? 0, numbers });
}

function recheckEnd(
  end: ReturnType<typeof endingWith>,
  { gain, leastGain, numbers }: { gain: number; leastGain: number; numbers: string },
): Verdict {
  return gain >= leastGain
    ? end("keep", "fixed_number", `measured again, it holds: ${numbers}, wanted ${say(leastGain)}`)
    : end(
        "discard",
        "fixed_number",
        `measured again, it does not hold: ${numbers}, wanted ${say(leastGain)}`,
      );
}

/** Sequential test with spending over promotions: P(any false promotion in a run) stays within alpha. */
function judgePromotion(evidence: PairedEvidence): JudgeStep {
  const { rule, ordinal, metric, linesSaved } = evidence;
  const gains = gainsOf(evidence);
  const pairs = gains.length;
  const isWild = metric.timing || isHeavyTailed(evidence);
  const minPairs = isWild ? MIN_WILD_PAIRS : evidence.isHeldOut ? MIN_HELD_OUT_PAIRS : MIN_PAIRS;
  const gain = mean(gains);
  if (gain === undefined || pairs < minPairs) return nextPair(evidence);
  const spread = promotionSpread(evidence, gains);
  const sd = boundedSd(spread);
  const error = sd / Math.sqrt(pairs);
  const alpha = (rule.alphaPromotion * 6) / (Math.PI ** 2 * ordinal ** 2);
  const boundary = studentBoundary(alpha, rule.promotionPairs, spread);
  const margin = linesSaved > 0 ? simplerMargin(evidence, Math.sqrt(runVariance(evidence).variance)) : 0;
  const tell = sayOf(evidence.isHeldOut, error);
  const on = evidence.isHeldOut ? "held-out" : "fresh";
  const numbers = `${tell(gain)} ± ${tell(error)} over ${pairs} ${on} pairs`;
  const end = endingWith(
    { gain, runs: pairs },
    { ...workingsOf(spread, { gains, error }), boundary, alpha, ...(margin > 0 ? { margin } : {}) },
  );
  if (gain > 0 && gain > boundary * error)
    return end("keep", "boundary", `proven: ${numbers}, above ${say(boundary)} standard errors`);
  if (linesSaved > 0 && gain + margin > 0 && gain + margin > boundary * error)
    return end(
      "keep",
      "not_worse",
      `${sayLines(linesSaved)} and not worse: ${numbers}, may lose ${say(margin)}`,
    );
  const likely = gain + FUTILITY_Z * error;
  if (likely < -margin) return end("discard", "suspect", `suspect: ${numbers}`);
  const needed = (boundary * sd) / Math.sqrt(rule.promotionPairs) - margin;
  if (evidence.mayStopEarly && likely < needed)
    return end("inconclusive", "out_of_reach", `not proven: ${numbers}, unlikely to reach ${tell(needed)}`);
  if (pairs < rule.promotionPairs) return nextPair(evidence);
  const wanted = `wanted ${say(boundary)} standard errors`;
  return end("inconclusive", "looks_used_up", `not proven: ${numbers}, ${wanted}`);
}

function workingsOf(spread: VarianceEstimate, { gains, error }: { gains: readonly number[]; error: number }) {
  return { ...spreadWorkings(spread), pairing: "interleaved", standardError: error, gains } as const;
}

/** Spread of a paired gain: from pairs where there are enough, else as if both sides were independent, which is wider. */
function promotionSpread(evidence: PairedEvidence, gains: readonly number[]): VarianceEstimate {
  const paired = differenceVariance(evidence, gains);
  if (paired !== undefined) return paired;
  const run = runVariance(evidence);
  return { variance: 2 * run.variance, degreesOfFreedom: run.degreesOfFreedom };
}

/** A number of pairs fixed in advance: a plain t interval and one p, nothing selected. */
function judgeFixed(evidence: PairedEvidence): JudgeStep {
  const gains = gainsOf(evidence);
  const wanted = evidence.stage === "publish" ? PUBLISH_PAIRS : evidence.rule.finalPairs;
  const gain = mean(gains);
  const isEnough = gains.length >= (evidence.isBudgetSpent ? Math.min(wanted, MIN_FIXED_PAIRS) : wanted);
  if (gain === undefined || !isEnough) return nextPair(evidence);
  const square = variance(gains) ?? 0;
  const standardError = Math.sqrt(square / gains.length);
  const t = { mean: gain, standardError, degreesOfFreedom: gains.length - 1 };
  const { lower, upper } = tInterval(t, CONFIDENCE);
  const p = oneSidedP(t);
  const estimate: Estimate = { gain, low: lower, high: upper, confidence: CONFIDENCE, runs: gains.length, p };
  const { isHeldOut } = evidence;
  const tell = sayOf(isHeldOut, standardError);
  const chance = isHeldOut ? p.toPrecision(1) : say(p);
  const on = isHeldOut ? "held-out data" : "unseen seeds";
  const numbers = `${tell(gain)} [${tell(lower)}, ${tell(upper)}], p = ${chance}, ${gains.length} pairs on ${on}`;
  const spread = { variance: square, degreesOfFreedom: t.degreesOfFreedom };
  const workings = { ...workingsOf(spread, { gains, error: standardError }), alpha: 1 - CONFIDENCE };
  return endingWith(estimate, workings)(verdictOf(gain, p), "fixed_number", numbers);
}

function verdictOf(gain: number, p: number): Verdict["kind"] {
  if (p < 1 - CONFIDENCE) return "keep";
  return gain > 0 ? "inconclusive" : "discard";
}

function gainsOf({ pairs, metric }: PairedEvidence): number[] {
  return pairs.map(({ challenger, defender }) => gainOver(metric.goal, challenger, defender));
}

function nextPair({ pairs, seeds }: PairedEvidence): JudgeStep {
  const done = new Set(pairs.map(({ seed }) => seed));
  const seed = seeds.find((one) => !done.has(one));
  if (seed === undefined) return { kind: "inconclusive", reasons: ["no unseen seeds are left"] };
  return { kind: "measure_pair", seed, first: firstOf(pairs.length) };
}
