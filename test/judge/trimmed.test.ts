import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trimmedEstimate } from "../../src/judge/trimmed.ts";

const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 16 });

describe("Yuen's trimmed mean", () => {
  it("agrees with a worked example: one of six cut at each end, four kept", () => {
    // Sorted 1 2 4 6 7 50; winsorised 2 2 4 6 7 7 has mean 28/6 and squares 158 - 28²/6; kept mean 19/4.
    const { mean, standardError, degreesOfFreedom } = trimmedEstimate([50, 2, 7, 1, 6, 4]);
    expect(mean).toBe(4.75);
    expect(standardError).toBeCloseTo(Math.sqrt((158 - 28 ** 2 / 6) / (4 * 3)), 14);
    expect(degreesOfFreedom).toBe(3);
  });

  it("cuts nothing below five values, and one at each end from five on", () => {
    expect(trimmedEstimate([0, 0, 0, 100]).mean).toBe(25);
    expect(trimmedEstimate([0, 0, 0, 0, 100]).mean).toBe(0);
    expect(trimmedEstimate([1, 3])).toEqual({ mean: 2, standardError: 1, degreesOfFreedom: 1 });
  });

  it("of one value is that value, with no error to speak of; of none is refused", () => {
    expect(trimmedEstimate([3])).toEqual({ mean: 3, standardError: 0, degreesOfFreedom: 1 });
    expect(() => trimmedEstimate([])).toThrow(/at least one value/);
    expect(() => trimmedEstimate([1, Number.NaN])).toThrow(RangeError);
  });

  it("moves and grows with the sample, and does not care for its order", () => {
    fc.assert(
      fc.property(
        values,
        fc.integer({ min: -50, max: 50 }),
        fc.constantFrom(-4, 0.5, 2),
        (sample, shift, scale) => {
          const plain = trimmedEstimate(sample);
          const moved = trimmedEstimate(sample.map((value) => value * scale + shift).toReversed());
          expect(moved.mean).toBeCloseTo(plain.mean * scale + shift, 8);
          expect(moved.standardError).toBeCloseTo(plain.standardError * Math.abs(scale), 8);
          expect(moved.degreesOfFreedom).toBe(plain.degreesOfFreedom);
        },
      ),
    );
  });

  it("is not moved by how far out the farthest of five or more values lies", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 4, maxLength: 12 }),
        (sample) => {
          expect(trimmedEstimate([...sample, 1e9])).toEqual(trimmedEstimate([...sample, 101]));
        },
      ),
    );
  });
});
