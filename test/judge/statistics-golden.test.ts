import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pearsonCorrelation, spearmanCorrelation } from "../../src/judge/correlation.ts";
import { pooledExcessKurtosis } from "../../src/judge/kurtosis.ts";
import {
  mean,
  median,
  medianAbsoluteDeviation,
  oneSidedP,
  type Pair,
  pairedDifference,
  pooledVariance,
  sigmaUpperBound,
  tInterval,
  trimmedMean,
  variance,
  welchDifference,
} from "../../src/judge/statistics.ts";
import { trimmedEstimate } from "../../src/judge/trimmed.ts";

interface Golden {
  one: {
    of: string;
    values: number[];
    mean: number;
    variance: number;
    median: number;
    mad: number;
    trimmedMean: number;
    yuenT: number;
    kurtosis: number;
    greaterP: number;
    interval80: [number, number];
    interval99: [number, number];
  }[];
  two: {
    of: string;
    first: number[];
    second: number[];
    welchT: number;
    welchP: number;
    welchDf: number;
    pairedT: number;
    pairedP: number;
    pooled: number;
    pearson: number | null;
    spearman: number | null;
  }[];
  /** Variance, degrees of freedom, confidence, bound. */
  sigma: [number, number, number, number][];
}

// Written by golden/make.py with scipy.stats: normal, heavy-tailed, tied, skewed and far-off samples.
const golden: Golden = JSON.parse(readFileSync(new URL("golden/samples.json", import.meta.url), "utf8"));

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("expected a value");
  return value;
}

/** Equal to 11 digits, or to `absolute` where scipy itself loses digits to cancellation. */
function expectSame(actual: number | undefined, wanted: number, absolute = 0): void {
  const error = Math.abs(known(actual) - wanted);
  expect(error, `${actual} instead of ${wanted}`).toBeLessThanOrEqual(
    Math.max(absolute, 1e-11 * Math.abs(wanted)),
  );
}

describe("samples as scipy sees them", () => {
  it.each(golden.one)("$of, of $values.length", (row) => {
    const { values } = row;
    // A sample a million away from 0 with a spread of 0.01 keeps eight digits of it.
    const size = row.of === "offset" ? 1e-7 : 1e-12;
    expectSame(mean(values), row.mean);
    expectSame(variance(values), row.variance, row.of === "offset" ? 1e-12 : 0);
    expectSame(median(values), row.median);
    expectSame(medianAbsoluteDeviation(values), row.mad, 1e-15);
    expectSame(trimmedMean(values), row.trimmedMean, 1e-15);
    expectSame(
      known(pooledExcessKurtosis([values])).excess,
      row.kurtosis,
      row.of === "offset" ? 1e-6 : 1e-12,
    );
    const trimmed = trimmedEstimate(values);
    expectSame(trimmed.mean, row.trimmedMean, 1e-15);
    expectSame(trimmed.mean / trimmed.standardError, row.yuenT, size * Math.abs(row.yuenT));
    const estimate = known(pairedDifference(values.map((value): Pair => [value, 0])));
    expectSame(oneSidedP(estimate, 0.1), row.greaterP, row.of === "offset" ? 1e-20 : 0);
    const [narrow, wide] = [tInterval(estimate, 0.8), tInterval(estimate, 0.99)];
    // scipy's own quantile of t is off by up to 3e-9 (make.py prints it), and so are its intervals.
    const reach = 1e-8 * (wide.upper - wide.lower);
    expectSame(narrow.lower, row.interval80[0], reach);
    expectSame(narrow.upper, row.interval80[1], reach);
    expectSame(wide.lower, row.interval99[0], reach);
    expectSame(wide.upper, row.interval99[1], reach);
  });

  it.each(golden.two)("$of, of $first.length against $second.length", (row) => {
    const { first, second } = row;
    const lost = row.of === "offset" ? 1e-6 : 0;
    const welch = known(welchDifference(first, second));
    expectSame(welch.mean / welch.standardError, row.welchT, lost * Math.abs(row.welchT));
    expectSame(welch.degreesOfFreedom, row.welchDf, lost);
    expectSame(oneSidedP(welch), row.welchP, lost);
    expectSame(known(pooledVariance([first, second])).variance, row.pooled, lost);
    const pairs = second.slice(0, first.length).map((value, index): Pair => [known(first[index]), value]);
    const paired = known(pairedDifference(pairs));
    expectSame(paired.mean / paired.standardError, row.pairedT, lost * Math.abs(row.pairedT));
    expectSame(oneSidedP(paired), row.pairedP, lost);
    if (row.pearson === null || row.spearman === null) {
      expect(pearsonCorrelation(pairs)).toBeUndefined();
      expect(spearmanCorrelation(pairs)).toBeUndefined();
    } else {
      expectSame(pearsonCorrelation(pairs), row.pearson, lost + 1e-14);
      expectSame(spearmanCorrelation(pairs), row.spearman, 1e-14);
    }
  });

  it("the upper bound on sigma, at any confidence and at fractional degrees of freedom", () => {
    for (const [sampleVariance, df, confidence, bound] of golden.sigma)
      expectSame(sigmaUpperBound(sampleVariance, df, confidence), bound);
  });
});
