/** Plays the judge against made-up normal measurements: how often does it keep, promote, and at what cost. Seeded. */

import type {
  Evidence,
  JudgeStep,
  Noise,
  Pair,
  PairedEvidence,
  TentativeEvidence,
  Verdict,
} from "../../src/core/judge.ts";
import type { MetricSpec, Reading } from "../../src/core/metric.ts";
import { judge } from "../../src/judge/judge.ts";
import { RULES } from "../../src/judge/rules.ts";

export const METRIC: MetricSpec = { name: "loss", goal: "minimize", seeded: true, timing: false };

/** A source of normal values: mulberry32 and Box-Muller. */
export function normalSource(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

export interface World {
  /** True gain of the candidate, in standard deviations of one run. */
  readonly gain: number;
  /** Correlation of two codes on one seed. */
  readonly pairing: number;
  readonly normal: () => number;
}

const FRESH_SEEDS = [101, 102, 103];
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

export function noiseOf(readings: readonly Reading[], metric = METRIC): Noise {
  return judge.calibrate(metric, readings);
}

function decided(step: JudgeStep): step is Verdict {
  return step.kind !== "measure_more" && step.kind !== "measure_pair";
}

/** One tier-1 test with a calibration of four seeds behind it. */
export function playTentative(world: World, rule = RULES.balanced) {
  const shared = SEEDS.map(() => world.normal());
  const value = (index: number) =>
    Math.sqrt(world.pairing) * (shared[index] ?? 0) + Math.sqrt(1 - world.pairing) * world.normal();
  const calibration = SEEDS.slice(0, 4).map((seed, index) => ({ seed, value: value(index) }));
  const candidate: Reading[] = [];
  const head: Reading[] = [...calibration];
  const fresh: Reading[] = [];
  for (;;) {
    const evidence: TentativeEvidence = {
      stage: "tentative",
      metric: METRIC,
      rule,
      noise: noiseOf(calibration),
      replicates: [head.map((one) => one.value)],
      differences: [],
      candidate,
      head,
      seeds: SEEDS.slice(0, rule.maxRuns),
      brokenConstraints: [],
      linesSaved: 0,
      fresh,
      freshSeeds: FRESH_SEEDS.slice(0, rule.anchorRuns),
      stream: { index: 1, discoveries: [] },
    };
    const step = judge.next(evidence);
    // The fresh runs of a keep are those it needs as a head.
    if (decided(step))
      return { verdict: step, runs: candidate.length + (step.kind === "keep" ? 0 : fresh.length) };
    if (step.kind !== "measure_more") throw new Error("no pairs in tier 1 of a value metric");
    const index = SEEDS.indexOf(step.seed);
    if (step.side === "fresh") {
      fresh.push({ seed: step.seed, value: world.normal() - world.gain });
      continue;
    }
    if (step.side === "head") head.push({ seed: step.seed, value: value(index) });
    else candidate.push({ seed: step.seed, value: value(index) - world.gain });
  }
}

/** One promotion test; the spread comes from a calibration of four seeds and the pairs themselves. */
export function playPromotion(world: World, ordinal = 1, rule = RULES.balanced) {
  const calibration = SEEDS.slice(0, 4).map((seed) => ({ seed, value: world.normal() }));
  const pairs: Pair[] = [];
  for (;;) {
    const evidence: PairedEvidence = {
      stage: "promotion",
      isHeldOut: false,
      metric: METRIC,
      rule,
      noise: noiseOf(calibration),
      replicates: [calibration.map(({ value }) => value)],
      differences: [],
      pairs,
      seeds: SEEDS,
      ordinal,
      isBudgetSpent: false,
      linesSaved: 0,
      mayStopEarly: false,
    };
    const step = judge.next(evidence satisfies Evidence);
    if (decided(step)) return { verdict: step, pairs: pairs.length };
    if (step.kind !== "measure_pair") throw new Error("a promotion asks for pairs");
    pairs.push({ seed: step.seed, challenger: world.normal() - world.gain, defender: world.normal() });
  }
}
