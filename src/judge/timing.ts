/** Tier 1 for durations: candidate and head side by side in ABBA order, never against an old number. Pure. */

import type { JudgeStep, TentativeEvidence } from "../core/judge.ts";
import { gainOver } from "../core/metric.ts";
import { studentQuantile } from "./distributions.ts";
import { endingWith } from "./ending.ts";
import { FUTILITY_Z, say, sayLines, simplerMargin } from "./spread.ts";
import { trimmedEstimate } from "./trimmed.ts";

/** Fewer pairs than this never keep: durations have tails. */
export const MIN_TIMING_PAIRS = 5;
const MAX_TIMING_PAIRS = 10;
/** Pairs that other work disturbed are measured again, up to this many; after that the machine is taken as it is. */
const MAX_CONTENDED_PAIRS = 5;

export function judgeTiming(evidence: TentativeEvidence): JudgeStep {
  const { metric, rule, noise, linesSaved } = evidence;
  const { gains, leftOut, measured } = sideBySide(evidence);
  const pairs = gains.length;
  const smallest = Math.max(metric.minEffect ?? 0, (0.5 * noise.sdRun) / Math.sqrt(MAX_TIMING_PAIRS));
  const margin = simplerMargin(evidence, noise.sdRun);
  const first = gains[0];
  if (first === undefined) return nextPair(evidence, measured);
  if (pairs === 1) {
    if (first > (linesSaved > 0 ? -margin : 0)) return nextPair(evidence, measured);
    const reason = `slower in the first pair (${say(first)})`;
    const end = endingWith({ gain: first, runs: 1 }, { pairing: "interleaved", gains });
    return end("discard", "screen", reason);
  }
  const { mean, standardError, degreesOfFreedom } = trimmedEstimate(gains);
  const disturbed = leftOut === 0 ? "" : `, ${leftOut} disturbed ones left out`;
  const numbers = `gain ${say(mean)} ± ${say(standardError)} over ${pairs} interleaved pairs${disturbed}`;
  const looks = MAX_TIMING_PAIRS - MIN_TIMING_PAIRS + 1;
  const boundary = studentQuantile(1 - rule.alphaTiming / looks ** 0.7, degreesOfFreedom);
  const spread = { standardError, degreesOfFreedom, boundary, smallest, alpha: rule.alphaTiming };
  const workings = {
    pairing: "interleaved",
    ...spread,
    gains,
    ...(linesSaved > 0 ? { margin } : {}),
  } as const;
  const end = endingWith({ gain: mean, runs: pairs }, workings);
  const isEnough = pairs >= MIN_TIMING_PAIRS;
  if (isEnough && mean > boundary * standardError && mean >= smallest)
    return end("keep", "boundary", `${numbers}, above ${say(boundary)} standard errors`);
  if (isEnough && linesSaved > 0 && mean + margin > boundary * standardError)
    return end(
      "keep",
      "not_worse",
      `simpler, ${sayLines(linesSaved)}, and not worse: ${numbers}, may lose ${say(margin)}`,
    );
  const hopeless = linesSaved > 0 ? -margin / 2 : smallest / 2;
  if (mean + FUTILITY_Z * standardError < hopeless)
    return end("discard", "futility", `futile: ${numbers}, unlikely to reach ${say(smallest)}`);
  if (pairs < MAX_TIMING_PAIRS) return nextPair(evidence, measured);
  return end(mean <= 0 ? "discard" : "inconclusive", "looks_used_up", `no decision: ${numbers}`);
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

/**
 * Gains of pairs measured next to each other. Pairs that other work of the machine disturbed are left out, whatever they
 * say; when there are too many of them, this machine is a busy one and all pairs count.
 */
function sideBySide({ candidate, head, metric }: TentativeEvidence) {
  const pairs = candidate.flatMap((mine, index) => {
    const beside = head[index];
    if (beside === undefined) return [];
    const isContended = mine.isContended === true || beside.isContended === true;
    return [{ gain: gainOver(metric.goal, mine.value, beside.value), isContended }];
  });
  const calm = pairs.filter(({ isContended }) => !isContended);
  const contended = pairs.length - calm.length;
  const counted = contended > MAX_CONTENDED_PAIRS ? pairs : calm;
  return {
    gains: counted.map(({ gain }) => gain),
    leftOut: pairs.length - counted.length,
    measured: pairs.length,
  };
}
