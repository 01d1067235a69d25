/** Tier 1: is the candidate worth being the next head? Cheap, and wrong now and then; tier 2 pays for that. Pure. */

import type { Estimate, JudgeStep, TentativeEvidence } from "../core/judge.ts";
import { gainOver } from "../core/metric.ts";
import { boundedSd, differenceVariance, runVariance, say, sequentialBoundary } from "./spread.ts";
import { mean } from "./statistics.ts";
import { judgeTiming } from "./timing.ts";

/** z of the futility stop: below it even an optimist's estimate is not worth half the smallest useful gain. */
const FUTILITY_Z = 1.28;

export function judgeTentative(evidence: TentativeEvidence): JudgeStep {
  const { candidate, head, brokenConstraints, metric, noise } = evidence;
  if (candidate.length > 0 && head.length > 0 && brokenConstraints.length > 0) {
    return { kind: "discard", reasons: brokenConstraints };
  }
  if (metric.timing) return judgeTiming(evidence);
  const missing = missingAnchor(evidence);
  if (missing !== undefined) return { kind: "measure_more", side: "head", seed: missing };
  const first = evidence.seeds[0];
  if (candidate.length === 0 && first !== undefined)
    return { kind: "measure_more", side: "candidate", seed: first };
  if (noise.isDeterministic) return judgeDeterministic(evidence);
  return evidence.mode === "confirm" ? judgeConfirm(evidence) : judgeSequential(evidence);
}

/** The next seed on which the head must be measured before the candidate, or undefined. */
function missingAnchor({ head, seeds, noise, rule, candidate }: TentativeEvidence): number | undefined {
  const wanted = noise.isDeterministic
    ? 1
    : Math.max(rule.anchorRuns, Math.min(candidate.length, seeds.length));
  const done = new Set(head.map(({ seed }) => seed));
  return seeds.slice(0, wanted).find((seed) => !done.has(seed));
}

/** Equal code gives equal numbers: one run on each side is the truth, unless the change itself brought chance in. */
function judgeDeterministic(evidence: TentativeEvidence): JudgeStep {
  const { gain } = estimate(evidence);
  const { candidate, seeds, metric } = evidence;
  const smallest = metric.minEffect ?? 0;
  const reported: Estimate = { gain, runs: candidate.length };
  if (!(gain > 0 && gain >= smallest)) {
    const short =
      gain > 0 ? `better by only ${say(gain)}, wanted ${say(smallest)}` : `not better (${say(gain)})`;
    return { kind: "discard", reasons: [`deterministic metric, ${short}`], estimate: reported };
  }
  const next = seeds[1];
  if (candidate.length < 2 && next !== undefined)
    return { kind: "measure_more", side: "candidate", seed: next };
  const values = new Set(candidate.map(({ value }) => value));
  if (values.size > 1) {
    const reasons = [`no longer deterministic: ${[...values].join(" and ")} from the same code`];
    return { kind: "inconclusive", reasons, estimate: reported };
  }
  return { kind: "keep", reasons: [`deterministic metric, better by ${say(gain)}`], estimate: reported };
}

/** Small budgets: beat the head, and beat it again on another seed. Luck twice in a row is for tier 2 to catch. */
function judgeConfirm(evidence: TentativeEvidence): JudgeStep {
  const { candidate, seeds } = evidence;
  const gains = evidence.candidate.map((reading) => gainAt(evidence, reading));
  const worst = Math.min(...gains);
  const gain = mean(gains) ?? 0;
  const reported: Estimate = { gain, runs: gains.length };
  if (worst <= 0) {
    return {
      kind: "discard",
      reasons: [`run ${gains.indexOf(worst) + 1} is not better than the head (${say(worst)})`],
      estimate: reported,
    };
  }
  const smallest = evidence.metric.minEffect ?? 0;
  const next = seeds[candidate.length];
  if (candidate.length < 2 && next !== undefined)
    return { kind: "measure_more", side: "candidate", seed: next };
  if (gain < smallest) {
    return {
      kind: "discard",
      reasons: [`better by only ${say(gain)}, wanted ${say(smallest)}`],
      estimate: reported,
    };
  }
  return {
    kind: "keep",
    reasons: [`better than the head ${gains.length} times, by ${say(gain)} on average`],
    estimate: reported,
  };
}

/** Screen on one run, then a sequential test with a futility stop (anchored sequential confirmation). */
function judgeSequential(evidence: TentativeEvidence): JudgeStep {
  const { candidate, rule, metric, seeds } = evidence;
  const { gain, standardError, boundedError, how } = estimate(evidence);
  const runs = candidate.length;
  const reported: Estimate = {
    gain,
    low: gain - FUTILITY_Z * boundedError,
    high: gain + FUTILITY_Z * boundedError,
    confidence: 0.8,
    runs,
  };
  const spread = Math.sqrt(runVariance(evidence).variance);
  const smallest = Math.max(metric.minEffect ?? 0, (0.5 * spread) / Math.sqrt(rule.maxRuns));
  const numbers = `gain ${say(gain)} ± ${say(boundedError)} (${how}, ${runs} ${runs === 1 ? "run" : "runs"})`;
  if (runs === 1 && gain < rule.screenSds * standardError) {
    return {
      kind: "discard",
      reasons: [`screened out: ${numbers}, a first run must be ${rule.screenSds} standard errors ahead`],
      estimate: reported,
    };
  }
  const boundary = sequentialBoundary(rule.alphaTentative, rule.maxRuns);
  if (runs >= rule.minRuns && gain > boundary * boundedError && gain >= smallest) {
    return {
      kind: "keep",
      reasons: [
        `${numbers}, above ${say(boundary)} standard errors and the smallest useful gain ${say(smallest)}`,
      ],
      estimate: reported,
    };
  }
  if (runs >= 2 && gain + FUTILITY_Z * boundedError < smallest / 2) {
    return {
      kind: "discard",
      reasons: [`futile: ${numbers}, unlikely to reach ${say(smallest)}`],
      estimate: reported,
    };
  }
  const next = seeds[runs];
  if (runs < rule.maxRuns && next !== undefined)
    return { kind: "measure_more", side: "candidate", seed: next };
  const kind = gain <= 0 ? "discard" : "inconclusive";
  return { kind, reasons: [`no decision after ${runs} runs: ${numbers}`], estimate: reported };
}

interface TentativeEstimate {
  readonly gain: number;
  readonly standardError: number;
  /** With the upper bound on sigma: for decisions. */
  readonly boundedError: number;
  readonly how: "paired" | "unpaired";
}

/** Paired on equal seeds where that is the sharper estimate, else means against means. */
function estimate(evidence: TentativeEvidence): TentativeEstimate {
  const { candidate, head, metric } = evidence;
  const mine = candidate.map(({ value }) => value);
  const theirs = head.map(({ value }) => value);
  const run = runVariance(evidence);
  const width = Math.sqrt(1 / mine.length + 1 / theirs.length);
  const unpaired: TentativeEstimate = {
    gain: gainOver(metric.goal, mean(mine) ?? 0, mean(theirs) ?? 0),
    standardError: Math.sqrt(run.variance) * width,
    boundedError: boundedSd(run) * width,
    how: "unpaired",
  };
  if (!metric.seeded) return unpaired;
  const gains = pairedGains(evidence);
  const variance = differenceVariance(evidence, gains);
  if (gains.length < candidate.length || variance === undefined) return unpaired;
  const root = Math.sqrt(gains.length);
  const paired: TentativeEstimate = {
    gain: mean(gains) ?? 0,
    standardError: Math.sqrt(variance.variance) / root,
    boundedError: boundedSd(variance) / root,
    how: "paired",
  };
  return paired.boundedError < unpaired.boundedError ? paired : unpaired;
}

function pairedGains({ candidate, head, metric }: TentativeEvidence): number[] {
  const bySeed = new Map(head.map(({ seed, value }) => [seed, value]));
  return candidate.flatMap(({ seed, value }) => {
    const reference = bySeed.get(seed);
    return reference === undefined ? [] : [gainOver(metric.goal, value, reference)];
  });
}

function gainAt({ head, metric }: TentativeEvidence, reading: { seed: number; value: number }): number {
  const same = metric.seeded ? head.find(({ seed }) => seed === reading.seed) : undefined;
  const reference = same?.value ?? mean(head.map(({ value }) => value)) ?? Number.NaN;
  return gainOver(metric.goal, reading.value, reference);
}
