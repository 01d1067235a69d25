/** Tier 2 and the final test: pairs on fresh seeds, measured for this question only. Pure. */

import type { Estimate, JudgeStep, PairedEvidence, Verdict } from "../core/judge.ts";
import { gainOver } from "../core/metric.ts";
import { studentQuantile } from "./distributions.ts";
import { boundedSd, differenceVariance, runVariance, say, sequentialBoundary } from "./spread.ts";
import { mean, oneSidedP, tInterval, type VarianceEstimate, variance } from "./statistics.ts";
import { firstOf, MIN_TIMING_PAIRS } from "./timing.ts";

/** Pairs behind a published effect. */
const PUBLISH_PAIRS = 3;
/** Below three pairs a t interval says next to nothing. */
const MIN_FIXED_PAIRS = 3;
const CONFIDENCE = 0.95;
const FUTILITY_Z = 1.28;

export function judgePaired(evidence: PairedEvidence): JudgeStep {
  if (evidence.noise.isDeterministic) return judgeExact(evidence);
  return evidence.stage === "promotion" ? judgePromotion(evidence) : judgeFixed(evidence);
}

/** A deterministic metric is measured once more on both sides; the held-out test has the same number to show. */
function judgeExact(evidence: PairedEvidence): JudgeStep {
  const gain = gainsOf(evidence)[0];
  if (gain === undefined) return nextPair(evidence);
  const estimate: Estimate = { gain, low: gain, high: gain, confidence: 1, runs: 1 };
  const kind = gain > 0 ? "keep" : "discard";
  return { kind, reasons: [`deterministic metric, measured again: ${say(gain)}`], estimate };
}

/** Sequential test with spending over promotions: P(any false promotion in a run) stays within alpha. */
function judgePromotion(evidence: PairedEvidence): JudgeStep {
  const { rule, ordinal, metric } = evidence;
  const gains = gainsOf(evidence);
  const pairs = gains.length;
  const minPairs = metric.timing ? MIN_TIMING_PAIRS : 2;
  const gain = mean(gains);
  if (gain === undefined || pairs < minPairs) return nextPair(evidence);
  const spread = promotionSpread(evidence, gains);
  const error = boundedSd(spread) / Math.sqrt(pairs);
  const alpha = (rule.alphaPromotion * 6) / (Math.PI ** 2 * ordinal ** 2);
  const boundary = promotionBoundary(alpha, rule.promotionPairs, spread);
  const estimate: Estimate = { gain, runs: pairs };
  const numbers = `${say(gain)} ± ${say(error)} over ${pairs} fresh pairs`;
  if (gain > 0 && gain > boundary * error) {
    return {
      kind: "keep",
      reasons: [`proven: ${numbers}, above ${say(boundary)} standard errors`],
      estimate,
    };
  }
  if (pairs >= 3 && gain + FUTILITY_Z * error < 0) {
    return { kind: "discard", reasons: [`suspect: ${numbers}`], estimate };
  }
  if (pairs < rule.promotionPairs) return nextPair(evidence);
  return {
    kind: "inconclusive",
    reasons: [`not proven: ${numbers}, wanted ${say(boundary)} standard errors`],
    estimate,
  };
}

/**
 * Boundary in bounded standard errors. At small alpha and few degrees of freedom the bounded normal boundary alone
 * errs too often (3.5 % at a nominal 3 %, simulated), so Student's boundary must be passed as well.
 */
function promotionBoundary(alpha: number, looks: number, spread: VarianceEstimate): number {
  const normal = sequentialBoundary(alpha, looks);
  const student = studentQuantile(1 - alpha / looks ** 0.7, spread.degreesOfFreedom);
  const bounded = boundedSd(spread);
  return bounded === 0 ? normal : Math.max(normal, (student * Math.sqrt(spread.variance)) / bounded);
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
  const standardError = Math.sqrt((variance(gains) ?? 0) / gains.length);
  const t = { mean: gain, standardError, degreesOfFreedom: gains.length - 1 };
  const { lower, upper } = tInterval(t, CONFIDENCE);
  const p = oneSidedP(t);
  const estimate: Estimate = { gain, low: lower, high: upper, confidence: CONFIDENCE, runs: gains.length, p };
  const reasons = [
    `${say(gain)} [${say(lower)}, ${say(upper)}], p = ${say(p)}, ${gains.length} pairs on unseen seeds`,
  ];
  return { kind: verdictOf(gain, p), reasons, estimate };
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
