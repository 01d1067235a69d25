/** The metric, one measurement of it, and the ways a measurement can fail. Comparison is written once, here. */

export type Goal = "minimize" | "maximize";

export interface MetricSpec {
  readonly name: string;
  readonly goal: Goal;
  readonly unit?: string;
  /** Smallest gain worth keeping, in units of the metric. */
  readonly minEffect?: number;
  /** The metric command reads its seed (NIGHTLAB_SEED or `{seed}`); equal seeds may then be paired. */
  readonly seeded: boolean;
  /** The value is a duration: measured one at a time, candidate and head interleaved. */
  readonly timing: boolean;
}

/** Other work that keeps more than this part of a core busy disturbs a duration; an idle Linux machine stays below 0.1. */
export const CONTENDED_CORES = 0.3;

export const CRASH_CAUSES = [
  ...(["syntax", "import", "out_of_memory", "out_of_disk", "signal", "exit"] as const),
  ...(["environment", "evaluator"] as const),
] as const;
export type CrashCause = (typeof CRASH_CAUSES)[number];
export type { Channel, Measurement, Outcome, Resources } from "./ledger.ts";

/** A value with the seed it was measured on: what the judge reads. */
export interface Reading {
  readonly seed: number;
  readonly value: number;
  /** A duration that other work of the machine disturbed. */
  readonly isContended?: boolean;
}

/** By how much `candidate` is better than `reference`, in units of the metric; positive is better. */
export function gainOver(goal: Goal, candidate: number, reference: number): number {
  const [better, worse] = goal === "minimize" ? [reference, candidate] : [candidate, reference];
  return finiteDifference(better, worse);
}

/** `a - b`, no more than a number can say: opposite extremes lie further apart. */
export function finiteDifference(a: number, b: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, a - b));
}

/** NaN of no values. A sum that overflows is taken again from parts. */
export function mean(values: readonly number[]): number {
  const plain = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Number.isFinite(plain) ? plain : values.reduce((sum, value) => sum + value / values.length, 0);
}

/** A bound on a secondary metric, such as `memory <= 1.1x` (relative to the head) or `size <= 2000`. */
export interface Constraint {
  readonly metric: string;
  readonly relation: "<=" | ">=";
  readonly bound:
    | { readonly kind: "relative"; readonly factor: number }
    | { readonly kind: "absolute"; readonly value: number };
  /** As written in program.md, for messages. */
  readonly text: string;
}
