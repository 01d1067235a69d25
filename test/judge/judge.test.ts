import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PairedEvidence, TentativeEvidence } from "../../src/core/judge.ts";
import type { MetricSpec } from "../../src/core/metric.ts";
import { judge } from "../../src/judge/judge.ts";
import { RULES } from "../../src/judge/rules.ts";
import { METRIC, noiseOf } from "./simulation.ts";

const seeds = [1, 2, 3, 4, 5, 6];
const at = (...values: number[]) => values.map((value, index) => ({ seed: index + 1, value }));
const DETERMINISTIC: MetricSpec = { name: "bytes", goal: "minimize", seeded: false, timing: false };
const TIMING: MetricSpec = { name: "wall_seconds", goal: "minimize", seeded: false, timing: true };

function tentative(change: Partial<TentativeEvidence>): TentativeEvidence {
  const calibration = at(10, 10.1, 9.9, 10.05);
  return {
    stage: "tentative",
    metric: METRIC,
    rule: RULES.balanced,
    noise: noiseOf(calibration),
    replicates: [calibration.map(({ value }) => value)],
    differences: [],
    candidate: [],
    head: calibration,
    seeds,
    brokenConstraints: [],
    linesSaved: 0,
    fresh: [],
    freshSeeds: [101, 102],
    stream: { index: 1, discoveries: [] },
    ...change,
  };
}

function paired(change: Partial<PairedEvidence>): PairedEvidence {
  const { noise, replicates, differences, rule } = tentative({});
  return {
    stage: "promotion",
    isHeldOut: false,
    metric: METRIC,
    rule,
    noise,
    replicates,
    differences,
    pairs: [],
    seeds,
    ordinal: 1,
    isBudgetSpent: false,
    linesSaved: 0,
    mayStopEarly: false,
    ...change,
  };
}

describe("calibration", () => {
  it("calls a metric deterministic only when every repeat is bit-equal", () => {
    expect(judge.calibrate(DETERMINISTIC, at(7, 7, 7)).isDeterministic).toBe(true);
    expect(judge.calibrate(DETERMINISTIC, at(7, 7, 7.0000001)).isDeterministic).toBe(false);
  });

  it("never calls a duration deterministic, nor a single reading", () => {
    expect(judge.calibrate(TIMING, at(7, 7, 7)).isDeterministic).toBe(false);
    expect(judge.calibrate(DETERMINISTIC, at(7)).isDeterministic).toBe(false);
  });

  it("takes one value a seed for the spread between seeds and the repeats for the noise of repeats", () => {
    const readings = [...at(1, 2, 3), { seed: 1, value: 1 }, { seed: 2, value: 2 }];
    expect(judge.calibrate(METRIC, readings)).toMatchObject({ sdRepeat: 0, sdRun: 1, degreesOfFreedom: 2 });
  });

  it("refuses to speak without readings", () => {
    expect(() => judge.calibrate(METRIC, [])).toThrow(RangeError);
  });
});

describe("tier 1", () => {
  it("wants fresh runs of a new head before it looks at the candidate", () => {
    expect(judge.next(tentative({ head: [] }))).toEqual({ kind: "measure_more", side: "head", seed: 1 });
    expect(judge.next(tentative({ head: at(10) }))).toEqual({ kind: "measure_more", side: "head", seed: 2 });
    expect(judge.next(tentative({}))).toEqual({ kind: "measure_more", side: "candidate", seed: 1 });
  });

  it("screens out a candidate that is not ahead after one run", () => {
    expect(judge.next(tentative({ candidate: at(10.02) }))).toMatchObject({ kind: "discard" });
  });

  it("measures a promising candidate again, then on seeds nothing was selected on, and keeps it when it holds there", () => {
    const rule = { ...RULES.balanced, minRuns: 2 };
    const judged = (change: Partial<TentativeEvidence>) => judge.next(tentative({ rule, ...change }));
    const more = { kind: "measure_more", side: "candidate", seed: 2 };
    expect(judged({ candidate: at(9) })).toEqual(more);
    const candidate = at(9, 9.1);
    expect(judged({ candidate })).toEqual({ kind: "measure_more", side: "fresh", seed: 101 });
    const fresh = [{ seed: 101, value: 9.05 }];
    expect(judged({ candidate, fresh })).toEqual({ kind: "measure_more", side: "fresh", seed: 102 });
    const held = judged({ candidate, fresh: [...fresh, { seed: 102, value: 9.2 }] });
    expect(held).toMatchObject({ kind: "keep", workings: { rule: "boundary" } });
  });

  it("drops what shines on the head's seeds and not on fresh ones: luck, or code that knows them", () => {
    const fresh = [101, 102].map((seed) => ({ seed, value: 10.3 }));
    const step = judge.next(tentative({ candidate: at(2), fresh }));
    expect(step).toMatchObject({ kind: "discard", workings: { rule: "not_held" } });
  });

  it("never keeps on one run, however good it looks", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 9, noNaN: true }), (value) => {
        const step = judge.next(tentative({ candidate: at(value) }));
        expect(step).toMatchObject({ kind: "measure_more" });
      }),
    );
  });

  it("drops what the constraints forbid, whatever the metric says", () => {
    const step = judge.next(tentative({ candidate: at(1), brokenConstraints: ["memory <= 1.1x: too much"] }));
    expect(step).toMatchObject({ kind: "discard", reasons: ["memory <= 1.1x: too much"] });
  });

  it("does not keep a gain below the smallest useful one", () => {
    const metric = { ...METRIC, minEffect: 5 };
    const step = judge.next(
      tentative({ metric, candidate: at(9, 9.1, 9, 9.1, 9, 9.1), head: at(10, 10.1, 9.9, 10, 10, 10) }),
    );
    expect(step.kind).not.toBe("keep");
  });

  it("decides a deterministic metric after one run on each side, and keeps when a second one agrees", () => {
    const metric = DETERMINISTIC;
    const noise = judge.calibrate(metric, at(100, 100, 100));
    const evidence = { metric, noise, replicates: [], head: at(100) };
    expect(judge.next(tentative({ ...evidence, candidate: at(99) }))).toMatchObject({ kind: "measure_more" });
    expect(judge.next(tentative({ ...evidence, candidate: at(99, 99) }))).toMatchObject({
      kind: "keep",
      estimate: { gain: 1 },
    });
    expect(judge.next(tentative({ ...evidence, candidate: at(99, 98) }))).toMatchObject({
      kind: "inconclusive",
    });
    expect(judge.next(tentative({ ...evidence, candidate: at(100) }))).toMatchObject({ kind: "discard" });
  });
});

describe("tier 1 for durations", () => {
  const timing = (candidate: number[], head: number[]) =>
    judge.next(
      tentative({
        metric: TIMING,
        noise: noiseOf(at(10, 10.4, 9.7, 10.1), TIMING),
        candidate: at(...candidate),
        head: at(...head),
      }),
    );

  it("measures both sides next to each other, the first one changing from pair to pair", () => {
    expect(timing([], [])).toMatchObject({ kind: "measure_pair", first: "challenger" });
    expect(timing([9], [10])).toMatchObject({ kind: "measure_pair", first: "defender" });
  });

  it("gives a lone side its partner after a restart", () => {
    expect(timing([9, 9], [10])).toMatchObject({ kind: "measure_more", side: "head" });
    expect(timing([9], [10, 10])).toMatchObject({ kind: "measure_more", side: "candidate" });
  });

  it("keeps only after five pairs", () => {
    expect(timing([8, 8, 8, 8], [10, 10, 10, 10]).kind).toBe("measure_pair");
    expect(timing([8, 8.1, 8, 7.9, 8], [10, 10.1, 10, 9.9, 10])).toMatchObject({ kind: "keep" });
  });

  it("is not fooled by one wild pair", () => {
    expect(timing([10, 10.1, 9.9, 10, 1], [10, 10, 10, 10.1, 10]).kind).not.toBe("keep");
  });
});

describe("tier 2 and the final test", () => {
  const pairsOf = (...gains: number[]) =>
    gains.map((gain, i) => ({ seed: i + 1, challenger: 10 - gain, defender: 10 }));

  it("asks for pairs on seeds in order, first side changing", () => {
    expect(judge.next(paired({}))).toEqual({ kind: "measure_pair", seed: 1, first: "challenger" });
    expect(judge.next(paired({ pairs: pairsOf(1) }))).toEqual({
      kind: "measure_pair",
      seed: 2,
      first: "defender",
    });
  });

  it("promotes a clear gain and calls a clear loss suspect", () => {
    expect(judge.next(paired({ pairs: pairsOf(2, 2.1, 2) }))).toMatchObject({ kind: "keep" });
    expect(judge.next(paired({ pairs: pairsOf(-2, -2.1, -2) }))).toMatchObject({ kind: "discard" });
  });

  it("asks more of every further promotion", () => {
    const pairs = pairsOf(0.6, 0.61, 0.6);
    expect(judge.next(paired({ pairs, ordinal: 1 })).kind).toBe("keep");
    expect(judge.next(paired({ pairs, ordinal: 50 })).kind).toBe("measure_pair");
  });

  it("gives the final gain with an interval and a p from a number of pairs fixed in advance", () => {
    expect(judge.next(paired({ stage: "final", pairs: pairsOf(1, 1.1, 0.9, 1) })).kind).toBe("measure_pair");
    const step = judge.next(paired({ stage: "final", pairs: pairsOf(1, 1.1, 0.9, 1, 1) }));
    expect(step).toMatchObject({ kind: "keep", estimate: { gain: 1, runs: 5, confidence: 0.95 } });
  });

  it("judges what was measured when the budget ran out, but not on fewer than three pairs", () => {
    const final = { stage: "final" as const, isBudgetSpent: true };
    expect(judge.next(paired({ ...final, pairs: pairsOf(1, 1.1) })).kind).toBe("measure_pair");
    expect(judge.next(paired({ ...final, pairs: pairsOf(1, 1.1, 0.9) }))).toMatchObject({ kind: "keep" });
  });

  it("does not call noise a gain in the final test", () => {
    expect(judge.next(paired({ stage: "final", pairs: pairsOf(1, -1, 0.5, -0.7, 0.4) }))).toMatchObject({
      kind: "inconclusive",
    });
  });
});

describe("any evidence", () => {
  const value = fc.double({ min: -1e9, max: 1e9, noNaN: true });
  const evidence = fc
    .record({
      candidate: fc.array(value, { maxLength: 6 }),
      head: fc.array(value, { minLength: 1, maxLength: 6 }),
      metric: fc.constantFrom<MetricSpec>(METRIC, DETERMINISTIC, TIMING, { ...METRIC, goal: "maximize" }),
      risk: fc.constantFrom("strict" as const, "cautious" as const, "balanced" as const, "bold" as const),
    })
    .map(({ candidate, head, metric, risk }) =>
      tentative({
        candidate: at(...candidate),
        head: at(...head),
        metric,
        rule: RULES[risk],
        noise: judge.calibrate(metric, at(...head)),
        replicates: [head],
      }),
    );

  it("gets a step, twice the same one, and every verdict has a reason", () => {
    fc.assert(
      fc.property(evidence, (one) => {
        const step = judge.next(one);
        expect(judge.next(one)).toEqual(step);
        if ("reasons" in step) expect(step.reasons.join("").length).toBeGreaterThan(5);
        if ("reasons" in step) expect(step.reasons.join("")).not.toMatch(/NaN|undefined/);
      }),
    );
  });

  it("gets the mirrored verdict when goal and signs are mirrored", () => {
    fc.assert(
      fc.property(evidence, (one) => {
        const flip = (list: TentativeEvidence["head"]) =>
          list.map(({ seed, value: v }) => ({ seed, value: -v }));
        const goal = one.metric.goal === "minimize" ? ("maximize" as const) : ("minimize" as const);
        const mirrored = {
          ...one,
          metric: { ...one.metric, goal },
          candidate: flip(one.candidate),
          head: flip(one.head),
        };
        expect(judge.next(mirrored).kind).toBe(judge.next(one).kind);
      }),
    );
  });
});
