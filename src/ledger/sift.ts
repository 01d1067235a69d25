/** Which of the readable lines still mean something once others are lost. Knows the fold, no file. */

import type { CommitSha, RunTag } from "../core/experiment.ts";
import type { LedgerEvent, LedgerLine } from "../core/ledger.ts";
import { apply, currentRun, emptyStudy, type RunRecord, type Study } from "../core/study.ts";

/** The move that took the head of the current run to a commit, where the lines before tell which it was. */
export type LostMove = (study: Study, at: CommitSha) => LedgerEvent | undefined;

export interface Sifted {
  /** In order; numbers as they were, except that restored events have that of the line that proves them. */
  readonly kept: readonly LedgerLine[];
  readonly unfit: readonly { readonly line: LedgerLine; readonly reason: string }[];
  /** Moves of the head whose lines are lost, told by what comes after them. */
  readonly restored: readonly LedgerEvent[];
}

/** Keeps every line that folds: those of a run whose start, or an experiment whose opening is lost, say nothing. */
export function sift(lines: readonly LedgerLine[], lostMove: LostMove): Sifted {
  const study = emptyStudy();
  const kept: LedgerLine[] = [];
  const unfit: { line: LedgerLine; reason: string }[] = [];
  const restored: LedgerEvent[] = [];
  const keep = (line: LedgerLine) => {
    apply(study, { ...line, number: study.lineCount + 1 });
    kept.push(line);
  };
  for (const line of lines) {
    const reason = misfit(study, line.event);
    if (reason !== undefined) {
      unfit.push({ line, reason });
      continue;
    }
    const move = line.event.kind === "head_moved" ? lostMove(study, line.event.from) : undefined;
    if (move !== undefined) {
      restored.push(move);
      keep({ ...line, event: move });
    }
    keep(line);
  }
  return { kept, unfit, restored };
}

function misfit(study: Study, event: LedgerEvent): string | undefined {
  const run = currentRun(study);
  if (event.kind === "run_started") {
    const isKnown = study.runs.some(({ tag }) => tag === event.run);
    return isKnown ? `run ${event.run} has started before` : undefined;
  }
  if (run === undefined) return "the start of its run is lost";
  if ("run" in event) return misfitOfRun(study, run, event);
  return study.experiments.has(event.experiment) ? undefined : `the opening of ${event.experiment} is lost`;
}

function misfitOfRun(
  study: Study,
  run: RunRecord,
  event: LedgerEvent & { readonly run: RunTag },
): string | undefined {
  if (event.run !== run.tag) return `the start of run ${event.run} is lost`;
  const isTwin = event.kind === "opened" && study.experiments.has(event.experiment);
  return isTwin ? `${event.experiment} was opened before` : undefined;
}
