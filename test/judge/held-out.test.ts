import { describe, expect, it } from "vitest";
import type { PairedEvidence, Verdict } from "../../src/core/judge.ts";
import { coarseVerdict, sayOf } from "../../src/judge/held-out.ts";
import { judge } from "../../src/judge/judge.ts";
import { noiseOf, pairedEvidenceOf, pairsOf } from "./evidence.ts";

const held = (gains: readonly number[], change: Partial<PairedEvidence> = {}) =>
  judge.next(pairedEvidenceOf({ stage: "recheck", leastGain: 1, pairs: pairsOf(...gains), ...change }));

describe("what is told of held-out data", () => {
  it("is rounded to a step of 1, 2 or 5 times a power of ten, no wider than the standard error", () => {
    const told = [0.9, 0.49, 0.2, 0.013, 31].map((error) => sayOf(true, error)(123.4567));
    expect(told).toEqual(["124", "123", "123", "123", "120"]);
    const small = [0.9, 0.49, 0.2, 0.013].map((error) => sayOf(true, error)(1.4567));
    expect(small).toEqual(["1.5", "1.4", "1.4", "1.46"]);
    expect(sayOf(true, 0)(1.4567)).toBe("1.5");
    expect(sayOf(false, 0.9)(1.4567)).toBe("1.46");
  });

  it("holds no gain of a single pair, and is decided on the exact numbers", () => {
    const gains = [2.13, 1.87, 2.41, 1.6, 2.2];
    const verdict = (isHeldOut: boolean) =>
      judge.next(pairedEvidenceOf({ stage: "final", isHeldOut, pairs: pairsOf(...gains) })) as Verdict;
    const [open, coarse] = [verdict(false), verdict(true)];
    expect(coarse.kind).toBe(open.kind);
    expect(open.workings?.gains).toHaveLength(5);
    expect(coarse.workings).not.toHaveProperty("gains");
    expect(coarse.workings?.isHeldOut).toBe(true);
    const { gain = 0, low = 0, high = 0 } = coarse.estimate ?? {};
    for (const value of [gain, low, high]) expect(value / 0.1).toBeCloseTo(Math.round(value / 0.1), 9);
    expect(coarse.reasons[0]).toMatch(/5 pairs on held-out data$/);
    expect(coarse.reasons[0]).not.toContain("2.04");
  });

  it("is what it was where nothing was estimated", () => {
    const failed: Verdict = { kind: "discard", reasons: ["challenger failed"] };
    expect(coarseVerdict(failed)).toBe(failed);
  });
});

describe("a recheck", () => {
  it("takes four pairs, and of a duration five", () => {
    expect(held([2, 2, 2])).toMatchObject({ kind: "measure_pair", seed: 4 });
    const metric = { name: "seconds", goal: "minimize", seeded: false, timing: true } as const;
    expect(held([2, 2, 2, 2], { metric })).toMatchObject({ kind: "measure_pair", seed: 5 });
  });

  it("holds from the least gain on, in the mean of its pairs", () => {
    expect(held([0, 2, 1, 1])).toMatchObject({ kind: "keep", estimate: { gain: 1, runs: 4 } });
    expect(held([0, 2, 1, 0.99])).toMatchObject({
      kind: "discard",
      reasons: [expect.stringMatching(/^measured again, it does not hold: .* wanted 1$/)],
    });
  });

  it("of a deterministic metric takes one", () => {
    const noise = noiseOf({ isDeterministic: true });
    expect(held([], { noise })).toMatchObject({ kind: "measure_pair" });
    expect([held([1], { noise }).kind, held([0.99], { noise }).kind]).toEqual(["keep", "discard"]);
    const simpler = { noise, leastGain: -0.5 };
    expect([held([-0.5], simpler).kind, held([-0.51], simpler).kind]).toEqual(["keep", "discard"]);
  });
});

describe("a promotion on held-out data", () => {
  it("knows its noise from its own pairs alone, four at least", () => {
    const three = { isHeldOut: true, pairs: pairsOf(9, 9, 9.1) };
    expect(judge.next(pairedEvidenceOf(three))).toMatchObject({ kind: "measure_pair", seed: 4 });
    const four = judge.next(pairedEvidenceOf({ isHeldOut: true, pairs: pairsOf(9, 9, 9.1, 9.1) }));
    expect(four).toMatchObject({
      kind: "keep",
      reasons: [expect.stringMatching(/over 4 held-out pairs, above/)],
      workings: { isHeldOut: true },
    });
  });
});
