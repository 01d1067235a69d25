import { describe, expect, it } from "vitest";
import type { TentativeEvidence } from "../../src/core/judge.ts";
import type { MetricSpec } from "../../src/core/metric.ts";
import { calibrate } from "../../src/judge/calibrate.ts";
import { studentQuantile } from "../../src/judge/distributions.ts";
import {
  boundedSd,
  differenceVariance,
  isHeavyTailed,
  runVariance,
  say,
  sayLines,
  sequentialBoundary,
  simplerMargin,
  studentBoundary,
} from "../../src/judge/spread.ts";
import { sigmaUpperBound } from "../../src/judge/statistics.ts";
import { evidenceOf, noiseOf } from "./evidence.ts";
import { normalSource } from "./random.ts";

const METRIC: MetricSpec = { name: "loss", goal: "minimize", seeded: true, timing: false };
const evidence = (change: Partial<TentativeEvidence> = {}) => evidenceOf({ noise: noiseOf(), ...change });

describe("the variance of one run", () => {
  it("comes from calibration until as many degrees of freedom are pooled", () => {
    expect(runVariance(evidence())).toEqual({ variance: 4, degreesOfFreedom: 3 });
    expect(runVariance(evidence({ replicates: [[1, 2, 3]] }))).toEqual({ variance: 4, degreesOfFreedom: 3 });
    const pooled = { variance: (2 + 8) / 3, degreesOfFreedom: 3 };
    expect(
      runVariance(
        evidence({
          replicates: [
            [1, 2, 3],
            [1, 5],
          ],
        }),
      ),
    ).toEqual(pooled);
  });

  it("rests on one degree of freedom at least", () => {
    expect(runVariance(evidence({ noise: noiseOf({ degreesOfFreedom: 0 }) }))).toEqual({
      variance: 4,
      degreesOfFreedom: 1,
    });
  });
});

describe("the variance of calibration", () => {
  it("stays a number that decisions can be made with", () => {
    const varianceOf = (sdRun: number) => runVariance(evidence({ noise: noiseOf({ sdRun }) })).variance;
    expect([1e300, 1e-300, 0].map(varianceOf)).toEqual([1e302, 1e-300, 0]);
  });
});

describe("the variance of a paired difference", () => {
  it("is unknown below three degrees of freedom, and pooled with earlier comparisons from there on", () => {
    expect(differenceVariance(evidence(), [])).toBeUndefined();
    expect(differenceVariance(evidence(), [1, 2, 3])).toBeUndefined();
    expect(differenceVariance(evidence({ differences: [[1, 3]] }), [1, 2, 3])).toEqual({
      variance: (2 + 2) / 3,
      degreesOfFreedom: 3,
    });
    expect(differenceVariance(evidence(), [1, 2, 3, 4])).toEqual({ variance: 5 / 3, degreesOfFreedom: 3 });
  });
});

describe("heavy tails", () => {
  const flat = Array.from({ length: 12 }, (_, index) => index);

  it("are seen in one wild run among twelve, and in that alone", () => {
    expect(isHeavyTailed(evidence({ replicates: [[...flat, 100]] }))).toBe(true);
    expect(isHeavyTailed(evidence({ replicates: [flat] }))).toBe(false);
    expect(isHeavyTailed(evidence({ replicates: [[1, 2, 3]] }))).toBe(false);
    expect(isHeavyTailed(evidence({ replicates: [] }))).toBe(false);
  });

  it("are not believed within two standard errors, nor for a small excess however sure", () => {
    // Excess 4 with a standard error of 2.6; then excess 0.4 with one of 0.06.
    expect(isHeavyTailed(evidence({ replicates: [[0, 0, 0, 1]] }))).toBe(false);
    const draw = normalSource(4);
    const slightly = Array.from({ length: 6000 }, () => draw() * (draw() > 0 ? 1 : 1.5));
    expect(isHeavyTailed(evidence({ replicates: [slightly] }))).toBe(false);
  });

  it("are rarely seen in normal noise", () => {
    const draw = normalSource(5);
    let seen = 0;
    for (let index = 0; index < 500; index++) {
      const replicates = [Array.from({ length: 4 }, draw), Array.from({ length: 6 }, draw)];
      if (isHeavyTailed(evidence({ replicates }))) seen += 1;
    }
    expect(seen / 500).toBeLessThan(0.08);
  });
});

describe("boundaries", () => {
  it("use the 80 % upper bound of sigma, and nothing where there is no spread", () => {
    expect(boundedSd({ variance: 4, degreesOfFreedom: 3 })).toBe(sigmaUpperBound(4, 3, 0.8));
    expect(boundedSd({ variance: 0, degreesOfFreedom: 3 })).toBe(0);
  });

  // By simulation of 400,000 sums of normals: Pocock's constants for K looks at one-sided error alpha.
  it.each([
    [2, 0.05, 1.877],
    [3, 0.05, 1.992],
    [5, 0.05, 2.12],
    [5, 0.025, 2.413],
    [10, 0.05, 2.267],
    [10, 0.025, 2.555],
    [10, 0.0076, 2.986],
  ])("for %d looks at error %d lie within 0.07 of Pocock's", (looks, alpha, pocock) => {
    expect(Math.abs(sequentialBoundary(alpha, looks) - pocock)).toBeLessThan(0.07);
  });

  it("keep to alpha over all looks from the second on", () => {
    const draw = normalSource(6);
    for (const [looks, alpha] of [
      [4, 0.6],
      [6, 0.2],
      [10, 0.024],
    ] as const) {
      const boundary = sequentialBoundary(alpha, looks);
      let passed = 0;
      for (let play = 0; play < 4000; play++) {
        let sum = draw();
        let isAbove = false;
        for (let look = 2; look <= looks; look++) {
          sum += draw();
          isAbove ||= sum > boundary * Math.sqrt(look);
        }
        if (isAbove) passed += 1;
      }
      expect(passed / 4000).toBeLessThan(alpha + 3.5 * Math.sqrt((alpha * (1 - alpha)) / 4000));
    }
  });
});

describe("Student's boundary", () => {
  const spread = { variance: 4, degreesOfFreedom: 3 };
  const studentOf = (level: number) => (studentQuantile(1 - level, 3) * 2) / boundedSd(spread);

  it("is asked beside the bounded normal one, in the same standard errors, and the higher one counts", () => {
    expect(studentBoundary(0.02, 10, spread)).toBe(studentOf(0.02 / 10 ** 0.7));
    expect(studentBoundary(0.02, 10, spread)).toBeGreaterThan(sequentialBoundary(0.02, 10));
    const known = { variance: 4, degreesOfFreedom: 400 };
    expect(studentBoundary(0.6, 4, known)).toBe(sequentialBoundary(0.6, 4));
  });

  it("shares a small error among the looks in smaller parts", () => {
    expect(studentBoundary(0.01, 10, spread)).toBe(studentOf(0.01 / 10 ** 0.7));
    expect(studentBoundary(0.0099, 10, spread)).toBe(studentOf(0.0099 / 10 ** 0.8));
  });

  it("without any spread is the normal one", () => {
    expect(studentBoundary(0.01, 8, { variance: 0, degreesOfFreedom: 3 })).toBe(sequentialBoundary(0.01, 8));
  });
});

describe("what a simplification may lose", () => {
  it("is half the smallest useful gain, else half a standard deviation of one run", () => {
    expect(simplerMargin(evidence(), 3)).toBe(1.5);
    expect(simplerMargin(evidence({ metric: { ...METRIC, minEffect: 0.4 } }), 3)).toBe(0.2);
  });
});

describe("numbers in sentences", () => {
  it("have three digits and no needless ones", () => {
    expect([1 / 3, -2, 12345, 1e-7, 0].map(say)).toEqual(["0.333", "-2", "12300", "1e-7", "0"]);
    expect([Number.MAX_VALUE, -Number.MAX_VALUE, 1.79e308].map(say)).toEqual([
      "1.80e+308",
      "-1.80e+308",
      "1.79e+308",
    ]);
    expect([1, 2].map(sayLines)).toEqual(["1 line fewer", "2 lines fewer"]);
  });
});

describe("calibration", () => {
  const readings = [
    { seed: 1, value: 1 },
    { seed: 2, value: 5 },
    { seed: 1, value: 3 },
  ];

  it("of a seeded metric takes the first value of each seed, of another every value", () => {
    const seeded = calibrate(METRIC, readings);
    expect(seeded).toEqual({
      isDeterministic: false,
      sdRepeat: Math.SQRT2,
      sdRun: Math.sqrt(8),
      degreesOfFreedom: 1,
      mean: 3,
    });
    expect(calibrate({ ...METRIC, seeded: false }, readings)).toEqual({
      ...seeded,
      sdRun: 2,
      degreesOfFreedom: 2,
    });
  });

  it("of one reading knows no spread; of none it is refused", () => {
    expect(calibrate(METRIC, readings.slice(0, 1))).toEqual({
      isDeterministic: false,
      sdRepeat: 0,
      sdRun: 0,
      degreesOfFreedom: 0,
      mean: 1,
    });
    expect(() => calibrate(METRIC, [])).toThrow(/at least one reading/);
  });
});
