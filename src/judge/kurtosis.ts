/** Whether noise has heavier tails than the normal the tests assume: excess kurtosis of small groups together. Pure. */

import { finiteDifference } from "../core/metric.ts";
import { mean, type Sample, total } from "./statistics.ts";

/** An excess kurtosis, without a unit: 0 for a normal, above 0 for heavy tails. */
export interface KurtosisEstimate {
  readonly excess: number;
  /** Standard deviation of `excess` where the noise is normal. */
  readonly standardError: number;
}

/** What groups of these sizes are worth. Sums over all values; v is the variance of a residual over sigma², 1 - 1/n. */
interface Design {
  /** Σ (n - 1). */
  readonly degreesOfFreedom: number;
  /** Σ v²: E Σ residual⁴ is 3 sigma⁴ times this under normality. */
  readonly squaredVariances: number;
  /** What one unit of the fourth cumulant of a value adds to E Σ residual⁴. */
  readonly cumulantShare: number;
  /** Var Σ residual⁴ under normality, over sigma⁸. */
  readonly fourthPowersVariance: number;
}

/** Below this there is nothing to tell a fourth moment from a second: one group of three, or a pair on its own. */
const SMALLEST_INFORMATION = 1e-9;

/**
 * Excess kurtosis within groups that may differ in mean but share one sigma: the unbiased fourth cumulant over the squared
 * pooled variance. For one group it is Fisher's G2 (scipy.stats.kurtosis with bias=False), and its standard error is the
 * one that goes with G2 (Cramér 1946, 29.3). For several, the same derivation with E Σ residual⁴ and E (Σ residual²)² of
 * all groups; 0 on average under normality, whatever the sizes, since the direction of normal residuals does not depend
 * on their length. Undefined without spread, or where the groups are too small: one needs four values, pairs need two groups.
 */
export function pooledExcessKurtosis(groups: readonly Sample[]): KurtosisEstimate | undefined {
  const residuals = groups.flatMap(residualsOf);
  const largest = residuals.reduce((peak, residual) => Math.max(peak, Math.abs(residual)), 0);
  const { degreesOfFreedom: df, squaredVariances, cumulantShare, fourthPowersVariance } = designOf(groups);
  const normalShare = (3 * squaredVariances) / (df * (df + 2));
  const information = cumulantShare - normalShare * squaredVariances;
  if (largest === 0 || !(information > SMALLEST_INFORMATION)) return undefined;
  // By shares of the largest, so that fourth powers neither overflow nor vanish.
  const squares = total(residuals.map((residual) => (residual / largest) ** 2));
  const ratio = total(residuals.map((residual) => (residual / largest) ** 4)) / squares ** 2;
  const scale = df ** 2 / information;
  // Moments of Σ residual⁴ / (Σ residual²)² under normality are quotients of moments, numerator and result being independent.
  const expectedSquare =
    (fourthPowersVariance + 9 * squaredVariances ** 2) / (df * (df + 2) * (df + 4) * (df + 6));
  const ratioVariance = Math.max(0, expectedSquare - normalShare ** 2);
  return { excess: scale * (ratio - normalShare), standardError: scale * Math.sqrt(ratioVariance) };
}

function residualsOf(group: Sample): number[] {
  const centre = mean(group) ?? 0; // of an empty group, which has no residuals
  return group.map((value) => finiteDifference(value, centre));
}

/** A residual is (1 - 1/n) of its own value and -1/n of each other one; two residuals of a group have covariance -sigma²/n. */
function designOf(groups: readonly Sample[]): Design {
  const sizes = groups.map(({ length }) => length).filter((n) => n > 0);
  const sumOver = (term: (n: number, v: number) => number) => total(sizes.map((n) => term(n, 1 - 1 / n)));
  return {
    degreesOfFreedom: sumOver((n) => n - 1),
    squaredVariances: sumOver((n, v) => n * v ** 2),
    cumulantShare: sumOver((n, v) => n * (v ** 4 + (n - 1) / n ** 4)),
    // Isserlis: cov(x⁴, y⁴) = 72 var(x) var(y) cov² + 24 cov⁴; with x = y that is 96 v⁴.
    fourthPowersVariance: sumOver(
      (n, v) => n * 96 * v ** 4 + n * (n - 1) * ((72 * v ** 2) / n ** 2 + 24 / n ** 4),
    ),
  };
}
