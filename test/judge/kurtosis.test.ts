import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pooledExcessKurtosis } from "../../src/judge/kurtosis.ts";
import { normalSource } from "./random.ts";

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("expected a value");
  return value;
}

/** Standard error of G2 under normality, as statistics packages print it (Cramér 1946, 29.3). */
function standardErrorOfG2(n: number): number {
  const skewness = (6 * n * (n - 1)) / ((n - 2) * (n + 1) * (n + 3));
  return 2 * Math.sqrt((skewness * (n * n - 1)) / ((n - 3) * (n + 5)));
}

/** Mean and standard deviation of the estimate over normal groups of these sizes, each with a mean of its own. */
function simulate(sizes: readonly number[], repetitions: number, tail = (z: number) => z) {
  const draw = normalSource(42);
  const found = Array.from({ length: repetitions }, () =>
    pooledExcessKurtosis(
      sizes.map((size, index) => Array.from({ length: size }, () => 50 * index + 3 * tail(draw()))),
    ),
  ).map((estimate) => known(estimate).excess);
  const mean = found.reduce((sum, excess) => sum + excess, 0) / repetitions;
  const sd = Math.sqrt(found.reduce((sum, excess) => sum + (excess - mean) ** 2, 0) / (repetitions - 1));
  return { mean, sd };
}

describe("pooled excess kurtosis", () => {
  it("of one group has the published standard error", () => {
    for (const n of [4, 5, 10, 30, 1000]) {
      const values = Array.from({ length: n }, (_, index) => Math.sin(index * index));
      expect(known(pooledExcessKurtosis([values])).standardError / standardErrorOfG2(n)).toBeCloseTo(1, 9);
    }
  });

  it("is 0 on average under normality, and spreads as much as it says, even from groups of two", () => {
    for (const sizes of [[8], [2, 2, 2, 2, 2, 2], [4, 2, 3, 1, 6]]) {
      const repetitions = 3000;
      const { mean, sd } = simulate(sizes, repetitions);
      const values = sizes.map((size) => Array.from({ length: size }, (_, index) => index ** 2));
      const { standardError } = known(pooledExcessKurtosis(values));
      expect(Math.abs(mean), `${sizes}`).toBeLessThan((3.5 * standardError) / Math.sqrt(repetitions));
      // The estimate itself has tails, so its sd is known to a few per cent only.
      expect(sd / standardError, `${sizes}`).toBeGreaterThan(0.9);
      expect(sd / standardError, `${sizes}`).toBeLessThan(1.1);
    }
  });

  it("tells heavy tails and flat noise from normal noise, towards their true values", () => {
    // z³ has the excess kurtosis 10395 / 15² - 3 = 43.2; a sign has -2.
    expect(simulate([40, 40, 40], 50, (z) => z ** 3).mean).toBeGreaterThan(10);
    expect(simulate([400, 400], 5, Math.sign).mean).toBeCloseTo(-2, 1);
  });

  it("does not care for scale, for the groups' means and for their order, at any magnitude", () => {
    const group = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 2, maxLength: 5 }),
        fc.constantFrom(2 ** -900, 2 ** -3, 2 ** 900),
        fc.integer({ min: -1000, max: 1000 }),
        (groups, scale, shift) => {
          const plain = pooledExcessKurtosis(groups);
          const moved = groups
            .map((values, index) => values.map((value) => (value + shift * index) * scale))
            .toReversed();
          const found = pooledExcessKurtosis(moved);
          expect(found === undefined).toBe(plain === undefined);
          if (found === undefined || plain === undefined) return;
          expect(found.excess).toBeCloseTo(plain.excess, 6);
          expect(found.standardError).toBeCloseTo(plain.standardError, 9);
        },
      ),
    );
  });

  it("says nothing where there is nothing to tell", () => {
    for (const groups of [[], [[]], [[1]], [[1, 2]], [[1, 2, 4]], [[1, 2, 4], [7], []], [[3, 3, 3, 3, 3]]])
      expect(pooledExcessKurtosis(groups), JSON.stringify(groups)).toBeUndefined();
    const least = known(
      pooledExcessKurtosis([
        [1, 2],
        [1, 4],
      ]),
    );
    expect(Number.isFinite(least.excess) && least.standardError > 0).toBe(true);
  });

  it("is not changed by groups that say nothing", () => {
    const groups = [
      [1, 2, 4, 8],
      [3, 3.5, 1],
    ];
    expect(pooledExcessKurtosis([[], ...groups, [7], []])).toEqual(pooledExcessKurtosis(groups));
  });

  it("refuses values that are not finite", () => {
    for (const odd of [Number.NaN, Infinity])
      expect(() => pooledExcessKurtosis([[1, 2, odd, 4]])).toThrow(RangeError);
  });
});
