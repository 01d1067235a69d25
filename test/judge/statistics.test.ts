import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pearsonCorrelation, spearmanCorrelation } from "../../src/judge/correlation.ts";
import {
  type Estimate,
  mean,
  median,
  medianAbsoluteDeviation,
  oneSidedP,
  type Pair,
  pairedDifference,
  pooledVariance,
  sigmaUpperBound,
  standardDeviation,
  tInterval,
  trimmedMean,
  variance,
  welchDifference,
} from "../../src/judge/statistics.ts";

const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const sampleOf = (minLength: number) => fc.array(finite, { minLength, maxLength: 20 });
const pairsOf = (minLength: number) => fc.array(fc.tuple(finite, finite), { minLength, maxLength: 20 });

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("expected a value");
  return value;
}

describe("summaries of a sample", () => {
  it("say nothing, rather than NaN, where the sample is too small", () => {
    expect([mean([]), median([]), medianAbsoluteDeviation([]), trimmedMean([])]).toEqual(
      Array(4).fill(undefined),
    );
    expect([variance([3]), standardDeviation([3]), variance([]), pooledVariance([[1], [], [2]])]).toEqual(
      Array(4).fill(undefined),
    );
    expect([pairedDifference([[1, 2]]), welchDifference([1], [1, 2]), welchDifference([1, 2], [])]).toEqual(
      Array(3).fill(undefined),
    );
    expect([
      pearsonCorrelation([[1, 2]]),
      spearmanCorrelation([]),
      pearsonCorrelation([
        [1, 2],
        [1, 3],
      ]),
    ]).toEqual(Array(3).fill(undefined));
  });

  it("agree with values worked out by hand", () => {
    const values = [2, 4, 4, 4, 5, 5, 7, 9];
    expect(mean(values)).toBe(5);
    expect(variance(values)).toBeCloseTo(32 / 7, 14);
    expect(standardDeviation(values)).toBeCloseTo(Math.sqrt(32 / 7), 14);
    expect(median(values)).toBe(4.5);
    expect(median([3, 1, 2])).toBe(2);
    expect(medianAbsoluteDeviation([1, 1, 2, 2, 4, 6, 9])).toBe(1);
    expect(trimmedMean([100, 1, 2, 3, -50], 0.2)).toBe(2);
    expect(trimmedMean([1, 2, 6], 0.2)).toBe(3);
    expect(pooledVariance([[1, 3], [10, 12, 14], [7]])).toEqual({ variance: 10 / 3, degreesOfFreedom: 3 });
  });

  it("refuse samples that hold NaN or infinity", () => {
    for (const odd of [Number.NaN, Infinity, -Infinity]) {
      for (const summary of [
        mean,
        variance,
        standardDeviation,
        median,
        medianAbsoluteDeviation,
        trimmedMean,
      ]) {
        expect(() => summary([1, odd, 2])).toThrow(RangeError);
      }
      expect(() =>
        pairedDifference([
          [1, odd],
          [1, 2],
        ]),
      ).toThrow(RangeError);
      expect(() =>
        pearsonCorrelation([
          [1, odd],
          [1, 2],
        ]),
      ).toThrow(RangeError);
      expect(() =>
        spearmanCorrelation([
          [odd, 1],
          [1, 2],
        ]),
      ).toThrow(RangeError);
      expect(() => pooledVariance([[odd]])).toThrow(RangeError);
    }
  });

  it("see no spread at all in equal values, so that a deterministic metric is recognised", () => {
    fc.assert(
      fc.property(finite, fc.integer({ min: 2, max: 30 }), (value, count) => {
        expect(variance(Array(count).fill(value))).toBe(0);
      }),
    );
  });

  it("keep precision under a large offset and do not overflow", () => {
    expect(variance([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])).toBe(30);
    expect(mean([1.7e308, 1.7e308, -1.7e308, -1.7e308])).toBe(0);
    expect(median([1.7e308, 1.6e308])).toBeCloseTo(1.65e308, -295);
  });

  it("have a variance that neither overflows nor vanishes while values differ", () => {
    expect([variance([1e308, -1e308]), variance([0, 5e-324]), variance([1e308, 1e308])]).toEqual([
      1e302, 1e-300, 0,
    ]);
    expect(known(variance([0, 1e150])) / 5e299).toBeCloseTo(1, 12);
    expect(known(variance([0, 2e-150])) / 2e-300).toBeCloseTo(1, 12);
    expect(pooledVariance([[1e308, -1e308, 0], [3]])).toEqual({ variance: 1e302, degreesOfFreedom: 2 });
    expect(standardDeviation([1e308, 0])).toBe(1e151);
  });

  it("move with the sample: a shift and a scale act as they should", () => {
    fc.assert(
      fc.property(
        sampleOf(2),
        finite,
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (values, shift, scale) => {
          const moved = values.map((value) => value * scale + shift);
          const size = 1e8 * 1e-12;
          expect(Math.abs(known(mean(moved)) - (known(mean(values)) * scale + shift))).toBeLessThan(size);
          expect(
            Math.abs(known(standardDeviation(moved)) - known(standardDeviation(values)) * scale),
          ).toBeLessThan(size);
          expect(Math.abs(known(median(moved)) - (known(median(values)) * scale + shift))).toBeLessThan(size);
        },
      ),
    );
  });

  it("refuse a trimmed share outside 0 to 0.5", () => {
    for (const odd of [-0.1, 0.5, Number.NaN]) expect(() => trimmedMean([1, 2], odd)).toThrow(RangeError);
  });
});

describe("differences and their intervals", () => {
  const drug: Pair[] = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2].map((first, index) => [
    first,
    known([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4][index]),
  ]);

  // Student's sleep data as in R's help page of t.test: published t, df, p and intervals.
  it("agree with Student's sleep data, paired", () => {
    const difference = known(pairedDifference(drug));
    expect(difference.mean).toBeCloseTo(-1.58, 14);
    expect(difference.degreesOfFreedom).toBe(9);
    expect(difference.mean / difference.standardError).toBeCloseTo(-4.0621, 4);
    expect(2 * (1 - oneSidedP(difference))).toBeCloseTo(0.002833, 6);
    const { lower, upper } = tInterval(difference, 0.95);
    expect(lower).toBeCloseTo(-2.4598858, 7);
    expect(upper).toBeCloseTo(-0.7001142, 7);
  });

  it("agree with Student's sleep data, unpaired with unequal variances", () => {
    const difference = known(
      welchDifference(
        drug.map(([a]) => a),
        drug.map(([, b]) => b),
      ),
    );
    expect(difference.degreesOfFreedom).toBeCloseTo(17.776, 3);
    expect(difference.mean / difference.standardError).toBeCloseTo(-1.8608, 4);
    const { lower, upper } = tInterval(difference);
    expect(lower).toBeCloseTo(-3.3654832, 7);
    expect(upper).toBeCloseTo(0.2054832, 7);
  });

  it("need no spread to decide: a point interval, and p is 0 above the margin and 1 at or below it", () => {
    const difference = known(
      pairedDifference([
        [3, 1],
        [5, 3],
      ]),
    );
    expect(tInterval(difference)).toEqual({ lower: 2, upper: 2 });
    expect([oneSidedP(difference, 1.9), oneSidedP(difference, 2), oneSidedP(difference, 3)]).toEqual([
      0, 1, 1,
    ]);
    expect(tInterval(difference, 1 - 2 ** -53)).toEqual({ lower: 2, upper: 2 });
    expect(welchDifference([2, 2, 2], [1, 1])).toEqual({ mean: 1, standardError: 0, degreesOfFreedom: 3 });
  });

  it("keep Welch's degrees of freedom between the smaller sample's and the pooled", () => {
    fc.assert(
      fc.property(sampleOf(2), sampleOf(2), (first, second) => {
        const { degreesOfFreedom } = known(welchDifference(first, second));
        expect(degreesOfFreedom).toBeGreaterThanOrEqual(
          (Math.min(first.length, second.length) - 1) * (1 - 1e-12),
        );
        expect(degreesOfFreedom).toBeLessThanOrEqual((first.length + second.length - 2) * (1 + 1e-12));
      }),
    );
  });

  it("turn round when the sides are exchanged", () => {
    fc.assert(
      fc.property(pairsOf(2), (pairs) => {
        const forth = known(pairedDifference(pairs));
        const back = known(pairedDifference(pairs.map(([a, b]) => [b, a])));
        expect(back.mean).toBeCloseTo(-forth.mean, 6);
        expect(back.standardError).toBeCloseTo(forth.standardError, 6);
        if (forth.standardError > 0) expect(oneSidedP(forth) + oneSidedP(back)).toBeCloseTo(1, 9);
      }),
    );
  });

  it("agree between interval and p: p is below alpha exactly when the interval lies above the margin", () => {
    const estimate: Estimate = { mean: 1, standardError: 0.4, degreesOfFreedom: 6.5 };
    const { lower } = tInterval(estimate, 0.9);
    expect(oneSidedP(estimate, lower)).toBeCloseTo(0.05, 12);
    expect(oneSidedP(estimate, lower - 0.01)).toBeLessThan(0.05);
  });

  it("refuse impossible estimates and confidences", () => {
    const estimate: Estimate = { mean: 1, standardError: 1, degreesOfFreedom: 3 };
    for (const odd of [0, 1, -1, 2, Number.NaN]) {
      expect(() => tInterval(estimate, odd)).toThrow(RangeError);
      expect(() => sigmaUpperBound(1, 3, odd)).toThrow(RangeError);
    }
    for (const odd of [0, -1, Number.NaN, Infinity]) {
      expect(() => tInterval({ ...estimate, degreesOfFreedom: odd })).toThrow(RangeError);
      expect(() => oneSidedP({ ...estimate, degreesOfFreedom: odd })).toThrow(RangeError);
      expect(() => sigmaUpperBound(1, odd)).toThrow(RangeError);
    }
    expect(() => oneSidedP({ ...estimate, standardError: -1 })).toThrow(RangeError);
    for (const odd of [Number.NaN, Infinity]) {
      expect(() => oneSidedP({ ...estimate, mean: odd })).toThrow(RangeError);
      expect(() => tInterval({ ...estimate, mean: odd })).toThrow(RangeError);
    }
    expect(() => oneSidedP(estimate, Number.NaN)).toThrow(RangeError);
    expect(() => sigmaUpperBound(-1, 3)).toThrow(RangeError);
  });
});
