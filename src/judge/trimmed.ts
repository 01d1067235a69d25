/** Location and error of a small sample with tails: Yuen's trimmed mean. Pure. */

import { type Estimate, mean, type Sample, variance } from "./statistics.ts";

/** Share cut at each end: the usual 20 % (Wilcox 2017, "Introduction to Robust Estimation and Hypothesis Testing", 3.3). */
const TRIM = 0.2;

/**
 * Trimmed mean with its standard error and degrees of freedom: Yuen 1974, "The two-sample trimmed t for unequal population
 * variances", for one sample. With n values, g = floor(n / 5) cut at each end and h = n - 2g kept, the squared error is
 * (n - 1) s² / (h (h - 1)), where s² is the variance with the cut values replaced by their nearest kept ones, and the
 * degrees of freedom are h - 1. Below five values nothing is cut: plain mean and its error. Its 95 % interval covers 94 %
 * of normal and 94.5 to 96 % of t samples with 2 or 3 degrees of freedom from five to ten values on, simulated in
 * test/judge/coverage.test.ts. Throws RangeError for an empty sample; one value has the error 0 on 1 degree of freedom.
 */
export function trimmedEstimate(values: Sample): Estimate {
  const sorted = values.toSorted((a, b) => a - b);
  const cut = Math.floor(TRIM * sorted.length);
  const kept = sorted.slice(cut, sorted.length - cut);
  const centre = mean(kept);
  if (centre === undefined) throw new RangeError("a trimmed mean needs at least one value");
  const [low, high] = [Math.min(...kept), Math.max(...kept)];
  const winsorised = sorted.map((value) => Math.min(high, Math.max(low, value)));
  const squares = (variance(winsorised) ?? 0) * (sorted.length - 1);
  const degreesOfFreedom = Math.max(1, kept.length - 1);
  return {
    mean: centre,
    standardError: Math.sqrt(squares / (kept.length * degreesOfFreedom)),
    degreesOfFreedom,
  };
}
