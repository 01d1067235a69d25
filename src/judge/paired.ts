/** Tier 2 and the final test: pairs on fresh seeds, measured for this question only. Pure. */

import type { Estimate, JudgeStep, PairedEvidence, Verdict } from "../core/judge.ts";
import { gainOver } from "../core/metric.ts";
import { boundedSd, differenceVariance, runVariance, say, sequentialBoundary } from "./spread.ts";
import { mean, oneSidedP, tInterval, variance } from "./statistics.ts";
import { firstOf, MIN_TIMING_PAIRS } from "./timing.ts";

/** Pairs behind a published effect. */
const PUBLISH_PAIRS = 3;
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
  const error = promotionSd(evidence, gains) / Math.sqrt(pairs);
  const alpha = (rule.alphaPromotion * 6) / (Math.PI ** 2 * ordinal ** 2);
  const boundary = sequentialBoundary(alpha, rule.promotionPairs);
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

/** Sd of a paired gain: from pairs where there are enough, else as if both sides were independent, which is wider. */
function promotionSd(evidence: PairedEvidence, gains: readonly number[]): number {
  const paired = differenceVariance(evidence, gains);
  if (paired !== undefined) return boundedSd(paired);
  const run = runVariance(evidence);
  return boundedSd(run) * Math.SQRT2;
}

/** A number of pairs fixed in advance: a plain t interval and one p, nothing selected. */
function judgeFixed(evidence: PairedEvidence): JudgeStep {
  const gains = gainsOf(evidence);
  const wanted = evidence.stage === "publish" ? PUBLISH_PAIRS : evidence.rule.finalPairs;
  const gain = mean(gains);
  if (gain === undefined || gains.length < wanted) return nextPair(evidence);
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
