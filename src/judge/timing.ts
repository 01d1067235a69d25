/** Tier 1 for durations: candidate and head side by side in ABBA order, never against an old number. Pure. */

import type { Estimate, JudgeStep, TentativeEvidence } from "../core/judge.ts";
import { gainOver } from "../core/metric.ts";
import { studentQuantile } from "./distributions.ts";
import { say } from "./spread.ts";
import { trimmedEstimate } from "./trimmed.ts";

/** Fewer pairs than this never keep: durations have tails. */
export const MIN_TIMING_PAIRS = 5;
const MAX_TIMING_PAIRS = 10;
const FUTILITY_T = 1.28;

export function judgeTiming(evidence: TentativeEvidence): JudgeStep {
  const { metric, rule, noise } = evidence;
  const gains = sideBySide(evidence);
  const pairs = gains.length;
  const smallest = Math.max(metric.minEffect ?? 0, (0.5 * noise.sdRun) / Math.sqrt(MAX_TIMING_PAIRS));
  const first = gains[0];
  if (first === undefined) return nextPair(evidence, 0);
  if (pairs === 1) {
    if (first > 0) return nextPair(evidence, 1);
    const reasons = [`slower in the first pair (${say(first)})`];
    return { kind: "discard", reasons, estimate: { gain: first, runs: 1 } };
  }
  const { mean, standardError, degreesOfFreedom } = trimmedEstimate(gains);
  const estimate: Estimate = { gain: mean, runs: pairs };
  const numbers = `gain ${say(mean)} ± ${say(standardError)} over ${pairs} interleaved pairs`;
  if (mean + FUTILITY_T * standardError < smallest / 2) {
    return { kind: "discard", reasons: [`futile: ${numbers}, unlikely to reach ${say(smallest)}`], estimate };
  }
  const looks = MAX_TIMING_PAIRS - MIN_TIMING_PAIRS + 1;
  const boundary = studentQuantile(1 - rule.alphaTentative / looks ** 0.7, degreesOfFreedom);
  if (pairs >= MIN_TIMING_PAIRS && mean > boundary * standardError && mean >= smallest) {
    return { kind: "keep", reasons: [`${numbers}, above ${say(boundary)} standard errors`], estimate };
  }
  if (pairs < MAX_TIMING_PAIRS) return nextPair(evidence, pairs);
  return { kind: mean <= 0 ? "discard" : "inconclusive", reasons: [`no decision: ${numbers}`], estimate };
}

/** ABBA: the side that goes first changes from pair to pair, so that a drift of the machine hits both. */
export function firstOf(pair: number): "challenger" | "defender" {
  return pair % 2 === 0 ? "challenger" : "defender";
}

function nextPair({ seeds, candidate, head }: TentativeEvidence, pair: number): JudgeStep {
  const seed = seeds[pair % Math.max(1, seeds.length)] ?? 1;
  // A restart between the two sides of a pair leaves one of them alone: it gets its partner.
  if (candidate.length > head.length) return { kind: "measure_more", side: "head", seed };
  if (head.length > candidate.length) return { kind: "measure_more", side: "candidate", seed };
  return { kind: "measure_pair", seed, first: firstOf(pair) };
}

function sideBySide({ candidate, head, metric }: TentativeEvidence): number[] {
  return candidate.flatMap(({ value }, index) => {
    const beside = head[index];
    return beside === undefined ? [] : [gainOver(metric.goal, value, beside.value)];
  });
}
