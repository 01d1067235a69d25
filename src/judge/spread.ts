/** How far apart two measurements lie by chance alone, and what follows for an estimate. Pure. */

import type { Evidence, PairedEvidence, TentativeEvidence } from "../core/judge.ts";
import { normalQuantile } from "./distributions.ts";
import { pooledExcessKurtosis } from "./kurtosis.ts";
import { pooledVariance, sigmaUpperBound, type VarianceEstimate } from "./statistics.ts";

/** Fewer degrees of freedom than this do not carry a spread of their own. */
const MIN_DEGREES_OF_FREEDOM = 3;

/** One-sided bound on sigma at few degrees of freedom: with it the boundary keeps its error (docs/verdict.md). */
const SIGMA_CONFIDENCE = 0.8;

/**
 * Noise counts as heavy-tailed from this excess kurtosis on, if it is also two standard errors above a normal's: Student's
 * t with 10 degrees of freedom has 1, with 5 it has 6, and below that a wild run is the rule.
 */
const HEAVY_EXCESS = 1;
const HEAVY_ERRORS = 2;

/** What a simplification may lose, in sd of one run, where program.md names no smallest effect. */
const MARGIN_SDS = 0.5;

/** Standard errors of an optimist: what is not worth it even so many above its estimate is given up (one-sided 90 %). */
export const FUTILITY_Z = 1.28;

/** Variance of one run between fresh seeds, pooled over the heads and the candidate under judgement. */
export function runVariance(evidence: Evidence): VarianceEstimate {
  const pooled = pooledVariance(evidence.replicates);
  if (pooled !== undefined && pooled.degreesOfFreedom >= evidence.noise.degreesOfFreedom) return pooled;
  return {
    variance: evidence.noise.sdRun ** 2,
    degreesOfFreedom: Math.max(1, evidence.noise.degreesOfFreedom),
  };
}

/** Variance of a paired difference: own pairs with those of earlier comparisons; undefined while they are too few. */
export function differenceVariance(evidence: Evidence, own: readonly number[]): VarianceEstimate | undefined {
  const pooled = pooledVariance([...evidence.differences, own]);
  return pooled !== undefined && pooled.degreesOfFreedom >= MIN_DEGREES_OF_FREEDOM ? pooled : undefined;
}

/** Whether single runs are wild now and then, so that one lucky run says less than a normal would have it. */
export function isHeavyTailed({ replicates }: Evidence): boolean {
  const kurtosis = pooledExcessKurtosis(replicates);
  if (kurtosis === undefined) return false;
  return kurtosis.excess > HEAVY_EXCESS && kurtosis.excess > HEAVY_ERRORS * kurtosis.standardError;
}

/** Standard deviation used for decisions: the 80 % upper bound of the estimate. */
export function boundedSd({ variance, degreesOfFreedom }: VarianceEstimate): number {
  return variance === 0 ? 0 : sigmaUpperBound(variance, degreesOfFreedom, SIGMA_CONFIDENCE);
}

/** Boundary for one of up to `looks` looks at error `alpha` in all, close to Pocock's. Source: docs/verdict.md. */
export function sequentialBoundary(alpha: number, looks: number): number {
  return normalQuantile(1 - alpha / looks ** 0.7);
}

/** Loss up to which a simplification counts as not worse: half the smallest useful gain, else half an sd of one run. */
export function simplerMargin({ metric }: TentativeEvidence | PairedEvidence, sdRun: number): number {
  return metric.minEffect === undefined ? MARGIN_SDS * sdRun : metric.minEffect / 2;
}

/** A number for a sentence: three significant digits, sign kept. */
export function say(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

/** `7 lines fewer`. */
export function sayLines(count: number): string {
  return `${count} ${count === 1 ? "line" : "lines"} fewer`;
}
