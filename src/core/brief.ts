/** What a researcher is told: a view of the study made for one experiment. */

import type { ExperimentId, Idea, Status } from "./experiment.ts";
import type { IdeaLine, Program, Role } from "./program.ts";

/** A closed experiment as researchers see it. */
export interface PastExperiment {
  readonly experiment: ExperimentId;
  readonly researcher: string;
  readonly idea: Idea;
  readonly status: Status;
  readonly reasons: readonly string[];
  /** Measured gain over the head it was tested against, in units of the metric; absent if it was never measured. */
  readonly gainOverHead?: number;
  /** Estimated gain of that head over the baseline: add both to compare experiments made on different heads. */
  readonly headGain: number;
  readonly files?: readonly string[];
  readonly logTail?: string;
  /** What it changed; only of those most worth reading, for researchers that read diffs. */
  readonly diff?: string;
}

export interface Brief {
  readonly experiment: ExperimentId;
  readonly program: Program;
  readonly role?: Role;
  /** Closed experiments of the run in order of closing. */
  readonly history: readonly PastExperiment[];
  /** Experiments still open that this researcher proposed, so that it does not repeat itself. */
  readonly inFlight: readonly Idea[];
  /** Open ideas of program.md that no experiment has taken up. */
  readonly openIdeas: readonly IdeaLine[];
  /** Those and what was added since, in order; where `isGiven`, the first is for this experiment alone. */
  readonly queue: readonly Idea[];
  readonly isGiven: boolean;
  /** What the user said while the run was at work, in order: follow it. */
  readonly guidance: readonly string[];
  /** Lessons so far, by a model. */
  readonly notebook: string;
  /** Estimated gain of the head over the baseline, units of the metric. */
  readonly headGain: number;
  /** Diff of the head against the baseline, cut to a readable size. */
  readonly headDiff: string;
  /** Standard deviation of one measurement between seeds; 0 for a deterministic metric. */
  readonly noiseSd: number;
  readonly isDeterministic: boolean;
  /** 32-bit seed for the researcher's own randomness, fresh for each experiment and repeatable on resume. */
  readonly randomSeed: number;
  /** Part of the run's budget still unspent, 0..1. */
  readonly budgetLeft: number;
}
