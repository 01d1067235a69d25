import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pearsonCorrelation, spearmanCorrelation } from "../../src/judge/correlation.ts";
import type { Pair } from "../../src/judge/statistics.ts";

const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const pairsOf = (minLength: number) => fc.array(fc.tuple(finite, finite), { minLength, maxLength: 20 });

describe("correlation", () => {
  it("agrees with a worked example, ties included", () => {
    const pairs: Pair[] = [
      [1, 2],
      [2, 1],
      [3, 4],
      [4, 3],
      [5, 7],
      [5, 5],
    ];
    expect(pearsonCorrelation(pairs)).toBeCloseTo(0.8315218406, 9);
    expect(spearmanCorrelation(pairs)).toBeCloseTo(0.8696565535, 9);
  });

  it("is 1 or -1 on a line, at any scale, and 1 by rank on any rising curve", () => {
    for (const scale of [1e-200, 1, 1e200]) {
      const line = [1, 2, 4, 9].map((x): Pair => [x * scale, -3 * x * scale]);
      expect(pearsonCorrelation(line)).toBeCloseTo(-1, 14);
    }
    expect(spearmanCorrelation([1, 2, 3, 4].map((x): Pair => [x, Math.exp(5 * x)]))).toBeCloseTo(1, 14);
  });

  it("stays within -1 and 1, does not care for order of the sides, and turns sign with one side", () => {
    fc.assert(
      fc.property(pairsOf(2), (pairs) => {
        for (const correlation of [pearsonCorrelation, spearmanCorrelation]) {
          const value = correlation(pairs);
          if (value === undefined) continue;
          expect(Math.abs(value)).toBeLessThanOrEqual(1);
          expect(correlation(pairs.map(([a, b]) => [b, a]))).toBeCloseTo(value, 9);
          expect(correlation(pairs.map(([a, b]) => [-a, b]))).toBeCloseTo(-value, 9);
        }
      }),
    );
  });
});
