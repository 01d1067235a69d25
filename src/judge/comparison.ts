/** A candidate against the head from what was measured of both: the gain, and how sure it is. Pure. */

import type { TentativeEvidence } from "../core/judge.ts";
import { gainOver } from "../core/metric.ts";
import { boundedSd, differenceVariance, runVariance } from "./spread.ts";
import { mean, type VarianceEstimate } from "./statistics.ts";

export interface Comparison {
  readonly gain: number;
  readonly standardError: number;
  /** With the upper bound on sigma: for decisions. */
  readonly boundedError: number;
  readonly pairing: "paired" | "unpaired";
  /** Of one run, or of one difference when paired. */
  readonly spread: VarianceEstimate;
}

/** Paired on equal seeds where that is the sharper estimate, else means against means. */
export function compareWithHead(evidence: TentativeEvidence): Comparison {
  const { candidate, head, metric } = evidence;
  const mine = candidate.map(({ value }) => value);
  const theirs = head.map(({ value }) => value);
  const run = runVariance(evidence);
  const unpairedGain = gainOver(metric.goal, mean(mine) ?? 0, mean(theirs) ?? 0);
  const width = Math.sqrt(1 / mine.length + 1 / theirs.length);
  const unpaired = comparisonOf(unpairedGain, { pairing: "unpaired", spread: run, width });
  if (!metric.seeded) return unpaired;
  const gains = pairedGains(evidence);
  const spread = differenceVariance(evidence, gains);
  if (gains.length < candidate.length || spread === undefined) return unpaired;
  const paired = comparisonOf(mean(gains) ?? 0, {
    pairing: "paired",
    spread,
    width: 1 / Math.sqrt(gains.length),
  });
  return paired.boundedError < unpaired.boundedError ? paired : unpaired;
}

function comparisonOf(
  gain: number,
  about: { pairing: Comparison["pairing"]; spread: VarianceEstimate; width: number },
): Comparison {
  const { pairing, spread, width } = about;
  return {
    gain,
    standardError: Math.sqrt(spread.variance) * width,
    boundedError: boundedSd(spread) * width,
    pairing,
    spread,
  };
}

function pairedGains({ candidate, head, metric }: TentativeEvidence): number[] {
  const bySeed = new Map(head.map(({ seed, value }) => [seed, value]));
  return candidate.flatMap(({ seed, value }) => {
    const reference = bySeed.get(seed);
    return reference === undefined ? [] : [gainOver(metric.goal, value, reference)];
  });
}
