/** Tier 1: is the candidate worth being the next head? Cheap, and wrong now and then; tier 2 pays for that. Pure. */

import type { Estimate, JudgeStep, TentativeEvidence, Verdict } from "../core/judge.ts";
import { gainOver, type Reading } from "../core/metric.ts";
import { type Comparison, compareWithHead } from "./comparison.ts";
import { endingWith, spreadWorkings } from "./ending.ts";
import { lordLevel } from "./lord.ts";
import {
  boundedSd,
  FUTILITY_Z,
  isHeavyTailed,
  runVariance,
  say,
  sayLines,
  sequentialBoundary,
  simplerMargin,
  studentBoundary,
} from "./spread.ts";
import { mean } from "./statistics.ts";
import { judgeTiming } from "./timing.ts";

/** Confidence of the interval two FUTILITY_Z wide. */
const SHOWN_CONFIDENCE = 0.8;
/** Fresh runs so many standard errors behind are against a keep, whatever its other runs say. */
const AGAINST_ERRORS = 1;
/**
 * Gains on the head's seeds that lie so many standard errors above those on fresh ones are more than luck: the code knows
 * the seeds, or single runs are wild. Costs about one honest keep in fifty.
 */
const SUSPICIOUS_ERRORS = 2.5;
/** So far apart, two fresh runs are too little to tell: where the spread stands on few degrees of freedom, and further, always. */
const DOUBTFUL = { errors: 1.75, degreesOfFreedom: 15, always: 2 };
/** Under heavy tails no two runs are enough for a keep: false keeps fall from .23 to .13 (t with 3 degrees of freedom). */
const HEAVY_MIN_RUNS = 3;
/** One run in its favour is enough for a gain that tier 2 will test; to be not worse says less and takes two. */
const SIMPLER_MIN_RUNS = 2;

/** A gain of so many sd of one run is too large for luck to take half of it away, and less than a third was not that gain. */
const LARGE = { sds: 3, clearPart: 1 / 2, leastPart: 1 / 3 };

export function judgeTentative(evidence: TentativeEvidence): JudgeStep {
  const { candidate, head, brokenConstraints, metric, noise } = evidence;
  if (candidate.length > 0 && head.length > 0 && brokenConstraints.length > 0) {
    return { kind: "discard", reasons: brokenConstraints, workings: { rule: "constraint" } };
  }
  if (metric.timing) return judgeTiming(evidence);
  const missing = missingAnchor(evidence);
  if (missing !== undefined) return { kind: "measure_more", side: "head", seed: missing };
  if (candidate.length === 0)
    return (
      measureMore(evidence, 1) ?? { kind: "inconclusive", reasons: ["the head has no seed to measure on"] }
    );
  if (noise.isDeterministic) return judgeDeterministic(evidence);
  const step = judgeSequential(withGroup(evidence, candidate));
  return step.kind === "keep" && step.workings?.rule === "boundary" ? holds(evidence, step) : step;
}

/** With the runs of one code as a group of its own: its spread counts for the noise. */
function withGroup(evidence: TentativeEvidence, runs: readonly Reading[]): TentativeEvidence {
  if (runs.length < 2) return evidence;
  return { ...evidence, replicates: [...evidence.replicates, runs.map(({ value }) => value)] };
}

/** The next seed on which the head must be measured before the candidate, or undefined. */
function missingAnchor({ head, seeds, noise, rule, candidate }: TentativeEvidence): number | undefined {
  const wanted = noise.isDeterministic
    ? 1
    : Math.max(rule.anchorRuns, Math.min(candidate.length, seeds.length));
  const done = new Set(head.map(({ seed }) => seed));
  return seeds.slice(0, wanted).find((seed) => !done.has(seed));
}

function measureMore({ candidate, seeds }: TentativeEvidence, atMost: number): JudgeStep | undefined {
  const seed = seeds[candidate.length];
  return candidate.length < atMost && seed !== undefined
    ? { kind: "measure_more", side: "candidate", seed }
    : undefined;
}

/** Equal code gives equal numbers: one run on each side is the truth, unless the change itself brought chance in. */
function judgeDeterministic(evidence: TentativeEvidence): JudgeStep {
  const { candidate, metric, linesSaved } = evidence;
  const { gain } = compareWithHead(evidence);
  const smallest = metric.minEffect ?? 0;
  const margin = simplerMargin(evidence, 0);
  const isBetter = gain > 0 && gain >= smallest;
  const workings = { smallest, ...(linesSaved > 0 ? { margin } : {}) };
  const ending = endingWith({ gain, runs: candidate.length }, workings);
  const end = (kind: Verdict["kind"], reason: string) => ending(kind, "exact", reason);
  if (!isBetter && !(linesSaved > 0 && gain >= -margin)) {
    const short =
      gain > 0 ? `better by only ${say(gain)}, wanted ${say(smallest)}` : `not better (${say(gain)})`;
    return end("discard", `deterministic metric, ${short}`);
  }
  const again = measureMore(evidence, 2);
  if (again !== undefined) return again;
  const values = new Set(candidate.map(({ value }) => value));
  if (values.size > 1)
    return end("inconclusive", `no longer deterministic: ${[...values].join(" and ")} from the same code`);
  if (isBetter) return end("keep", `deterministic metric, better by ${say(gain)}`);
  return end(
    "keep",
    `simpler, ${sayLines(linesSaved)}, and not worse: ${say(gain)} on a deterministic metric`,
  );
}

/** Screen on one run, then a sequential test with a futility stop (anchored sequential confirmation). */
function judgeSequential(evidence: TentativeEvidence): JudgeStep {
  const { candidate, rule, metric, linesSaved } = evidence;
  const compared = compareWithHead(evidence);
  const { gain, standardError, boundedError } = compared;
  const runs = candidate.length;
  const sdRun = Math.sqrt(runVariance(evidence).variance);
  const smallest = Math.max(metric.minEffect ?? 0, (0.5 * sdRun) / Math.sqrt(rule.maxRuns));
  const { alpha, boundary, minRuns } = demandsOf(evidence, compared);
  const numbers = numbersOf(compared, runs);
  const end = endingWith(estimateOf(compared, runs), { ...workingsOf(compared), boundary, smallest, alpha });
  if (runs >= minRuns && gain > boundary * boundedError && gain >= smallest) {
    const beyond = `above ${say(boundary)} standard errors and the smallest useful gain ${say(smallest)}`;
    return end("keep", "boundary", `${numbers}, ${beyond}`);
  }
  if (linesSaved > 0) {
    const step = judgeSimpler(evidence, compared);
    if (step !== undefined) return step;
  }
  if (runs === 1 && gain < rule.screenSds * standardError) {
    const wanted = `a first run must be ${rule.screenSds} standard errors ahead`;
    return end("discard", "screen", `screened out: ${numbers}, ${wanted}`);
  }
  if (runs >= 2 && gain + FUTILITY_Z * boundedError < smallest / 2)
    return end("discard", "futility", `futile: ${numbers}, unlikely to reach ${say(smallest)}`);
  const kind = gain <= 0 ? "discard" : "inconclusive";
  return (
    measureMore(evidence, rule.maxRuns) ??
    end(kind, "looks_used_up", `no decision after ${runs} runs: ${numbers}`)
  );
}

/**
 * A keep must hold on seeds that nothing was selected on: those of the block it will be compared on as a head, so that
 * the runs are not lost. All its runs together must be ahead, and the fresh ones alone must not be against it: luck on
 * the head's seeds, and code that knows them, end here. Where both lie far apart, more fresh runs are asked for, and they
 * alone must be ahead. The spread comes from heads and fresh runs: code that knows some of the head's seeds looks wild there.
 */
function holds(before: TentativeEvidence, keep: Verdict): JudgeStep {
  const { candidate, fresh, freshSeeds, rule } = before;
  const evidence = withGroup(before, fresh);
  const done = new Set(fresh.map(({ seed }) => seed));
  const missing = (count: number) => freshSeeds.slice(0, count).find((seed) => !done.has(seed));
  const first = missing(rule.anchorRuns);
  if (first !== undefined) return { kind: "measure_more", side: "fresh", seed: first };
  const [alone, onHeadSeeds] = [ahead(evidence, fresh), ahead(evidence, candidate)];
  const spread = runVariance(evidence);
  const errors =
    (onHeadSeeds.gain - alone.gain) / boundedSd(spread) / Math.sqrt(1 / candidate.length + 1 / fresh.length);
  const numbers = `${say(alone.gain)} ± ${say(alone.error)} on ${fresh.length} fresh seeds`;
  const fallen = (reasons: readonly string[]): Verdict => {
    return { ...keep, kind: "discard", reasons, workings: { ...keep.workings, rule: "not_held" } };
  };
  if (errors > SUSPICIOUS_ERRORS)
    return fallen([`${say(onHeadSeeds.gain)} on the head's seeds, ${numbers}: more than luck explains`]);
  const isKnown = spread.degreesOfFreedom >= DOUBTFUL.degreesOfFreedom;
  const isLarge = onHeadSeeds.gain > LARGE.sds * Math.sqrt(spread.variance);
  const isUnclear =
    errors > (isKnown ? DOUBTFUL.always : DOUBTFUL.errors) ||
    (isLarge && alone.gain < LARGE.clearPart * onHeadSeeds.gain);
  const isDoubtful = isUnclear || fresh.length > rule.anchorRuns;
  const more = isDoubtful ? missing(freshSeeds.length) : undefined;
  if (more !== undefined) return { kind: "measure_more", side: "fresh", seed: more };
  const together = ahead(evidence, [...candidate, ...fresh]);
  const isAhead = isDoubtful
    ? alone.gain > Math.max(rule.holdSds * alone.error, isLarge ? LARGE.leastPart * onHeadSeeds.gain : 0)
    : alone.gain > -AGAINST_ERRORS * alone.error && together.gain > rule.holdSds * together.error;
  if (isAhead) return { ...keep, reasons: [...keep.reasons, `holds: ${numbers}`] };
  return fallen([...keep.reasons, `does not hold: ${numbers}, ${say(together.gain)} with all its runs`]);
}

/** Mean against mean; the seeds have nothing in common. */
function ahead(evidence: TentativeEvidence, runs: readonly Reading[]): { gain: number; error: number } {
  const { head, metric } = evidence;
  const [mine, theirs] = [runs, head].map((all) => mean(all.map(({ value }) => value)) ?? 0);
  const error = boundedSd(runVariance(evidence)) * Math.sqrt(1 / runs.length + 1 / head.length);
  return { gain: gainOver(metric.goal, mine ?? 0, theirs ?? 0), error };
}

/**
 * The simplification lane: less code that is not worse is a keep. Non-inferiority test with the tier-1 error. Gives a
 * step while that is open or when it is shown; undefined once it is out of reach, and the candidate must win by its gain.
 */
function judgeSimpler(evidence: TentativeEvidence, compared: Comparison): JudgeStep | undefined {
  const { rule, candidate, linesSaved } = evidence;
  const { gain, boundedError } = compared;
  const runs = candidate.length;
  const margin = simplerMargin(evidence, Math.sqrt(runVariance(evidence).variance));
  const { alpha, boundary, minRuns } = demandsOf(evidence, compared);
  if (runs >= Math.max(minRuns, SIMPLER_MIN_RUNS) && gain + margin > boundary * boundedError) {
    const reason = `simpler, ${sayLines(linesSaved)}, and not worse: ${numbersOf(compared, runs)}, may lose ${say(margin)}`;
    const workings = { ...workingsOf(compared), boundary, margin, alpha };
    return endingWith(estimateOf(compared, runs), workings)("keep", "not_worse", reason);
  }
  const isHopeless = gain + FUTILITY_Z * boundedError < (runs === 1 ? -margin : -margin / 2);
  return isHopeless ? undefined : measureMore(evidence, rule.maxRuns);
}

/** What a keep takes: the boundary in bounded standard errors, and the runs before it is asked. */
function demandsOf(evidence: TentativeEvidence, { spread }: Comparison) {
  const { rule } = evidence;
  const alpha = levelOf(evidence);
  // Levels of a stream are small, which is where the bounded normal boundary alone errs too often.
  const boundary =
    rule.control === "lord"
      ? studentBoundary(alpha, rule.maxRuns, spread)
      : sequentialBoundary(alpha, rule.maxRuns);
  const minRuns = isHeavyTailed(evidence) ? Math.max(rule.minRuns, HEAVY_MIN_RUNS) : rule.minRuns;
  return { alpha, boundary, minRuns };
}

/** Error probability of this test: the same for all, or what the stream of tests leaves to it. */
function levelOf({ rule, stream }: TentativeEvidence): number {
  return rule.control === "lord" ? lordLevel({ alpha: rule.alphaTentative, ...stream }) : rule.alphaTentative;
}

function numbersOf({ gain, boundedError, pairing }: Comparison, runs: number): string {
  return `gain ${say(gain)} ± ${say(boundedError)} (${pairing}, ${runs} ${runs === 1 ? "run" : "runs"})`;
}

function estimateOf({ gain, boundedError }: Comparison, runs: number): Estimate {
  const reach = FUTILITY_Z * boundedError;
  return { gain, low: gain - reach, high: gain + reach, confidence: SHOWN_CONFIDENCE, runs };
}

function workingsOf({ spread, pairing, boundedError }: Comparison) {
  return { ...spreadWorkings(spread), pairing, standardError: boundedError };
}
