/** Evidence for the judge with everything filled in that a test does not care about. */

import type { JudgeRule, Noise, PairedEvidence, TentativeEvidence } from "../../src/core/judge.ts";
import type { Reading } from "../../src/core/metric.ts";

/** Readings on the seeds 1, 2, 3 … */
export const at = (...values: number[]): Reading[] =>
  values.map((value, index) => ({ seed: index + 1, value }));

/** A rule of the tests' own, so that tuning the product's rules does not move the edges they look at. */
export const RULE: JudgeRule = {
  control: "per_test",
  alphaTentative: 0.6,
  alphaTiming: 0.2,
  alphaPromotion: 0.04,
  screenSds: 0.5,
  minRuns: 2,
  maxRuns: 4,
  anchorRuns: 2,
  holdSds: 0.3,
  promotionPairs: 10,
  finalPairs: 5,
  keepsPerPromotion: 4,
  budgetPerPromotion: 0.25,
};

/** Noise in which a repeat, a seed and the mean can be told apart. */
export const noiseOf = (change: Partial<Noise> = {}): Noise => ({
  isDeterministic: false,
  sdRepeat: 0.5,
  sdRun: 2,
  degreesOfFreedom: 3,
  mean: 10,
  ...change,
});

/** Noise of sd 1 on three degrees of freedom, a head of four runs at 0, nothing pooled yet. */
export function evidenceOf(change: Partial<TentativeEvidence> = {}): TentativeEvidence {
  return {
    stage: "tentative",
    metric: { name: "loss", goal: "minimize", seeded: true, timing: false },
    rule: RULE,
    noise: { isDeterministic: false, sdRepeat: 1, sdRun: 1, degreesOfFreedom: 3, mean: 0 },
    replicates: [],
    differences: [],
    candidate: [],
    head: at(0, 0, 0, 0),
    seeds: [1, 2, 3, 4],
    brokenConstraints: [],
    linesSaved: 0,
    fresh: [],
    freshSeeds: [101, 102],
    stream: { index: 1, discoveries: [] },
    ...change,
  };
}

/** Pairs with these gains on the seeds 1, 2, 3 … of a metric to be minimised. */
export const pairsOf = (...gains: number[]) =>
  gains.map((gain, index) => ({ seed: index + 1, challenger: -gain, defender: 0 }));

export function pairedEvidenceOf(change: Partial<PairedEvidence> = {}): PairedEvidence {
  const { metric, rule, noise, replicates, differences } = evidenceOf();
  return {
    stage: "promotion",
    isHeldOut: false,
    metric,
    rule,
    noise,
    replicates,
    differences,
    pairs: [],
    seeds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    ordinal: 1,
    isBudgetSpent: false,
    linesSaved: 0,
    mayStopEarly: false,
    ...change,
  };
}
