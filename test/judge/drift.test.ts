import { describe, expect, it } from "vitest";
import type { Noise } from "../../src/core/judge.ts";
import type { Reading } from "../../src/core/metric.ts";
import { judgeDrift } from "../../src/judge/drift.ts";
import { judge } from "../../src/judge/judge.ts";
import { normalSource } from "./random.ts";
import { METRIC } from "./simulation.ts";

const noise = (change: Partial<Noise> = {}): Noise => ({
  isDeterministic: false,
  sdRepeat: 0.5,
  sdRun: 2,
  degreesOfFreedom: 3,
  mean: 10,
  ...change,
});

describe("drift", () => {
  const exact = noise({ sdRepeat: 0 });

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
      expect(judgeDrift(noise(), Array(count).fill(0.999 * wanted)).kind).toBe("steady");
      expect(judgeDrift(noise(), Array(count).fill(1.001 * wanted)).kind).toBe("look_again");
    }
  });

  it("is believed above Student's quantile, on the repeats and the differences together", () => {
    // t(0.9998) on 4 degrees of freedom, by scipy; the variance of a difference of repeats is 0.5.
    const t = 10.915495;
    const shiftOf = (scale: number, apart: number) => {
      const pooled = (2 * 0.5 + 2 * apart ** 2) / 4;
      const shift = scale * t * Math.sqrt(pooled / 3);
      return judgeDrift(noise(), [shift - apart, shift, shift + apart]).kind;
    };
    for (const apart of [0, 0.5, 2])
      expect([shiftOf(0.999, apart), shiftOf(1.001, apart)], `${apart}`).toEqual(["steady", "shifted"]);
  });
});

describe("drift of a machine whose repeats are noisy", () => {
  /** Share of checks that see a shift, in sd of repeats; as in a run: six runs of calibration, then a head of two or more seeds. */
  function seen(shift: number, head: "baseline" | "later", checks: number): number {
    const draw = normalSource(8);
    let shifted = 0;
    for (let check = 0; check < checks; check += 1) {
      const seeds = [draw(), draw(), draw(), draw()];
      const run = (seed: number): Reading => ({ seed, value: (seeds[seed] ?? 0) + draw() });
      const calibration = [0, 1, 2, 3, 0, 1].map(run);
      const known = head === "baseline" ? calibration.slice(2, 6) : [run(0), run(1)];
      const old = [...known, ...known].slice(0, 3);
      const differences: number[] = [];
      for (const { seed, value } of old) {
        differences.push(run(seed).value + shift - value);
        const verdict = judge.drift(judge.calibrate(METRIC, calibration), differences);
        if (verdict.kind === "shifted") shifted += 1;
        if (verdict.kind !== "look_again") break;
      }
    }
    return shifted / checks;
  }

  // 30,000 checks: 0.4 and 0.8 % before; three standard errors of a share of 0.001 are 0.0006.
  it.each(["baseline", "later"] as const)(
    "is made up in no more than one check of a thousand (%s head)",
    (head) => {
      expect(seen(0, head, 30_000)).toBeLessThanOrEqual(0.001);
    },
  );

  it("is seen in most checks from ten of their sd on, and nearly always from twenty", () => {
    expect(seen(10, "later", 1000)).toBeGreaterThan(0.65);
    expect(seen(20, "later", 1000)).toBeGreaterThan(0.98);
  });
});
