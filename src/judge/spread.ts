/** How far apart two measurements lie by chance alone, and what follows for an estimate. Pure. */

import type { Evidence, PairedEvidence, TentativeEvidence } from "../core/judge.ts";
import { normalQuantile, studentQuantile } from "./distributions.ts";
import { pooledExcessKurtosis } from "./kurtosis.ts";
import { boundedVariance, pooledVariance, sigmaUpperBound, type VarianceEstimate } from "./statistics.ts";

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
  const { sdRun, degreesOfFreedom } = evidence.noise;
  return {
    variance: boundedVariance(sdRun ** 2, sdRun !== 0),
    degreesOfFreedom: Math.max(1, degreesOfFreedom),
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
  return sigmaUpperBound(variance, degreesOfFreedom, SIGMA_CONFIDENCE);
}

/** Boundary for one of up to `looks` looks at error `alpha` in all, close to Pocock's. Source: docs/verdict.md. */
export function sequentialBoundary(alpha: number, looks: number): number {
  return normalQuantile(1 - alpha / looks ** 0.7);
}

/** Below this error the looks of one test have less in common, and share it in smaller parts (simulated, docs/verdict.md). */
const SMALL_ERROR = 0.01;

/**
 * The same where sigma stands on few degrees of freedom and alpha is small, in standard errors with the bounded sd: there
 * the bounded normal boundary alone errs too often, so Student's must be passed as well.
 */
export function studentBoundary(alpha: number, looks: number, spread: VarianceEstimate): number {
  const normal = sequentialBoundary(alpha, looks);
  const bounded = boundedSd(spread);
  if (bounded === 0) return normal;
  const level = alpha / looks ** (alpha < SMALL_ERROR ? 0.8 : 0.7);
  const student = studentQuantile(1 - level, spread.degreesOfFreedom);
  return Math.max(normal, (student * Math.sqrt(spread.variance)) / bounded);
}

/** Loss up to which a simplification counts as not worse: half the smallest useful gain, else half an sd of one run. */
export function simplerMargin({ metric }: TentativeEvidence | PairedEvidence, sdRun: number): number {
  return metric.minEffect === undefined ? MARGIN_SDS * sdRun : metric.minEffect / 2;
}

/** A number for a sentence: three significant digits, sign kept. */
export function say(value: number): string {
  const text = value.toPrecision(3);
  return Math.abs(Number(text)) === Infinity ? text : Number(text).toString(); // 1.7976e308 rounds up to infinity
}

/** `7 lines fewer`. */
export function sayLines(count: number): string {
  return `${count} ${count === 1 ? "line" : "lines"} fewer`;
}
