/** Names of things in a study: branded ids, the idea, and how an experiment ends. */

export type ExperimentId = string & { readonly brand: "ExperimentId" };
export type CommitSha = string & { readonly brand: "CommitSha" };
export type TreeSha = string & { readonly brand: "TreeSha" };
/** Tag of a run; its refs live under refs/nightlab/runs/<tag>/. */
export type RunTag = string & { readonly brand: "RunTag" };

/** What a researcher expects before measuring: gain in units of the metric (positive is better), probability 0..1. */
export interface Forecast {
  readonly gain: number;
  readonly probability: number;
}

/** What is tried and why. */
export interface Idea {
  readonly title: string;
  readonly why: string;
  readonly forecast?: Forecast;
  /** Constants that the idea sets, by knob id; researchers learn from these. */
  readonly settings?: Readonly<Record<string, number | string | boolean>>;
  /** Line of program.md the idea came from. */
  readonly programLine?: number;
  readonly queued?: string; // title of the waiting idea that was given to this experiment
}

/** How a closed experiment ended. The first three are verdicts; the rest never reached one. */
export const STATUSES = [
  ...[
    "kept",
    "discarded",
    "inconclusive",
    "crashed",
    "timed_out",
    "killed_early",
    "no_metric",
    "out_of_scope",
  ],
  ...["checks_failed", "gave_up", "duplicate", "no_change", "refused", "interrupted"],
] as const;
export type Status = (typeof STATUSES)[number];

export function experimentId(ordinal: number): ExperimentId {
  return `e${ordinal}` as ExperimentId;
}

/** Stands for work for the run as a whole: ideas, reviews, the notebook. */
export const NO_EXPERIMENT = experimentId(0);

/** Git refs of a run and of candidates. */
export const refs = {
  candidate: (experiment: ExperimentId) => `refs/nightlab/candidates/${experiment}`,
  /** The candidate on a later head. The first one keeps its ref: what was measured on it stays in git. */
  rebased: (experiment: ExperimentId, onto: CommitSha) =>
    `refs/nightlab/candidates/${experiment}-on-${onto.slice(0, 12)}`,
  head: (run: RunTag) => `refs/nightlab/runs/${run}/head`,
  verified: (run: RunTag) => `refs/nightlab/runs/${run}/verified`,
  baseline: (run: RunTag) => `refs/nightlab/runs/${run}/baseline`,
  branch: (run: RunTag) => `refs/heads/nightlab/${run}`,
};
