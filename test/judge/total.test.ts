import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Evidence, JudgeRule, Noise, PairedEvidence, TentativeEvidence } from "../../src/core/judge.ts";
import { gainOver, type MetricSpec } from "../../src/core/metric.ts";
import { pearsonCorrelation, spearmanCorrelation } from "../../src/judge/correlation.ts";
import { judge } from "../../src/judge/judge.ts";
import { pooledExcessKurtosis } from "../../src/judge/kurtosis.ts";
import { RULES } from "../../src/judge/rules.ts";
import { say } from "../../src/judge/spread.ts";
import { mean, median, standardDeviation } from "../../src/judge/statistics.ts";
import { trimmedEstimate } from "../../src/judge/trimmed.ts";
import { at, evidenceOf, pairedEvidenceOf } from "./evidence.ts";

const MAX = Number.MAX_VALUE;
const EDGES = [
  0,
  -0,
  5e-324,
  -5e-324,
  1e-200,
  1,
  10,
  1e150,
  1.01e150,
  1e154,
  1e160,
  1e308,
  -1e308,
  MAX,
  -MAX,
];
const value = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: 9.9, max: 10.1, noNaN: true }),
);
const size = value.map(Math.abs);
/** Values of their own, of one magnitude with little noise, or all equal. */
const values = (minLength: number, maxLength: number) =>
  fc.oneof(
    fc.array(value, { minLength, maxLength }),
    fc
      .tuple(value, fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength, maxLength }))
      .map(([centre, parts]) => parts.map((part) => centre * (1 - 1e-3 * Math.abs(part)))),
    fc
      .tuple(value, fc.integer({ min: minLength, max: maxLength }))
      .map(([same, count]) => Array<number>(count).fill(same)),
  );
const groups = fc.array(values(0, 5), { maxLength: 4 });
const metric = fc
  .record({
    goal: fc.constantFrom("minimize" as const, "maximize" as const),
    seeded: fc.boolean(),
    timing: fc.boolean(),
    minEffect: fc.option(size, { nil: undefined }),
  })
  .map(
    ({ minEffect, ...one }): MetricSpec => ({
      name: "loss",
      ...one,
      ...(minEffect === undefined ? {} : { minEffect }),
    }),
  );
/** Any noise at all, or that of a calibration on any values. */
const noiseOf = (spec: MetricSpec): fc.Arbitrary<Noise> =>
  fc.oneof(
    fc.record({
      isDeterministic: fc.constant(false),
      sdRepeat: size,
      sdRun: size,
      degreesOfFreedom: fc.integer({ min: 0, max: 500 }),
      mean: value,
    }),
    values(1, 6).map((all) => judge.calibrate(spec, at(...all))),
  );
const common = metric.chain((spec) =>
  fc.record({
    metric: fc.constant(spec),
    noise: noiseOf(spec),
    rule: fc.constantFrom<JudgeRule>(...Object.values(RULES)),
    replicates: groups,
    differences: groups,
    linesSaved: fc.constantFrom(0, 7),
  }),
);
const tentative: fc.Arbitrary<TentativeEvidence> = fc
  .record({ common, candidate: values(0, 9), head: values(0, 9), fresh: values(0, 3) })
  .map((one) =>
    evidenceOf({
      ...one.common,
      candidate: at(...one.candidate),
      head: at(...one.head),
      fresh: one.fresh.map((each, index) => ({ seed: 101 + index, value: each })),
      freshSeeds: [101, 102, 103],
      seeds: [1, 2, 3, 4, 5, 6, 7, 8],
    }),
  );
const paired: fc.Arbitrary<PairedEvidence> = fc
  .record({
    common,
    sides: values(0, 10).chain((mine) => fc.tuple(fc.constant(mine), values(mine.length, mine.length))),
    stage: fc.constantFrom("promotion" as const, "publish" as const, "final" as const),
    ordinal: fc.integer({ min: 1, max: 1000 }),
    mayStopEarly: fc.boolean(),
    isBudgetSpent: fc.boolean(),
  })
  .map(({ common: shared, sides: [mine, theirs], ...one }) =>
    pairedEvidenceOf({
      ...shared,
      ...one,
      pairs: mine.map((challenger, index) => ({
        seed: index + 1,
        challenger,
        defender: theirs[index] ?? 0,
      })),
    }),
  );

/** Every number anywhere in it, and every number said in words, is one. */
function expectNumbers(found: unknown): void {
  for (const text of JSON.stringify(found, (_, each: unknown) =>
    typeof each === "number" && !Number.isFinite(each) ? `not a number: ${each}` : each,
  ).matchAll(/not a number: \S+|[^"]*(?:NaN|Infinity|undefined)[^"]*/g))
    expect.fail(text[0]);
}

const runs = { numRuns: 2000 };

describe("whatever finite numbers were measured", () => {
  it.each<[string, fc.Arbitrary<Evidence>]>([
    ["a candidate", tentative],
    ["a stack, a publication and a final test", paired],
  ])("%s gets a step whose numbers are all finite", (_, evidence) => {
    fc.assert(
      fc.property(evidence, (one) => {
        const step = judge.next(one);
        expectNumbers(step);
        if ("reasons" in step) expect(step.reasons.length).toBeGreaterThan(0);
      }),
      runs,
    );
  });

  it("calibration gives finite noise", () => {
    fc.assert(
      fc.property(metric, values(1, 8), fc.array(fc.integer({ min: 1, max: 3 })), (spec, all, seeds) => {
        const readings = all.map((one, index) => ({ seed: seeds[index] ?? index, value: one }));
        const noise = judge.calibrate(spec, readings);
        expectNumbers(noise);
        if (all.some((one) => one !== all[0])) expect(noise.isDeterministic).toBe(false);
      }),
      runs,
    );
  });

  it("drift is steady, looked at again or a finite shift", () => {
    fc.assert(
      fc.property(metric.chain(noiseOf), values(0, 3), (noise, differences) => {
        expectNumbers(judge.drift(noise, differences));
      }),
      runs,
    );
  });

  it("summaries are finite or absent", () => {
    fc.assert(
      fc.property(values(1, 9), values(9, 9), groups, (all, others, more) => {
        const pairs = all.map((one, index) => [one, others[index] ?? 0] as const);
        expectNumbers([mean(all), median(all), standardDeviation(all), trimmedEstimate(all)]);
        expectNumbers([pearsonCorrelation(pairs), spearmanCorrelation(pairs), pooledExcessKurtosis(more)]);
        expectNumbers([...all, ...others].map(say));
      }),
      runs,
    );
  });
});

describe("a value that cannot be compared", () => {
  const up = { ...evidenceOf().metric, goal: "maximize" } as const;
  const exact: Noise = { isDeterministic: true, sdRepeat: 0, sdRun: 0, degreesOfFreedom: 3, mean: 0 };

  it("on a noisy metric lies beyond 1e150, and is never kept", () => {
    fc.assert(
      fc.property(fc.double({ min: 1.0001e150, max: MAX, noNaN: true }), fc.boolean(), (huge, isHead) => {
        for (const one of [huge, -huge]) {
          const [candidate, head] = isHead ? [at(9, 9), at(one, one)] : [at(one, one), at(9, 9)];
          for (const noisy of [up, { ...up, goal: "minimize" as const }]) {
            const gain = gainOver(noisy.goal, candidate[0]?.value ?? 0, head[0]?.value ?? 0);
            const [step, proof] = [
              judge.next(evidenceOf({ metric: noisy, candidate, head })),
              judge.next(
                pairedEvidenceOf({
                  metric: noisy,
                  pairs: candidate.map(({ seed, value: challenger }) => ({
                    seed,
                    challenger,
                    defender: head[0]?.value ?? 0,
                  })),
                }),
              ),
            ];
            const verdict = {
              kind: gain > 0 ? "inconclusive" : "discard",
              reasons: [
                `cannot be compared: a value of ${say(huge)} on a noisy metric, which may have up to 1e+150`,
              ],
            };
            expect([step, proof]).toEqual([verdict, verdict]);
          }
        }
      }),
    );
    const below = evidenceOf({ metric: up, candidate: at(1e150), head: at(9, 9) });
    expect(judge.next(below)).toMatchObject({ kind: "measure_more" });
  });

  it("among the runs of either side, the fresh ones too, is enough", () => {
    const fresh = [{ seed: 101, value: -1e200 }];
    const kindOf = (change: Partial<TentativeEvidence>) =>
      judge.next(evidenceOf({ candidate: at(-9, -9), ...change })).kind;
    expect(kindOf({ fresh })).toBe("inconclusive");
    expect(kindOf({ fresh: [] })).toBe("measure_more");
    expect(kindOf({ candidate: at(-9, -1e200) })).toBe("inconclusive");
    expect(kindOf({ head: at(0, 1e200, 0, 0) })).toBe("inconclusive");
  });

  it("waits until both sides were measured", () => {
    expect(judge.next(evidenceOf({ candidate: at(1e200), head: [] }))).toMatchObject({ side: "head" });
    expect(judge.next(evidenceOf({ candidate: [], head: at(1e200, 0) }))).toMatchObject({
      side: "candidate",
    });
  });

  it("on a deterministic metric lies further away than a number can say; nearer ones are legal", () => {
    const stepOf = (candidate: number, head: number) =>
      judge.next(
        evidenceOf({ metric: up, noise: exact, candidate: at(candidate, candidate), head: at(head) }),
      );
    expect(stepOf(1e308, 0)).toMatchObject({ kind: "keep", estimate: { gain: 1e308 } });
    expect(stepOf(-1e308, 0)).toMatchObject({ kind: "discard", workings: { rule: "exact" } });
    const reasons = ["cannot be compared: -1e+308 and 1e+308 lie further apart than a number can say"];
    expect(stepOf(1e308, -1e308)).toEqual({ kind: "inconclusive", reasons });
    expect(stepOf(-1e308, 1e308)).toEqual({ kind: "discard", reasons });
    const pairs = [{ seed: 1, challenger: 1e308, defender: -1e308 }];
    const proof = pairedEvidenceOf({ metric: up, noise: exact, pairs });
    expect(judge.next(proof)).toEqual({ kind: "inconclusive", reasons });
  });

  it("is never a gain only because differences of tiny numbers have no squares", () => {
    const noise = judge.calibrate(up, at(1e-200, 3e-200, 2e-200, 5e-200));
    expect(noise.sdRun).toBeGreaterThan(0);
    const head = at(1e-200, 3e-200, 2e-200, 5e-200);
    const step = judge.next(
      evidenceOf({ metric: up, noise, head, candidate: at(6e-200, 6e-200, 6e-200, 6e-200) }),
    );
    expect(step.kind).not.toBe("keep");
  });
});
