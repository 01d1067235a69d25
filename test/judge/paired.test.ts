import { describe, expect, it } from "vitest";
import type { MetricSpec } from "../../src/core/metric.ts";
import { studentQuantile } from "../../src/judge/distributions.ts";
import { judge } from "../../src/judge/judge.ts";
import { say, sequentialBoundary } from "../../src/judge/spread.ts";
import { sigmaUpperBound } from "../../src/judge/statistics.ts";
import { pairedEvidenceOf as evidence, pairsOf, RULE as rule } from "./evidence.ts";

const next = (change: Parameters<typeof evidence>[0]) => judge.next(evidence(change));

/** Error and boundary of a promotion test after `pairs` pairs whose differences have this variance and these degrees of freedom. */
function promotionTest(pairs: number, variance: number, df: number, ordinal = 1) {
  const alpha = (rule.alphaPromotion * 6) / (Math.PI ** 2 * ordinal ** 2);
  const sd = sigmaUpperBound(variance, df, 0.8);
  const student = (studentQuantile(1 - alpha / 10 ** 0.7, df) * Math.sqrt(variance)) / sd;
  const boundary = Math.max(sequentialBoundary(alpha, 10), student);
  return { alpha, error: sd / Math.sqrt(pairs), boundary, threshold: (boundary * sd) / Math.sqrt(pairs) };
}

describe("a promotion", () => {
  /** Three pairs say too little of their own spread: twice the variance of one run, on the three df of calibration. */
  const thrice = (gain: number) => pairsOf(gain, gain, gain);

  it("asks for pairs on seeds not measured yet, and for three before it decides", () => {
    expect(next({})).toEqual({ kind: "measure_pair", seed: 1, first: "challenger" });
    expect(next({ pairs: pairsOf(99, 99) })).toEqual({ kind: "measure_pair", seed: 3, first: "challenger" });
    expect(next({ pairs: pairsOf(99) })).toEqual({ kind: "measure_pair", seed: 2, first: "defender" });
    expect(next({ pairs: thrice(99) }).kind).toBe("keep");
    expect(next({ pairs: [{ seed: 1, challenger: -99, defender: 0 }], seeds: [1] })).toEqual({
      kind: "inconclusive",
      reasons: ["no unseen seeds are left"],
    });
  });

  it("asks for five where durations are measured or single runs are wild", () => {
    const metric: MetricSpec = { name: "wall_seconds", goal: "minimize", seeded: false, timing: true };
    const replicates = [[...Array.from({ length: 12 }, (_, index) => index / 12), 9]];
    for (const change of [{ metric }, { replicates }]) {
      expect(next({ ...change, pairs: pairsOf(99, 99, 99, 99) }).kind).toBe("measure_pair");
      expect(next({ ...change, pairs: pairsOf(99, 99.1, 99, 99.1, 99) }).kind).toBe("keep");
    }
  });

  it("keeps what exceeds Student's boundary, and shows its workings", () => {
    const { alpha, error, boundary, threshold } = promotionTest(3, 2, 3);
    expect(boundary).toBeGreaterThan(sequentialBoundary(alpha, 10));
    expect(next({ pairs: thrice(threshold * 0.9999) }).kind).toBe("measure_pair");
    const gain = threshold * 1.0001;
    expect(next({ pairs: thrice(gain) })).toEqual({
      kind: "keep",
      reasons: [
        `proven: ${say(gain)} ± ${say(error)} over 3 fresh pairs, above ${say(boundary)} standard errors`,
      ],
      estimate: { gain, runs: 3 },
      workings: {
        rule: "boundary",
        sd: Math.SQRT2,
        degreesOfFreedom: 3,
        pairing: "interleaved",
        standardError: error,
        gains: [gain, gain, gain],
        boundary,
        alpha,
      },
    });
  });

  it("never asks less than the bounded normal boundary", () => {
    const differences = [Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? 1 : -1))];
    const step = next({ differences, pairs: thrice(9) });
    const wanted = sequentialBoundary((rule.alphaPromotion * 6) / Math.PI ** 2, 10);
    expect("workings" in step && step.workings?.boundary).toBeGreaterThanOrEqual(wanted);
    expect("workings" in step && step.workings?.boundary).toBeLessThan(wanted * 1.02);
  });

  it("spends its error: the k-th gets 6 / (pi k)^2 of it, so that all together keep to it", () => {
    const alphas = [1, 2, 3].map((ordinal) => {
      const step = next({ ordinal, pairs: thrice(999) });
      return "workings" in step ? step.workings?.alpha : undefined;
    });
    expect(alphas).toEqual([1, 4, 9].map((square) => (0.04 * 6) / (Math.PI ** 2 * square)));
    let sum = 0;
    for (let k = 1; k <= 10_000; k++) sum += 6 / (Math.PI * k) ** 2;
    expect(sum).toBeLessThan(1);
  });

  it("calls a stack suspect that is likely to be worse", () => {
    const { error } = promotionTest(3, 2, 3);
    const edge = -1.28 * error;
    expect(next({ pairs: thrice(edge * 0.999) }).kind).toBe("measure_pair");
    const gain = edge * 1.001;
    expect(next({ pairs: thrice(gain) })).toMatchObject({
      kind: "discard",
      reasons: [`suspect: ${say(gain)} ± ${say(error)} over 3 fresh pairs`],
      workings: { rule: "suspect" },
    });
  });

  it("may stop early where proof is out of reach, if the user waits", () => {
    const { error, boundary } = promotionTest(3, 2, 3);
    const needed = (boundary * error * Math.sqrt(3)) / Math.sqrt(10);
    const edge = needed - 1.28 * error;
    expect(next({ mayStopEarly: true, pairs: thrice(edge * 1.001) }).kind).toBe("measure_pair");
    expect(next({ mayStopEarly: false, pairs: thrice(edge * 0.999) }).kind).toBe("measure_pair");
    expect(next({ mayStopEarly: true, pairs: thrice(edge * 0.999) })).toMatchObject({
      kind: "inconclusive",
      reasons: [expect.stringMatching(new RegExp(`^not proven: .*, unlikely to reach ${say(needed)}$`))],
      workings: { rule: "out_of_reach" },
    });
  });

  it("ends without a proof after its last pair", () => {
    const gains = [1, -1, 1, -1, 1, -1, 1, -1, 1, -0.5];
    expect(next({ pairs: pairsOf(...gains.slice(0, 9)) }).kind).toBe("measure_pair");
    expect(next({ pairs: pairsOf(...gains) })).toMatchObject({
      kind: "inconclusive",
      reasons: [
        expect.stringMatching(/^not proven: 0.05 ± .* over 10 fresh pairs, wanted .* standard errors$/),
      ],
      workings: { rule: "looks_used_up", degreesOfFreedom: 9 },
    });
  });

  it("keeps fewer lines that are not worse by half a standard deviation", () => {
    const { error, boundary, threshold } = promotionTest(3, 2, 3);
    const gain = threshold - 0.5 + 0.001;
    expect(next({ pairs: thrice(gain) }).kind).toBe("measure_pair");
    expect(next({ linesSaved: 12, pairs: thrice(gain - 0.002) }).kind).toBe("measure_pair");
    expect(next({ linesSaved: 12, pairs: thrice(gain) })).toMatchObject({
      kind: "keep",
      reasons: [
        `12 lines fewer and not worse: ${say(gain)} ± ${say(error)} over 3 fresh pairs, may lose 0.5`,
      ],
      workings: { rule: "not_worse", margin: 0.5, boundary },
    });
    const loss = -1.28 * error;
    expect(next({ linesSaved: 12, pairs: thrice(loss - 0.4) }).kind).toBe("measure_pair");
    expect(next({ linesSaved: 12, pairs: thrice(loss - 0.6) }).kind).toBe("discard");
  });

  it("without any spread keeps any gain, and nothing but a gain", () => {
    const noise = { isDeterministic: false, sdRepeat: 0, sdRun: 0, degreesOfFreedom: 3, mean: 0 };
    expect(next({ noise, pairs: thrice(1e-9) }).kind).toBe("keep");
    expect(next({ noise, pairs: thrice(0) }).kind).toBe("measure_pair");
    expect(next({ noise, linesSaved: 5, pairs: thrice(0) }).kind).toBe("measure_pair");
    expect(next({ noise, pairs: thrice(-1e-9) }).kind).toBe("discard");
  });
});

describe("a deterministic metric, measured once more", () => {
  const noise = { isDeterministic: true, sdRepeat: 0, sdRun: 0, degreesOfFreedom: 3, mean: 0 };

  it("asks for one pair and believes it", () => {
    expect(next({ noise })).toEqual({ kind: "measure_pair", seed: 1, first: "challenger" });
    expect(next({ noise, stage: "final", pairs: pairsOf(2) })).toEqual({
      kind: "keep",
      reasons: ["deterministic metric, measured again: 2"],
      estimate: { gain: 2, low: 2, high: 2, confidence: 1, runs: 1 },
      workings: { rule: "exact", gains: [2] },
    });
    expect(next({ noise, pairs: pairsOf(0) })).toMatchObject({
      kind: "discard",
      workings: { rule: "exact" },
    });
    expect(next({ noise, pairs: pairsOf(-1) })).toMatchObject({ kind: "discard" });
  });

  it("keeps fewer lines that lose no more than half the smallest useful gain", () => {
    const metric: MetricSpec = {
      name: "loss",
      goal: "minimize",
      seeded: false,
      timing: false,
      minEffect: 0.5,
    };
    const kindOf = (gain: number, linesSaved: number) =>
      next({ noise, metric, linesSaved, pairs: pairsOf(gain) }).kind;
    expect([kindOf(-0.25, 3), kindOf(-0.26, 3), kindOf(-0.25, 0), kindOf(0, 3), kindOf(0, 0)]).toEqual([
      "keep",
      "discard",
      "discard",
      "keep",
      "discard",
    ]);
    expect(next({ noise, metric, linesSaved: 3, pairs: pairsOf(-0.25) })).toEqual({
      kind: "keep",
      reasons: ["deterministic metric, measured again: -0.25, 3 lines fewer"],
      estimate: { gain: -0.25, low: -0.25, high: -0.25, confidence: 1, runs: 1 },
      workings: { rule: "not_worse", gains: [-0.25], margin: 0.25 },
    });
    expect(next({ noise, metric, linesSaved: 3, pairs: pairsOf(1) })).toMatchObject({
      reasons: ["deterministic metric, measured again: 1"],
      workings: { rule: "exact" },
    });
  });
});

describe("a number of pairs fixed in advance", () => {
  it("gives the t interval and the p of the pairs, as a statistics package does", () => {
    // t.test(c(1, 2, 3, 4, 2.5)): t = 5, df = 4, p (greater) = 0.003745, interval 1.1117775 to 3.8882225.
    const step = next({ stage: "final", pairs: pairsOf(1, 2, 3, 4, 2.5) });
    if (!("estimate" in step) || step.estimate === undefined) throw new Error("expected a verdict");
    expect(step.kind).toBe("keep");
    expect(step.estimate).toMatchObject({ gain: 2.5, confidence: 0.95, runs: 5 });
    expect(step.estimate.low).toBeCloseTo(1.1117775, 6);
    expect(step.estimate.high).toBeCloseTo(3.8882225, 6);
    expect(step.estimate.p).toBeCloseTo(0.003745, 6);
    expect(step.reasons).toEqual(["2.5 [1.11, 3.89], p = 0.00375, 5 pairs on unseen seeds"]);
    expect(step.workings).toMatchObject({
      rule: "fixed_number",
      pairing: "interleaved",
      degreesOfFreedom: 4,
      gains: [1, 2, 3, 4, 2.5],
    });
    expect(step.workings?.alpha).toBeCloseTo(0.05, 12);
    expect(step.workings?.sd).toBeCloseTo(Math.sqrt(1.25), 12);
    expect(step.workings?.standardError).toBeCloseTo(0.5, 12);
  });

  it("is three for a published effect, five for the final test, and three where the budget is spent", () => {
    const counts = [1, 2, 3, 4, 5].map((count) => pairsOf(...Array(count).fill(1)));
    const kinds = (change: Parameters<typeof evidence>[0]) =>
      counts.map((pairs) => next({ ...change, pairs }).kind === "keep");
    expect(kinds({ stage: "publish" })).toEqual([false, false, true, true, true]);
    expect(kinds({ stage: "final" })).toEqual([false, false, false, false, true]);
    expect(kinds({ stage: "final", isBudgetSpent: true })).toEqual([false, false, true, true, true]);
    expect(kinds({ stage: "publish", isBudgetSpent: true })).toEqual([false, false, true, true, true]);
    expect(next({ stage: "final", isBudgetSpent: true })).toMatchObject({ kind: "measure_pair" });
  });

  it("is no gain where p is 0.05 or more: inconclusive above 0, a loss at or below it", () => {
    const kind = (...gains: number[]) => next({ stage: "publish", pairs: pairsOf(...gains) }).kind;
    expect(kind(1, -1, 0.1)).toBe("inconclusive");
    expect(kind(1, -1, 0)).toBe("discard");
    expect(kind(-1, -1.1, -0.9)).toBe("discard");
    expect(kind(0, 0, 0)).toBe("discard");
  });
});
