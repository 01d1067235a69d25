import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lordLevel, lordWeight } from "../../src/judge/lord.ts";
import { discoveriesOf } from "./lord-stream.ts";

describe("the level of LORD++", () => {
  // The example of LORD(sample.df, alpha = 0.1, w0 = 0.05) in the reference pages of onlineFDR 1.9.2 (Robertson et al.),
  // in the order in which that package shuffled it. Its weights are scaled by 0.07720838 instead of 0.0722.
  const PUBLISHED: readonly (readonly [p: number, level: number, rejects: 0 | 1])[] = [
    [2.9e-8, 0.0026758385, 1],
    [0.06743, 0.0032577488, 0],
    [0.01514, 0.0010775352, 0],
    [0.08174, 0.0009078052, 0],
    [0.00171, 0.0007616238, 0],
    [0.27201, 0.0006517385, 0],
    [3.6e-5, 0.0005682672, 1],
    [0.79149, 0.0058549106, 0],
    [7.59e-8, 0.0016151293, 1],
    [0.28295, 0.006751887, 0],
    [0.69274, 0.0023619734, 0],
    [0.72342, 0.0020342733, 0],
    [0.30443, 0.0017477495, 0],
    [0.54757, 0.0015277362, 0],
    [0.00136, 0.0013569121, 0],
  ];

  it("agrees with the reference implementation's published example", () => {
    const discoveries = PUBLISHED.flatMap(([, , rejects], position) => (rejects === 1 ? [position + 1] : []));
    expect(discoveries).toEqual([1, 7, 9]);
    for (const [position, [, published]] of PUBLISHED.entries()) {
      const index = position + 1;
      const level = lordLevel({ alpha: 0.1, index, discoveries: discoveries.filter((one) => one < index) });
      expect((level * 0.07720838) / 0.0722, `test ${index}`).toBeCloseTo(published, 9);
    }
  });

  it("makes the published discoveries from the published p-values", () => {
    expect(
      discoveriesOf(
        0.1,
        PUBLISHED.map(([p]) => p),
      ),
    ).toEqual([1, 7, 9]);
  });

  it("starts at alpha / 2 times the first weight and falls until something is discovered", () => {
    expect(lordLevel({ alpha: 0.2, index: 1, discoveries: [] })).toBeCloseTo(0.1 * 0.0722 * Math.LN2, 15);
    const levels = [1, 2, 3, 10, 100, 1e6].map((index) => lordLevel({ alpha: 0.2, index, discoveries: [] }));
    expect(levels).toEqual(levels.toSorted((a, b) => b - a));
    expect(new Set(levels).size).toBe(levels.length);
  });

  it("is in proportion to alpha, above 0 and below alpha, in whatever order the discoveries come", () => {
    const earlier = fc.uniqueArray(fc.integer({ min: 1, max: 199 }), { maxLength: 40 });
    fc.assert(
      fc.property(earlier, fc.double({ min: 1e-6, max: 0.5, noNaN: true }), (discoveries, alpha) => {
        const level = lordLevel({ alpha, index: 200, discoveries });
        expect(level).toBeGreaterThan(0);
        expect(level).toBeLessThan(alpha);
        expect(lordLevel({ alpha: alpha / 2, index: 200, discoveries })).toBeCloseTo(level / 2, 15);
        expect(lordLevel({ alpha, index: 200, discoveries: discoveries.toReversed() })).toBeCloseTo(
          level,
          15,
        );
      }),
    );
  });

  it("never spends more than was earned: alpha / 2 at first, alpha / 2 and then alpha for each discovery", () => {
    const pValues = fc.array(
      fc.double({ min: 0, max: 1, noNaN: true }).map((u) => u ** 6),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(pValues, (stream) => {
        const discoveries = discoveriesOf(0.1, stream);
        const spent = stream.reduce((sum, _, position) => {
          const index = position + 1;
          const earlier = discoveries.filter((one) => one < index);
          return sum + lordLevel({ alpha: 0.1, index, discoveries: earlier });
        }, 0);
        expect(spent).toBeLessThanOrEqual(0.1 * Math.max(0.5, discoveries.length));
      }),
      { numRuns: 50 },
    );
  });

  it("has weights that sum to at most 1 over an endless stream", () => {
    const counted = 100_000;
    let sum = 0;
    for (let age = 1; age <= counted; age += 1) sum += lordWeight(age);
    // log x / (x e^√log x) falls beyond x = 3, so the rest is at most its integral: ∫ 2 v³ e^-v dv from v = √log x on.
    const v = Math.sqrt(Math.log(counted));
    const rest = 0.0722 * 2 * Math.exp(-v) * (v ** 3 + 3 * v ** 2 + 6 * v + 6);
    expect(sum + rest).toBeLessThanOrEqual(1);
    expect(sum + rest).toBeCloseTo(0.913, 3);
  });

  it("refuses streams that cannot be", () => {
    for (const alpha of [0, 1, -0.1, Number.NaN])
      expect(() => lordLevel({ alpha, index: 1, discoveries: [] })).toThrow(/alpha must be/);
    for (const index of [0, -1, 1.5, Number.NaN, Infinity])
      expect(() => lordLevel({ alpha: 0.1, index, discoveries: [] })).toThrow(/index of a test/);
    for (const odd of [0, -1, 1.5, 3, 4, Number.NaN])
      expect(() => lordLevel({ alpha: 0.1, index: 3, discoveries: [1, odd] })).toThrow(/a discovery before/);
    expect(() => lordLevel({ alpha: 0.1, index: 3, discoveries: [2, 2] })).toThrow(/named twice/);
    expect(lordLevel({ alpha: 0.1, index: 3, discoveries: [1, 2] })).toBeGreaterThan(0);
  });
});
