/** What is known of a study, and questions about it. How it comes about is in study.ts. */

import type { CommitSha, ExperimentId, Idea, RunTag, Status, TreeSha } from "./experiment.ts";
import type { Estimate, Noise, Verdict } from "./judge.ts";
import type { EventOf, Purpose } from "./ledger.ts";
import { CONTENDED_CORES, type Measurement, type MetricSpec, type Outcome, type Reading } from "./metric.ts";

export interface MeasuredLine {
  readonly line: number;
  readonly run: RunTag;
  readonly atMs: number;
  readonly purpose: Purpose;
  readonly commit: CommitSha;
  readonly seed: number;
  readonly outcome: Outcome;
}

/** Spent on models. Calls of unknown price add no dollars. */
export interface Spending {
  tokens: number;
  unpricedTokens: number;
  usd: number;
}

/** One experiment as far as it has come. `status` is absent while it is open. */
export interface ExperimentRecord extends Spending {
  readonly id: ExperimentId;
  readonly run: RunTag;
  readonly researcher: string;
  readonly openedAtMs: number;
  /** Head it started from, or was last re-applied on. */
  head: CommitSha;
  /** Estimated gain of that head over the baseline, when the experiment was opened or re-applied. */
  headGain: number;
  idea?: Idea;
  commit?: CommitSha;
  tree?: TreeSha;
  files: EventOf<"proposed">["files"];
  readonly measured: MeasuredLine[];
  readonly reviews: EventOf<"reviewed">[];
  verdict?: Verdict;
  recheck?: Verdict;
  status?: Status;
  reasons: readonly string[];
  logTail?: string;
  closedAtMs?: number;
  /** Ledger lines of its proposal and its end. */
  proposedLine?: number;
  closedLine?: number;
}

export interface PromotionRecord {
  readonly line: number;
  readonly atMs: number;
  readonly head: CommitSha;
  readonly verified: CommitSha;
  readonly verdict: Verdict;
}

/** Kept experiments that left Head again, oldest first, because it was suspect from then on. */
export interface DropRecord {
  readonly line: number;
  readonly from: CommitSha;
  readonly experiments: readonly ExperimentId[];
}

/** One run: its refs, its noise, what it proved. */
export interface RunRecord extends Spending {
  readonly tag: RunTag;
  readonly baseline: CommitSha;
  readonly studySeed: number;
  readonly metric: MetricSpec;
  readonly startedAtMs: number;
  sandbox: string;
  noise?: Noise;
  head: CommitSha;
  verified: CommitSha;
  /** Estimated gain of head over baseline from values measured after each move (not the lucky ones that won). */
  headGain: number;
  /** Kept experiments that are in head, oldest first. */
  stack: ExperimentId[];
  keepsSincePromotion: number;
  measurements: number;
  measurementsAtPromotion: number;
  experiments: number;
  experimentsSinceKeep: number;
  readonly promotions: PromotionRecord[];
  readonly drops: DropRecord[];
  /** Commits that were Verified until their proof was taken back. */
  readonly withdrawn: CommitSha[];
  /** Its experiments in order of opening, and those that are closed in order of closing. */
  readonly records: ExperimentRecord[];
  readonly closed: ExperimentRecord[];
  /** Commits that were Head, the baseline first. */
  readonly heads: CommitSha[];
  /** Ledger lines at which the machine was found changed: numbers from before and after one are never compared in tier 1. */
  readonly driftLines: number[];
  /** Ledger line of the last calibration. */
  calibratedLine: number;
  /** Measurements when the head was last known to give the numbers it gave. */
  measurementsAtSteady: number;
  published?: { readonly commit: CommitSha; readonly estimate: Estimate };
  final?: EventOf<"final_judged">;
  readonly warnings: string[];
  /** What the user said, in order. */
  readonly told: string[];
  /** Ideas that were added to those of program.md, in order; taken ones included. */
  readonly queue: { readonly by: string; readonly idea: Idea }[];
  /** Lessons of the run, as last written. */
  notebook?: string;
  endedAtMs?: number;
  endReason?: string;
  pausedReason?: string;
  /** Milliseconds spent at work before the last resume. */
  workedMs: number;
  lastAtMs: number;
}

export interface Study {
  readonly runs: RunRecord[];
  readonly experiments: Map<ExperimentId, ExperimentRecord>;
  /** Every tree proposed so far and who proposed it first. */
  readonly trees: Map<TreeSha, ExperimentId>;
  /** Measurements of heads and baselines by commit; only `measured` outcomes hold values. */
  readonly byCommit: Map<CommitSha, MeasuredLine[]>;
  lineCount: number;
  /** The highest number of an experiment that any line speaks of: after a repair, lines of some may be lost. */
  lastOrdinal: number;
}

/** The run that is open or was last; undefined in an empty study. */
export function currentRun(study: Study): RunRecord | undefined {
  return study.runs.at(-1);
}

/** What a run measured of a commit: an earlier one may have had another metric, machine or load. */
export function linesOf(study: Study, run: RunTag, commit: CommitSha): readonly MeasuredLine[] {
  return (study.byCommit.get(commit) ?? []).filter((line) => line.run === run);
}

/** Values of `measured` outcomes with their seeds, in order of measuring. */
export function readingsOf(lines: readonly MeasuredLine[], ...purposes: readonly Purpose[]) {
  return measurementsOf(lines, ...purposes).map(({ seed, measurement }): Reading => {
    const { value, resources } = measurement;
    const isContended = (resources.foreignCores ?? 0) > CONTENDED_CORES;
    return isContended ? { seed, value, isContended } : { seed, value };
  });
}

export function measurementsOf(
  lines: readonly MeasuredLine[],
  ...purposes: readonly Purpose[]
): { seed: number; measurement: Measurement }[] {
  return lines.flatMap(({ purpose, seed, outcome }) =>
    purposes.includes(purpose) && outcome.kind === "measured"
      ? [{ seed, measurement: outcome.measurement }]
      : [],
  );
}

/** How many kept experiments lead to a commit of the stack; 0 for the baseline. */
export function positionOf(study: Study, run: RunRecord, commit: CommitSha): number {
  return run.stack.findIndex((id) => study.experiments.get(id)?.commit === commit) + 1;
}

/** Where the lines begin that may be compared with those of a record, or with each other now. */
export function comparableFrom(run: RunRecord, record?: ExperimentRecord): number {
  const end = record?.closedLine ?? Number.POSITIVE_INFINITY;
  return run.driftLines.findLast((line) => line < end) ?? 0;
}
