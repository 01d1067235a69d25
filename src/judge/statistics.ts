/**
 * Summaries, differences and intervals of samples: pure functions, no state.
 * What a sample is too small to tell is `undefined`, never NaN; values that are not finite throw RangeError.
 */
import { chiSquaredQuantile, studentCdf, studentQuantile } from "./distributions.ts";
import { requirePositive } from "./special-functions.ts";

/** An estimated mean or difference of means, in the unit of the sample. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
  readonly degreesOfFreedom: number;
}

/** A variance, in the squared unit of the sample, and the degrees of freedom it rests on. */
export interface VarianceEstimate {
  readonly variance: number;
  readonly degreesOfFreedom: number;
}

/** Two measurements that share what makes them comparable, such as a seed. */
export type Pair = readonly [number, number];

/** Measurements of one code, in one unit. */
export type Sample = readonly number[];

/** Throws RangeError where a value is NaN or infinite. */
export function requireFinite(values: Sample): void {
  const odd = values.find((value) => !Number.isFinite(value));
  if (odd !== undefined) throw new RangeError(`a sample must hold finite numbers, not ${odd}`);
}

function requireConfidence(confidence: number): void {
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`confidence must be between 0 and 1, not ${confidence}`);
}

/** Plain sum; 0 for an empty sample. */
export const total = (values: Sample) => values.reduce((sum, value) => sum + value, 0);

/**
 * Arithmetic mean, corrected once by the mean of what it leaves over (the two-pass form of Chan, Golub & LeVeque 1983);
 * undefined for an empty sample. Equal values give exactly that value.
 */
export function mean(values: Sample): number | undefined {
  requireFinite(values);
  const [first] = values;
  if (first === undefined) return undefined;
  const rough = first + total(values.map((value) => value - first)) / values.length;
  const corrected = rough + total(values.map((value) => value - rough)) / values.length;
  // Differences or sums of huge values can overflow; dividing first cannot.
  return Number.isFinite(corrected) ? corrected : total(values.map((value) => value / values.length));
}

/** Variances end here, so that what is made of them is a number too; 0 is left to values that are all equal. */
const LARGEST_VARIANCE = 1e302;
const SMALLEST_VARIANCE = 1e-300;

/** A variance that has neither overflowed nor vanished. */
export function boundedVariance(square: number, isSpread: boolean): number {
  return isSpread ? Math.max(SMALLEST_VARIANCE, Math.min(LARGEST_VARIANCE, square)) : 0;
}

/**
 * Sample variance with n - 1; undefined for fewer than two values. Ends at 1e302, which values more than 1e150 apart
 * need, and at 1e-300 for values that are closer than 1e-150 but not equal.
 */
export function variance(values: Sample): number | undefined {
  const centre = mean(values);
  if (centre === undefined || values.length < 2) return undefined;
  const square = total(values.map((value) => (value - centre) ** 2)) / (values.length - 1);
  return boundedVariance(
    square,
    values.some((value) => value !== values[0]),
  );
}

/** Sample standard deviation with n - 1; undefined for fewer than two values. */
export function standardDeviation(values: Sample): number | undefined {
  const spread = variance(values);
  return spread === undefined ? undefined : Math.sqrt(spread);
}

/** Median, the midpoint of the middle two for an even count; undefined for an empty sample. */
export function median(values: Sample): number | undefined {
  requireFinite(values);
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.floor(sorted.length / 2)];
  if (low === undefined || high === undefined) return undefined;
  return low === high ? low : low / 2 + high / 2;
}

/** Median absolute deviation from the median, unscaled (times 1.4826 = 1 / normalQuantile(0.75) it estimates a normal sigma); undefined for an empty sample. */
export function medianAbsoluteDeviation(values: Sample): number | undefined {
  const centre = median(values);
  return centre === undefined ? undefined : median(values.map((value) => Math.abs(value - centre)));
}

/** Mean without the floor(n · share) lowest and as many highest values; share in 0..0.5 (exclusive), else RangeError. */
export function trimmedMean(values: Sample, share = 0.2): number | undefined {
  if (!(share >= 0 && share < 0.5))
    throw new RangeError(`the trimmed share must be at least 0 and below 0.5, not ${share}`);
  requireFinite(values);
  const cut = Math.floor(values.length * share);
  return mean(values.toSorted((a, b) => a - b).slice(cut, values.length - cut));
}

/** Variance within groups that may differ in mean but share one sigma, weighted by degrees of freedom; undefined where no group has two values. */
export function pooledVariance(groups: readonly Sample[]): VarianceEstimate | undefined {
  let squares = 0;
  let degreesOfFreedom = 0;
  for (const group of groups) {
    const freedom = Math.max(0, group.length - 1);
    squares += (variance(group) ?? 0) * freedom;
    degreesOfFreedom += freedom;
  }
  return degreesOfFreedom === 0 ? undefined : { variance: squares / degreesOfFreedom, degreesOfFreedom };
}

/**
 * One-sided upper confidence bound on sigma for normal noise: √(variance · df / χ²(1 - confidence, df)), since
 * variance · df / sigma² is chi-squared with df degrees of freedom (Cochran 1934).
 * Throws RangeError for a negative variance, degreesOfFreedom <= 0 or a confidence outside 0..1 (exclusive).
 */
export function sigmaUpperBound(sampleVariance: number, degreesOfFreedom: number, confidence = 0.8): number {
  if (!(sampleVariance >= 0)) throw new RangeError(`a variance must be at least 0, not ${sampleVariance}`);
  requireConfidence(confidence);
  return Math.sqrt(
    (sampleVariance * degreesOfFreedom) / chiSquaredQuantile(1 - confidence, degreesOfFreedom),
  );
}

/** Mean of first minus second over pairs, with n - 1 degrees of freedom; undefined for fewer than two pairs. */
export function pairedDifference(pairs: readonly Pair[]): Estimate | undefined {
  requireFinite(pairs.flat());
  const differences = pairs.map(([first, second]) => first - second);
  const centre = mean(differences);
  const spread = variance(differences);
  if (centre === undefined || spread === undefined) return undefined;
  return {
    mean: centre,
    standardError: Math.sqrt(spread / pairs.length),
    degreesOfFreedom: pairs.length - 1,
  };
}

/**
 * Mean of first minus mean of second with unequal variances (Welch 1947, with the degrees of freedom of Satterthwaite 1946);
 * undefined where either has fewer than two values.
 */
export function welchDifference(first: Sample, second: Sample): Estimate | undefined {
  const [firstMean, secondMean, firstVariance, secondVariance] = [
    mean(first),
    mean(second),
    variance(first),
    variance(second),
  ];
  if (firstMean === undefined || secondMean === undefined) return undefined;
  if (firstVariance === undefined || secondVariance === undefined) return undefined;
  const a = firstVariance / first.length;
  const b = secondVariance / second.length;
  // By shares of the larger part, so that tiny variances do not underflow to 0 / 0; without any spread both samples count whole.
  const larger = Math.max(a, b);
  const [s, t] = larger === 0 ? [1, 1] : [a / larger, b / larger];
  const satterthwaite = (s + t) ** 2 / (s ** 2 / (first.length - 1) + t ** 2 / (second.length - 1));
  const degreesOfFreedom = larger === 0 ? first.length + second.length - 2 : satterthwaite;
  return { mean: firstMean - secondMean, standardError: Math.sqrt(a + b), degreesOfFreedom };
}

function requireEstimate({ mean: centre, standardError, degreesOfFreedom }: Estimate): void {
  if (!Number.isFinite(centre) || !(standardError >= 0))
    throw new RangeError("an estimate needs a finite mean and a standard error of at least 0");
  requirePositive("degreesOfFreedom", degreesOfFreedom);
}

/** Two-sided t interval; a standard error of 0 gives a point. Throws RangeError for a confidence outside 0..1 (exclusive) and for a mean that is not finite. */
export function tInterval(
  estimate: Estimate,
  confidence = 0.95,
): { readonly lower: number; readonly upper: number } {
  requireEstimate(estimate);
  requireConfidence(confidence);
  const quantile = studentQuantile((1 + confidence) / 2, estimate.degreesOfFreedom);
  // A confidence so near 1 that half of the rest rounds away has an infinite quantile, and 0 times that is no number.
  const reach = estimate.standardError === 0 ? 0 : estimate.standardError * quantile;
  return { lower: estimate.mean - reach, upper: estimate.mean + reach };
}

/**
 * One-sided p of "the true mean is at most `margin`" against "above it". Without any spread: 0 above the margin, else 1.
 * A bare statistic t has p = studentCdf(-t, df).
 */
export function oneSidedP(estimate: Estimate, margin = 0): number {
  requireEstimate(estimate);
  requireFinite([margin]);
  const excess = estimate.mean - margin;
  if (estimate.standardError === 0) return excess > 0 ? 0 : 1;
  return studentCdf(-excess / estimate.standardError, estimate.degreesOfFreedom);
}
