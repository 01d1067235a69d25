/** Seam: the pure decision. Given what has been measured, say what to measure next or give a verdict. */

import type { Noise, Verdict } from "./ledger.ts";
import type { MetricSpec, Reading } from "./metric.ts";

/** Numbers that risk tolerance sets; meaning and source in src/judge/rules.ts. */
export interface JudgeRule {
  /** `per_test`: alphaTentative for every candidate. `lord`: false discovery rate alphaTentative over all of them. */
  readonly control: "per_test" | "lord";
  readonly alphaTentative: number;
  /** The same for durations, which always take several pairs. */
  readonly alphaTiming: number;
  readonly alphaPromotion: number;
  readonly screenSds: number;
  readonly minRuns: number;
  readonly maxRuns: number;
  readonly anchorRuns: number;
  /** A keep must be ahead with its fresh runs too, by so many standard errors. */
  readonly holdSds: number;
  readonly promotionPairs: number;
  readonly finalPairs: number;
  readonly keepsPerPromotion: number;
  readonly budgetPerPromotion: number;
}

/** A candidate and the reference measured on the same seed, next to each other. */
export interface Pair {
  readonly seed: number;
  readonly challenger: number;
  readonly defender: number;
}

interface CommonEvidence {
  readonly metric: MetricSpec;
  readonly rule: JudgeRule;
  readonly noise: Noise;
  /** Values of one code on different seeds, one group per code: pooled for the spread of a run. */
  readonly replicates: readonly (readonly number[])[];
  /** Paired gains within one comparison, one group per comparison: pooled for the spread of a paired difference. */
  readonly differences: readonly (readonly number[])[];
}

/** Tier 1: a candidate against the head. */
export interface TentativeEvidence extends CommonEvidence {
  readonly stage: "tentative";
  readonly candidate: readonly Reading[];
  readonly head: readonly Reading[];
  /** The head's seed block, in the order of use. */
  readonly seeds: readonly number[];
  /** Values of the candidate on the seeds it will have as a head, and those seeds: nothing was selected on them. */
  readonly fresh: readonly Reading[];
  readonly freshSeeds: readonly number[];
  readonly brokenConstraints: readonly string[];
  /** Lines the change deletes beyond those it adds; above 0 it is a simplification. */
  readonly linesSaved: number;
  /** Candidates judged before this one, as the error control over a stream of tests counts them. */
  readonly stream: TestStream;
}

/** Where a test stands among those of its run, fixed when it begins; numbered from 1. */
export interface TestStream {
  readonly index: number;
  /** Indices of tests that had ended with a proven gain by then. */
  readonly discoveries: readonly number[];
}

/** A flagged keep against its head; head against verified; verified against the baseline: on seeds nobody has seen. */
export const PAIRED_STAGES = ["recheck", "promotion", "publish", "final"] as const;
export interface PairedEvidence extends CommonEvidence {
  readonly stage: (typeof PAIRED_STAGES)[number];
  /** Values are of held-out data: their noise is their own, and what is told of them is rounded. */
  readonly isHeldOut: boolean;
  /** Least gain that makes a recheck hold. */
  readonly leastGain?: number;
  readonly pairs: readonly Pair[];
  readonly seeds: readonly number[];
  /** 1 for the first promotion test of the run: its error budget is alpha * 6 / (pi^2 k^2). */
  readonly ordinal: number;
  /** No further pair can be paid. A clock that ran out knows nothing of the values, so what was measured still counts. */
  readonly isBudgetSpent: boolean;
  /** Lines of code the challenger saves over the defender. */
  readonly linesSaved: number;
  /** The user waits for no more than is worth it: a promotion in mid-run may stop when proof is out of reach. */
  readonly mayStopEarly: boolean;
}

export type Evidence = TentativeEvidence | PairedEvidence;

/** The rules that can decide; docs/verdict.md explains each. */
export const DECIDING_RULES = [
  ...(["constraint", "exact", "screen", "boundary", "futility", "not_held", "not_worse"] as const),
  ...(["looks_used_up", "suspect", "out_of_reach", "fixed_number"] as const),
] as const;

export type DecidingRule = (typeof DECIDING_RULES)[number];
export type { Estimate, Noise, Verdict, Workings } from "./ledger.ts";

/** One run, `fresh` of the candidate on a seed of its own block; or both sides on one seed, next to each other in time. */
export type JudgeStep =
  | { readonly kind: "measure_more"; readonly side: "candidate" | "head" | "fresh"; readonly seed: number }
  | { readonly kind: "measure_pair"; readonly seed: number; readonly first: "challenger" | "defender" }
  | Verdict;

/** Contract: pure and total; the same evidence gives the same step; `reasons` is never empty. */
export interface Judge {
  /** Noise of the baseline from its calibration runs. */
  calibrate(metric: MetricSpec, readings: readonly Reading[]): Noise;
  next(evidence: Evidence): JudgeStep;
  /** Whether a head measured again gives what it gave; `differences`: new minus old value, each on one seed. */
  drift(noise: Noise, differences: readonly number[]): Drift;
}

/** `look_again`: measure one more seed. `steady` and `shifted` are final; `shift` in units of the metric. */
export type Drift =
  | { readonly kind: "steady" }
  | { readonly kind: "look_again" }
  | { readonly kind: "shifted"; readonly shift: number };
