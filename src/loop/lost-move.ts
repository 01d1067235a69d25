/** Moves of the head whose line is lost, told from the lines that are left. */

import type { CommitSha, ExperimentId } from "../core/experiment.ts";
import type { EventOf } from "../core/ledger.ts";
import { currentRun, type RunRecord, type Study } from "../core/study.ts";

/**
 * The move that takes the head of the current run to `at`, if the ledger itself tells which it was: to a candidate that
 * was found worth keeping, or back to Verified. Undefined when the head is there, or nothing tells.
 */
export function headMoveTo(study: Study, at: CommitSha): EventOf<"head_moved"> | undefined {
  const run = currentRun(study);
  if (run === undefined || run.head === at) return undefined;
  const move = { kind: "head_moved", run: run.tag, from: run.head, to: at } as const;
  const winner = keptExperiment(study, run, at);
  if (winner !== undefined) return { ...move, reason: "kept", experiment: winner };
  return at === run.verified ? { ...move, reason: "suspect" } : undefined;
}

function keptExperiment(study: Study, run: RunRecord, commit: CommitSha): ExperimentId | undefined {
  for (const record of study.experiments.values()) {
    const isKept = record.verdict?.kind === "keep" || record.status === "kept";
    if (record.run === run.tag && record.commit === commit && isKept) return record.id;
  }
  return undefined;
}
