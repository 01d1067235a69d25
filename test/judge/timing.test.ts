import { describe, expect, it } from "vitest";
import type { TentativeEvidence } from "../../src/core/judge.ts";
import type { MetricSpec, Reading } from "../../src/core/metric.ts";
import { judge } from "../../src/judge/judge.ts";
import { say } from "../../src/judge/spread.ts";
import { trimmedEstimate } from "../../src/judge/trimmed.ts";
import { at, evidenceOf } from "./evidence.ts";

const metric: MetricSpec = { name: "wall_seconds", goal: "minimize", seeded: false, timing: true };
type Change = Partial<TentativeEvidence>;
const gaining = (gains: readonly number[], change: Change = {}) =>
  judge.next(
    evidenceOf({
      metric,
      candidate: at(...gains.map((gain) => -gain)),
      head: at(...gains.map(() => 0)),
      ...change,
    }),
  );
/** Gains around a mean, the same spread whatever the mean. */
const around = (mean: number, count: number) =>
  [-0.1, 0.1, -0.05, 0.05, 0, 0.2, -0.2, 0.15, -0.15, 0].slice(0, count).map((offset) => mean + offset);
// Three of five are kept; with the outer ones pulled in, the squares sum to 4 · 0.05²: Yuen's error, on two degrees of freedom.
const standardError = Math.sqrt((4 * 0.05 ** 2) / (3 * 2));
// Student's quantile on two degrees of freedom has a closed form.
const level = 0.2 / 6 ** 0.7;
const boundary = (1 - 2 * level) / Math.sqrt(2 * level * (1 - level));
const smallest = 0.5 / Math.sqrt(10);

describe("durations", () => {
  it("are measured in pairs, the first side and the seed changing from pair to pair", () => {
    expect(gaining([])).toEqual({ kind: "measure_pair", seed: 1, first: "challenger" });
    expect(gaining([1])).toEqual({ kind: "measure_pair", seed: 2, first: "defender" });
    expect(gaining([1, 1])).toEqual({ kind: "measure_pair", seed: 3, first: "challenger" });
    expect(gaining([3, -2.9, 3, -2.9, 3, -2.9, 3, -2.9, 3])).toMatchObject({ seed: 2, first: "defender" }); // the tenth pair, of four seeds
    expect(gaining([], { seeds: [] })).toMatchObject({ seed: 1 });
  });

  it("get the other side of a pair that a restart left alone", () => {
    expect(judge.next(evidenceOf({ metric, candidate: at(-1, -1), head: at(0) }))).toEqual({
      kind: "measure_more",
      side: "head",
      seed: 2,
    });
    expect(judge.next(evidenceOf({ metric, candidate: [], head: at(1) }))).toEqual({
      kind: "measure_more",
      side: "candidate",
      seed: 1,
    });
  });

  it("end after a first pair that is not faster", () => {
    expect(gaining([0])).toEqual({
      kind: "discard",
      reasons: ["slower in the first pair (0)"],
      estimate: { gain: 0, runs: 1 },
      workings: { rule: "screen", pairing: "interleaved", gains: [0] },
    });
    expect(gaining([1e-9]).kind).toBe("measure_pair");
  });

  it("are kept from five pairs on above Student's boundary, and show their workings", () => {
    const edge = boundary * standardError;
    const low = { noise: { ...evidenceOf().noise, sdRun: 1e-6 } };
    expect(gaining(around(edge * 0.99, 5), low).kind).toBe("measure_pair");
    expect(gaining(around(9, 4)).kind).toBe("measure_pair");
    const gains = around(smallest + 1, 5);
    expect(gaining(gains)).toEqual({
      kind: "keep",
      reasons: [
        `gain ${say(smallest + 1)} ± ${say(standardError)} over 5 interleaved pairs, above ${say(boundary)} standard errors`,
      ],
      estimate: { gain: expect.closeTo(smallest + 1, 12), runs: 5 },
      workings: {
        rule: "boundary",
        pairing: "interleaved",
        standardError: expect.closeTo(standardError, 12),
        degreesOfFreedom: 2,
        boundary: expect.closeTo(boundary, 12),
        smallest,
        alpha: 0.2,
        gains,
      },
    });
    expect(gaining(around(edge * 1.01, 5), low).kind).toBe("keep");
  });

  it("must reach the smallest useful gain", () => {
    const demanding = { metric: { ...metric, minEffect: 2 } };
    expect(gaining(around(1.99, 5), demanding).kind).toBe("measure_pair");
    expect(gaining([2, 2, 2, 2, 2], demanding).kind).toBe("keep");
  });

  it("end when they are unlikely to reach half of the smallest useful gain", () => {
    const edge = smallest / 2 - 1.28 * standardError;
    expect(gaining(around(edge + 0.001, 5)).kind).toBe("measure_pair");
    expect(gaining(around(edge - 0.001, 5))).toMatchObject({
      kind: "discard",
      reasons: [expect.stringMatching(/^futile: gain .*, unlikely to reach 0.158$/)],
      workings: { rule: "futility" },
    });
  });

  it("without any noise are kept for a gain, and for nothing less", () => {
    const still = { noise: { ...evidenceOf().noise, sdRun: 0 } };
    const none = [0, 0, 0, 0, 0];
    expect(gaining(none, still).kind).toBe("measure_pair");
    expect(gaining(none, { ...still, linesSaved: 3 }).kind).toBe("measure_pair");
    expect(gaining([1e-9, 1e-9, 1e-9, 1e-9, 1e-9], still).kind).toBe("keep");
  });

  it("end undecided after ten pairs", () => {
    const wide = [3, -2.9, 3, -2.9, 3, -2.9, 3, -2.9, 3, -2.9];
    expect(gaining(wide)).toMatchObject({
      kind: "inconclusive",
      reasons: [expect.stringMatching(/^no decision: gain 0.05 ± .* over 10 interleaved pairs$/)],
      workings: { rule: "looks_used_up" },
    });
    expect(gaining(wide.map((gain) => -gain)).kind).toBe("discard");
    expect(gaining([1, -1, 1, -1, 1, -1, 1, -1, 1, -1]).kind).toBe("discard");
  });
});

describe("durations of simpler code", () => {
  const linesSaved = 3;

  it("may lose half a standard deviation", () => {
    expect(gaining([-0.4], { linesSaved }).kind).toBe("measure_pair");
    expect(gaining([-0.5], { linesSaved }).kind).toBe("discard");
    const gains = around(-0.2, 5);
    const edge = boundary * standardError - 0.5;
    expect(edge).toBeLessThan(-0.2);
    expect(gaining(gains, { linesSaved })).toMatchObject({
      kind: "keep",
      reasons: [
        `simpler, 3 lines fewer, and not worse: gain -0.2 ± ${say(standardError)} over 5 interleaved pairs, may lose 0.5`,
      ],
      workings: { rule: "not_worse", margin: 0.5 },
    });
    expect(gaining(gains).kind).toBe("discard");
    expect(gaining(around(-0.2, 4), { linesSaved }).kind).toBe("measure_pair");
    expect(gaining(around(edge + 0.001, 5), { linesSaved }).kind).toBe("keep");
    expect(gaining(around(edge - 0.001, 5), { linesSaved }).kind).not.toBe("keep");
    expect(gaining(around(2, 5), { linesSaved })).toMatchObject({
      workings: { rule: "boundary", margin: 0.5 },
    });
  });

  it("end when they are likely to lose more than half of that", () => {
    const wide = (mean: number) => [mean - 0.6, mean + 0.6];
    const error = trimmedEstimate(wide(0)).standardError;
    const edge = -0.25 - 1.28 * error;
    expect(gaining(wide(edge + 0.001), { linesSaved }).kind).toBe("measure_pair");
    expect(gaining(wide(edge - 0.001), { linesSaved }).kind).toBe("discard");
  });
});

describe("durations beside other work", () => {
  const contended = (readings: readonly Reading[], ...indices: number[]) =>
    readings.map((reading, index) => (indices.includes(index) ? { ...reading, isContended: true } : reading));
  const slow = [-9, -9, ...around(2, 5)];
  const candidate = at(...slow.map((gain) => -gain));
  const head = at(...slow.map(() => 0));

  it("leave out pairs in which either side was disturbed", () => {
    const step = judge.next(
      evidenceOf({ metric, candidate: contended(candidate, 0), head: contended(head, 1) }),
    );
    expect(step).toMatchObject({
      kind: "keep",
      reasons: [expect.stringContaining("over 5 interleaved pairs, 2 disturbed ones left out")],
      estimate: { runs: 5 },
    });
    expect(judge.next(evidenceOf({ metric, candidate, head })).kind).not.toBe("keep");
  });

  it("go on with the next pair and its turn when all so far were disturbed", () => {
    const one = judge.next(evidenceOf({ metric, candidate: contended(at(-9), 0), head: at(0) }));
    expect(one).toEqual({ kind: "measure_pair", seed: 2, first: "defender" });
  });

  it("count every pair where more than five were disturbed", () => {
    const gains = around(2, 6);
    const busy = contended(at(...gains.map((gain) => -gain)), 0, 1, 2, 3, 4, 5);
    const step = judge.next(evidenceOf({ metric, candidate: busy, head: at(...gains.map(() => 0)) }));
    expect(step).toMatchObject({ kind: "keep", estimate: { runs: 6 } });
    expect("reasons" in step && step.reasons[0]).not.toContain("disturbed");
    const five = judge.next(
      evidenceOf({ metric, candidate: busy.slice(0, 5), head: at(...gains.slice(0, 5).map(() => 0)) }),
    );
    expect(five.kind).toBe("measure_pair");
  });
});
