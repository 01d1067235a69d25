import { describe, expect, it } from "vitest";
import type { TentativeEvidence } from "../../src/core/judge.ts";
import { compareWithHead } from "../../src/judge/comparison.ts";
import { judge } from "../../src/judge/judge.ts";
import { lordLevel } from "../../src/judge/lord.ts";
import { say, sequentialBoundary, studentBoundary } from "../../src/judge/spread.ts";
import { sigmaUpperBound } from "../../src/judge/statistics.ts";
import { at, evidenceOf, RULE as rule } from "./evidence.ts";

type Change = Partial<TentativeEvidence>;
const metric = evidenceOf().metric;
/** The step for a candidate that gains so much in each run over a head at 0, and as much as in the last of them on fresh seeds. */
const gaining = (gains: readonly number[], change: Change = {}) => {
  const fresh = [101, 102].map((seed) => ({ seed, value: -(gains.at(-1) ?? 0) }));
  return judge.next(evidenceOf({ candidate: at(...gains.map((gain) => -gain)), fresh, ...change }));
};
const twice = (gain: number) => [gain, gain];

/** Bounded error of `runs` runs against four of the head, sigma 1 on three degrees of freedom. */
const errorOf = (runs: number) => sigmaUpperBound(1, 3, 0.8) * Math.sqrt(1 / runs + 1 / 4);
/** z(1 - 0.6 / 4^0.7), by scipy. */
const boundary = 0.7475776167672773;

describe("the comparison with the head", () => {
  it("takes means against means where seeds mean nothing", () => {
    const evidence = evidenceOf({
      metric: { ...metric, seeded: false, goal: "maximize" },
      candidate: at(2, 4),
      head: at(1, 1, 1, 5),
      differences: [[1, 1.001, 1, 1.001, 1]],
    });
    expect(compareWithHead(evidence)).toEqual({
      gain: 1,
      standardError: Math.sqrt(0.75),
      boundedError: errorOf(2),
      pairing: "unpaired",
      spread: { variance: 1, degreesOfFreedom: 3 },
    });
  });

  it("pairs on equal seeds where that is sharper, whatever the order of the runs", () => {
    const differences = [[0.1, 0.2, 0.15, 0.1]];
    const head = [
      { seed: 2, value: 20 },
      { seed: 1, value: 10 },
      { seed: 3, value: 30 },
    ];
    const found = compareWithHead(evidenceOf({ candidate: at(9, 18.9), head, differences }));
    expect(found.pairing).toBe("paired");
    expect(found.gain).toBeCloseTo(1.05, 12);
    // Squares: 0.006875 of the earlier comparison and 0.005 of this one, on four degrees of freedom.
    expect(found.spread.degreesOfFreedom).toBe(4);
    expect(found.spread.variance).toBeCloseTo((0.006875 + 0.005) / 4, 12);
    expect(found.standardError).toBeCloseTo(Math.sqrt(found.spread.variance / 2), 12);
    expect(found.boundedError).toBeCloseTo(sigmaUpperBound(found.spread.variance, 4, 0.8) / Math.SQRT2, 12);
  });

  it("does not pair where that is not sharper, where a seed is missing, or where too little is known", () => {
    const close = [[0.1, 0.2, 0.15, 0.1]];
    const wide = [[1, 9, -5, 3]];
    const pairingOf = (change: Change) =>
      compareWithHead(evidenceOf({ candidate: at(-1, -1), ...change })).pairing;
    expect(pairingOf({ differences: close })).toBe("paired");
    expect(pairingOf({ differences: wide })).toBe("unpaired");
    expect(pairingOf({ differences: close, head: at(0) })).toBe("unpaired");
    expect(pairingOf({ differences: [] })).toBe("unpaired");
  });
});

describe("the order of measuring", () => {
  it("measures the head on two seeds first, then the candidate, then both on each further seed", () => {
    const ask = (candidate: number, head: number) =>
      judge.next(
        evidenceOf({
          candidate: at(...Array(candidate).fill(-0.7)),
          head: at(...Array(head).fill(0)),
          noise: { ...evidenceOf().noise, degreesOfFreedom: 9 },
        }),
      );
    expect(ask(0, 0)).toEqual({ kind: "measure_more", side: "head", seed: 1 });
    expect(ask(0, 1)).toEqual({ kind: "measure_more", side: "head", seed: 2 });
    expect(ask(0, 2)).toEqual({ kind: "measure_more", side: "candidate", seed: 1 });
    expect(ask(1, 2)).toEqual({ kind: "measure_more", side: "candidate", seed: 2 });
    expect(ask(3, 2)).toEqual({ kind: "measure_more", side: "head", seed: 3 });
    expect(ask(5, 4)).toMatchObject({ side: "fresh" });
  });

  it("measures the head on the seeds it lacks, in their order", () => {
    const head = [{ seed: 2, value: 0 }];
    expect(judge.next(evidenceOf({ head }))).toEqual({ kind: "measure_more", side: "head", seed: 1 });
  });

  it("gives a deterministic head one run", () => {
    const noise = { isDeterministic: true, sdRepeat: 0, sdRun: 0, degreesOfFreedom: 3, mean: 0 };
    expect(judge.next(evidenceOf({ noise, head: [] }))).toMatchObject({ side: "head", seed: 1 });
    expect(judge.next(evidenceOf({ noise, head: at(0) }))).toMatchObject({ side: "candidate", seed: 1 });
  });
});

describe("a broken constraint", () => {
  const brokenConstraints = ["peak_memory_bytes <= 1.1x: 1.5x", "size <= 10: 12"];

  it("ends a candidate as soon as both sides were measured", () => {
    expect(gaining([99], { brokenConstraints })).toEqual({
      kind: "discard",
      reasons: brokenConstraints,
      workings: { rule: "constraint" },
    });
    expect(gaining([], { brokenConstraints })).toMatchObject({ side: "candidate" });
    expect(gaining([99], { brokenConstraints, head: [] })).toMatchObject({ side: "head" });
    expect(gaining(twice(99), { brokenConstraints: [] })).toMatchObject({ kind: "keep" });
  });
});

describe("the sequential test", () => {
  it("screens out a first run less than half a standard error ahead, and shows its workings", () => {
    const edge = 0.5 * Math.sqrt(1 + 1 / 4);
    expect(gaining([edge])).toMatchObject({ kind: "measure_more", seed: 2 });
    const gain = edge * 0.999;
    const reach = 1.28 * errorOf(1);
    expect(gaining([gain])).toEqual({
      kind: "discard",
      reasons: [
        `screened out: gain ${say(gain)} ± ${say(errorOf(1))} (unpaired, 1 run), a first run must be 0.5 standard errors ahead`,
      ],
      estimate: { gain, low: gain - reach, high: gain + reach, confidence: 0.8, runs: 1 },
      workings: {
        rule: "screen",
        sd: 1,
        degreesOfFreedom: 3,
        pairing: "unpaired",
        standardError: errorOf(1),
        boundary,
        smallest: 0.25,
        alpha: 0.6,
      },
    });
  });

  it("keeps from two runs on what exceeds the boundary", () => {
    const edge = boundary * errorOf(2);
    expect(gaining([edge * 9]).kind).toBe("measure_more");
    expect(gaining(twice(edge * 0.999)).kind).toBe("measure_more");
    const gain = edge * 1.001;
    const freshError = errorOf(2);
    expect(gaining(twice(gain))).toMatchObject({
      kind: "keep",
      reasons: [
        `gain ${say(gain)} ± ${say(errorOf(2))} (unpaired, 2 runs), above ${say(boundary)} standard errors and the smallest useful gain 0.25`,
        `holds: ${say(gain)} ± ${say(freshError)} on 2 fresh seeds`,
      ],
      workings: { rule: "boundary" },
    });
  });

  it("does not keep less than the smallest useful gain", () => {
    const noise = { ...evidenceOf().noise, sdRun: 1e-3 };
    const demanding = { noise, metric: { ...metric, minEffect: 2 } };
    expect(gaining(twice(1.999), demanding).kind).toBe("measure_more");
    expect(gaining(twice(2), demanding)).toMatchObject({ kind: "keep", workings: { smallest: 2 } });
  });

  it("gives up from two runs on what is unlikely to reach half of the smallest useful gain", () => {
    const edge = 0.125 - 1.28 * errorOf(2);
    expect(gaining(twice(edge + 0.001)).kind).toBe("measure_more");
    expect(gaining(twice(edge - 0.001))).toMatchObject({
      kind: "discard",
      reasons: [expect.stringMatching(/^futile: gain .*, unlikely to reach 0.25$/)],
      workings: { rule: "futility" },
    });
  });

  it("does not give up after one run that is ahead, however much is wanted", () => {
    expect(gaining([3], { metric: { ...metric, minEffect: 20 } }).kind).toBe("measure_more");
  });

  it("without any noise keeps a gain, and nothing less", () => {
    const still = { noise: { ...evidenceOf().noise, sdRun: 0 } };
    expect(gaining(twice(0), still).kind).toBe("measure_more");
    expect(gaining(twice(0), { ...still, linesSaved: 5 }).kind).toBe("measure_more");
    expect(gaining(twice(1e-9), still).kind).toBe("keep");
    const lenient = { ...still, linesSaved: 5, metric: { ...metric, minEffect: 1 } };
    expect(gaining([-0.5], lenient).kind).toBe("measure_more");
    expect(gaining([-0.501], lenient).kind).toBe("discard");
  });

  it("has no answer where the head has no seeds", () => {
    expect(judge.next(evidenceOf({ seeds: [] }))).toEqual({
      kind: "inconclusive",
      reasons: ["the head has no seed to measure on"],
    });
  });

  it("ends undecided after its last run, or when the head has no further seed", () => {
    expect(gaining([1.3, -0.7, 1.3, -0.7])).toMatchObject({
      kind: "inconclusive",
      reasons: [expect.stringMatching(/^no decision after 4 runs: gain 0.3 /)],
      workings: { rule: "looks_used_up" },
    });
    expect(gaining([1, -1, 1, -1]).kind).toBe("discard");
    expect(gaining([1.3, -0.7, 0.3]).kind).toBe("measure_more");
    expect(gaining([1.3, -0.7, 0.3], { seeds: [1, 2, 3] }).kind).toBe("inconclusive");
  });

  it("wants a third run before a keep where runs are wild now and then", () => {
    const replicates = [[...Array.from({ length: 12 }, (_, index) => index / 12), 9]];
    const heavy = { replicates, rule: { ...rule, maxRuns: 4 } };
    expect(gaining(twice(20), heavy).kind).toBe("measure_more");
    expect(gaining([20, 20, 20], heavy).kind).toBe("keep");
    expect(gaining([20, 20, 20], { ...heavy, rule: { ...rule, minRuns: 4 } }).kind).toBe("measure_more");
  });

  it("under strict control tests at the level that the stream leaves", () => {
    const strict = { ...rule, control: "lord", alphaTentative: 0.2, minRuns: 3 } as const;
    const levelAt = (stream: TentativeEvidence["stream"]) => {
      const step = gaining([99, 99, 99], { rule: strict, stream });
      return "workings" in step ? step.workings?.alpha : undefined;
    };
    for (const stream of [
      { index: 1, discoveries: [] },
      { index: 7, discoveries: [2, 6] },
    ])
      expect(levelAt(stream)).toBe(lordLevel({ alpha: 0.2, ...stream }));
    expect(gaining(twice(99), { rule: strict }).kind).toBe("measure_more");
  });

  it("under strict control asks for Student's boundary as well, otherwise for the normal one alone", () => {
    const strict = { ...rule, control: "lord", alphaTentative: 0.2 } as const;
    const alpha = lordLevel({ alpha: 0.2, index: 1, discoveries: [] });
    const wanted = studentBoundary(alpha, 4, { variance: 1, degreesOfFreedom: 3 });
    expect(wanted).toBeGreaterThan(sequentialBoundary(alpha, 4) * 1.2);
    const edge = wanted * errorOf(2);
    expect(gaining(twice(edge * 0.999), { rule: strict }).kind).toBe("measure_more");
    expect(gaining(twice(edge * 1.001), { rule: strict })).toMatchObject({
      kind: "keep",
      workings: { rule: "boundary", boundary: wanted, alpha },
    });
    expect(gaining(twice(99), { rule: { ...rule, alphaTentative: alpha } })).toMatchObject({
      workings: { boundary: sequentialBoundary(alpha, 4) },
    });
  });
});

describe("a keep", () => {
  const matching = (text: RegExp) => expect.stringMatching(text);
  const candidate = at(-2.7, -2.7);
  const fresh = (...gains: number[]) => gains.map((gain, index) => ({ seed: 101 + index, value: -gain }));
  const held = (gains: readonly number[], change: Change = {}) =>
    judge.next(evidenceOf({ candidate, fresh: fresh(...gains), ...change }));

  it("is measured on as many fresh seeds as a head gets, those it lacks in their order", () => {
    expect(held([])).toEqual({ kind: "measure_more", side: "fresh", seed: 101 });
    expect(held([1])).toEqual({ kind: "measure_more", side: "fresh", seed: 102 });
    expect(judge.next(evidenceOf({ candidate, fresh: [{ seed: 102, value: 0 }] }))).toMatchObject({
      seed: 101,
    });
    expect(held([1, 1], { freshSeeds: [101, 102, 103] }).kind).toBe("keep");
    expect(held([1, 1], { freshSeeds: [101, 102, 103], rule: { ...rule, anchorRuns: 3 } })).toMatchObject({
      seed: 103,
    });
  });

  it("falls where the head's seeds show far more than fresh ones do: the code knows them", () => {
    const apart = (2.5 * errorOf(2) * Math.sqrt(1 / 2 + 1 / 2)) / Math.sqrt(1 / 2 + 1 / 4);
    const known = (gain: number) => held([0, 0], { candidate: at(-gain, -gain) });
    expect(known(apart * 0.999)).toMatchObject({ reasons: [/^gain/, /^does not hold/].map(matching) });
    expect(known(apart * 1.001)).toMatchObject({
      kind: "discard",
      reasons: [expect.stringMatching(/more than luck explains$/)],
      workings: { rule: "not_held" },
    });
  });

  it("weighs how far apart both are by their numbers of runs", () => {
    const apart = 2.5 * sigmaUpperBound(1, 3, 0.8) * Math.sqrt(1 / 4 + 1 / 2);
    const known = (gain: number) => held([0, 0], { candidate: at(-gain, -gain, -gain, -gain) });
    expect(known(apart * 0.999)).toMatchObject({ reasons: [/^gain/, /^does not hold/].map(matching) });
    expect(known(apart * 1.001)).toMatchObject({ reasons: [matching(/more than luck explains$/)] });
  });

  it("is measured on all its fresh seeds where they lie far from the head's, and must be ahead on them alone", () => {
    const freshSeeds = [101, 102, 103, 104];
    const edge = 1.75 * sigmaUpperBound(1, 3, 0.8) * Math.sqrt(1 / 4 + 1 / 2);
    const far = (gain: number, ...gains: number[]) =>
      held(gains, { candidate: at(-gain, -gain, -gain, -gain), freshSeeds });
    expect(far(edge * 0.999, 0, 0).kind).toBe("keep");
    expect(far(edge * 1.001, 0, 0)).toEqual({ kind: "measure_more", side: "fresh", seed: 103 });
    expect(far(edge * 1.001, 0, 0, 3)).toEqual({ kind: "measure_more", side: "fresh", seed: 104 });
    expect(far(edge * 1.001, 0, 0, 0, 0).kind).toBe("discard");
    expect(far(edge * 1.001, 1, 0, 2, 1).kind).toBe("keep");
    const noise = { ...evidenceOf().noise, degreesOfFreedom: 40 };
    const known = (gain: number) => held([0, 0], { candidate: at(-gain, -gain), freshSeeds, noise }).kind;
    const wider = 2 * sigmaUpperBound(1, 40, 0.8);
    expect([known(wider * 0.999), known(wider * 1.001)]).toEqual(["keep", "measure_more"]);
  });

  it("of a large gain must show half of it on two fresh seeds, or a third on all of them", () => {
    const freshSeeds = [101, 102, 103, 104];
    const large = (gains: readonly number[], gain = 3.1) =>
      held(gains, { candidate: at(-gain, -gain), freshSeeds }).kind;
    expect([large([1.6, 1.6]), large([1.5, 1.5])]).toEqual(["keep", "measure_more"]);
    expect([large([0, 2, 1.1, 1.1]), large([0, 2, 1, 1.1])]).toEqual(["keep", "discard"]);
    expect(large([1.4, 1.4], 2.9)).toBe("keep");
  });

  it("takes its spread from heads and fresh runs: half memorised seeds look wild, and hide nothing", () => {
    const replicates = [at(0, 1, 0, 1, 0, 1, 0, 1, 0, 1).map(({ value }) => value)];
    const step = held([0, 0], { candidate: at(-9, -9, 0), replicates });
    expect(step).toMatchObject({ reasons: [matching(/more than luck explains$/)] });
  });

  it("falls where the fresh runs alone are a standard error behind", () => {
    const noise = { ...evidenceOf().noise, degreesOfFreedom: 40 };
    const error = sigmaUpperBound(1, 40, 0.8) * Math.sqrt(1 / 2 + 1 / 4);
    const behind = (gain: number) => held([gain, gain], { candidate: at(-1, -1), noise });
    expect(behind(-error * 0.999)).toMatchObject({ reasons: [/^gain/, /^does not hold/].map(matching) });
    const about = { candidate: at(-1.2, -1.2), noise, rule: { ...rule, holdSds: 0.1 } };
    const lucky = held([-error * 0.999, -error * 0.999], about);
    expect(lucky.kind).toBe("keep");
    const loss = -error * 1.001;
    expect(held([loss, loss], about)).toMatchObject({
      kind: "discard",
      reasons: [
        matching(/^gain 1.2 /),
        `does not hold: ${say(loss)} ± ${say(error)} on 2 fresh seeds, ${say((2.4 + 2 * loss) / 4)} with all its runs`,
      ],
      estimate: { gain: 1.2 },
      workings: { rule: "not_held" },
    });
  });

  it("falls where all its runs together are not far enough ahead", () => {
    const strict = { rule: { ...rule, holdSds: 2 } };
    const edge = 2 * errorOf(4); // four runs of the candidate against four of the head
    const kindFor = (mean: number) =>
      held([2 * mean - 3, 2 * mean - 3], { ...strict, candidate: at(-3, -3) }).kind;
    expect([kindFor(edge * 0.999), kindFor(edge * 1.001)]).toEqual(["discard", "keep"]);
  });

  it("holds in the direction of the goal", () => {
    const up = { metric: { ...metric, goal: "maximize" }, candidate: at(9, 9) } as const;
    const runs = (value: number) => [101, 102].map((seed) => ({ seed, value }));
    expect(judge.next(evidenceOf({ ...up, fresh: runs(9) })).kind).toBe("keep");
    expect(judge.next(evidenceOf({ ...up, fresh: runs(-9) })).kind).toBe("discard");
  });
});

describe("the simplification lane", () => {
  const linesSaved = 7;

  it("keeps from two runs on what is not worse by more than half a standard deviation", () => {
    const edge = boundary * errorOf(2) - 0.5;
    expect(gaining([edge + 0.001], { linesSaved }).kind).toBe("measure_more");
    expect(gaining(twice(edge - 0.001), { linesSaved }).kind).toBe("measure_more");
    const gain = edge + 0.001;
    expect(gaining(twice(gain), { linesSaved })).toMatchObject({
      kind: "keep",
      reasons: [
        `simpler, 7 lines fewer, and not worse: gain ${say(gain)} ± ${say(errorOf(2))} (unpaired, 2 runs), may lose 0.5`,
      ],
      estimate: { gain, runs: 2, confidence: 0.8 },
      workings: { rule: "not_worse", boundary, margin: 0.5, alpha: 0.6, standardError: errorOf(2) },
    });
    expect(gaining(twice(gain)).kind).toBe("measure_more");
    expect(gaining([0], { linesSaved }).kind).toBe("measure_more");
    expect(gaining([0]).kind).toBe("discard");
  });

  it("asks for as many runs as a gain does, but for two at least", () => {
    const replicates = [[...Array.from({ length: 12 }, (_, index) => index / 12), 9]];
    const fails = { ...metric, minEffect: 9 }; // a gain of 8 is none, but it is not worse
    const kinds = (change: Change) =>
      [1, 2, 3, 4].map((runs) => gaining(Array(runs).fill(8), { linesSaved, metric: fails, ...change }).kind);
    const [more, keep] = ["measure_more", "keep"];
    expect(kinds({ rule: { ...rule, minRuns: 1 } })).toEqual([more, keep, keep, keep]);
    expect(kinds({ rule: { ...rule, minRuns: 4 } })).toEqual([more, more, more, keep]);
    expect(kinds({ replicates })).toEqual([more, more, keep, keep]);
  });

  it("under strict control is tested at the level of the stream, with Student's boundary", () => {
    const strict = { ...rule, control: "lord", alphaTentative: 0.2 } as const;
    const stream = { index: 7, discoveries: [2, 6] };
    const alpha = lordLevel({ alpha: 0.2, ...stream });
    const wanted = studentBoundary(alpha, 4, { variance: 1, degreesOfFreedom: 3 });
    const edge = wanted * errorOf(2) - 4.5;
    const change = { rule: strict, stream, linesSaved, metric: { ...metric, minEffect: 9 } };
    expect(gaining(twice(edge - 0.001), change).kind).toBe("measure_more");
    expect(gaining(twice(edge + 0.001), change)).toMatchObject({
      kind: "keep",
      workings: { rule: "not_worse", boundary: wanted, alpha, margin: 4.5 },
    });
  });

  it("says so when the gain alone would have done", () => {
    expect(gaining(twice(9), { linesSaved })).toMatchObject({ kind: "keep", workings: { rule: "boundary" } });
  });

  it("is left when the loss is likely beyond half the margin, after one run beyond all of it", () => {
    const one = -0.5 - 1.28 * errorOf(1);
    expect(gaining([one + 0.001], { linesSaved }).kind).toBe("measure_more");
    expect(gaining([one - 0.001], { linesSaved })).toMatchObject({
      kind: "discard",
      workings: { rule: "screen" },
    });
    const two = -0.25 - 1.28 * errorOf(2);
    expect(gaining(twice(two + 0.001), { linesSaved }).kind).toBe("measure_more");
    expect(gaining(twice(two - 0.001), { linesSaved })).toMatchObject({
      kind: "discard",
      workings: { rule: "futility" },
    });
  });
});

describe("a deterministic metric", () => {
  const noise = { isDeterministic: true, sdRepeat: 0, sdRun: 0, degreesOfFreedom: 3, mean: 0 };
  const exact = (gains: readonly number[], change: Change = {}) =>
    gaining(gains, { noise, head: at(0), ...change });

  it("is better or not after one run, and wants an equal second one for a keep", () => {
    expect(exact([1])).toEqual({ kind: "measure_more", side: "candidate", seed: 2 });
    expect(exact(twice(1))).toEqual({
      kind: "keep",
      reasons: ["deterministic metric, better by 1"],
      estimate: { gain: 1, runs: 2 },
      workings: { rule: "exact", smallest: 0 },
    });
    expect(exact([0])).toMatchObject({ kind: "discard", reasons: ["deterministic metric, not better (0)"] });
    expect(exact([-2])).toMatchObject({
      kind: "discard",
      reasons: ["deterministic metric, not better (-2)"],
    });
    expect(exact([1, 3])).toMatchObject({
      kind: "inconclusive",
      reasons: ["no longer deterministic: -1 and -3 from the same code"],
    });
  });

  it("must reach the smallest useful gain", () => {
    const demanding = { metric: { ...metric, minEffect: 0.5 } };
    expect(exact(twice(0.5), demanding).kind).toBe("keep");
    expect(exact([0.4], demanding)).toMatchObject({
      kind: "discard",
      reasons: ["deterministic metric, better by only 0.4, wanted 0.5"],
      workings: { rule: "exact", smallest: 0.5 },
    });
  });

  it("keeps fewer lines at equal value, or at a loss of half the smallest useful gain", () => {
    const saved = { linesSaved: 4 };
    expect(exact([0], saved)).toMatchObject({ kind: "measure_more" });
    expect(exact(twice(0), saved)).toEqual({
      kind: "keep",
      reasons: ["simpler, 4 lines fewer, and not worse: 0 on a deterministic metric"],
      estimate: { gain: 0, runs: 2 },
      workings: { rule: "exact", smallest: 0, margin: 0 },
    });
    expect(exact([-0.001], saved)).toMatchObject({ kind: "discard" });
    const lenient = { ...saved, metric: { ...metric, minEffect: 0.5 } };
    expect(exact(twice(-0.25), lenient)).toMatchObject({ kind: "keep", workings: { margin: 0.25 } });
    expect(exact([-0.26], lenient)).toMatchObject({ kind: "discard" });
    expect(exact(twice(1), saved)).toMatchObject({ reasons: ["deterministic metric, better by 1"] });
  });
});
