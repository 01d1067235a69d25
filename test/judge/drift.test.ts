import { describe, expect, it } from "vitest";
import { judgeDrift } from "../../src/judge/drift.ts";
import { noiseOf } from "./evidence.ts";

describe("drift", () => {
  const exact = noiseOf({ sdRepeat: 0 });

  it("is steady where a seed gives what it gave", () => {
    expect(judgeDrift(exact, [0])).toEqual({ kind: "steady" });
    expect(judgeDrift(exact, [])).toEqual({ kind: "look_again" });
  });

  it("is believed after three seeds that agree", () => {
    expect(judgeDrift(exact, [3])).toEqual({ kind: "look_again" });
    expect(judgeDrift(exact, [3, 2])).toEqual({ kind: "look_again" });
    expect(judgeDrift(exact, [3, 2, 4])).toEqual({ kind: "shifted", shift: 3 });
    expect(judgeDrift(exact, [-3, -2, -4])).toEqual({ kind: "shifted", shift: -3 });
    expect(judgeDrift(exact, [3, -1, 7])).toEqual({ kind: "steady" });
    expect(judgeDrift(exact, [3, 0, 7])).toEqual({ kind: "steady" });
  });

  it("must be worth half a standard deviation of one run", () => {
    expect(judgeDrift(exact, [1, 1, 1])).toEqual({ kind: "steady" });
    expect(judgeDrift(exact, [1.01, 1.01, 1.01])).toEqual({ kind: "shifted", shift: 1.01 });
  });

  it("is looked for again from three standard errors of repeats on, which shrink with the seeds", () => {
    for (const count of [1, 2]) {
      const wanted = (3 * Math.SQRT2 * 0.5) / Math.sqrt(count);
      expect(judgeDrift(noiseOf(), Array(count).fill(0.999 * wanted)).kind).toBe("steady");
      expect(judgeDrift(noiseOf(), Array(count).fill(1.001 * wanted)).kind).toBe("look_again");
    }
  });

  it("is believed above Student's quantile, on the repeats and the differences together", () => {
    // t(0.9998) on 4 degrees of freedom, by scipy; the variance of a difference of repeats is 0.5.
    const t = 10.915495;
    const shiftOf = (scale: number, apart: number) => {
      const pooled = (2 * 0.5 + 2 * apart ** 2) / 4;
      const shift = scale * t * Math.sqrt(pooled / 3);
      return judgeDrift(noiseOf(), [shift - apart, shift, shift + apart]).kind;
    };
    for (const apart of [0, 0.5, 2])
      expect([shiftOf(0.999, apart), shiftOf(1.001, apart)], `${apart}`).toEqual(["steady", "shifted"]);
  });
});
