/** Which kept experiments lie between two commits of a run, told by the heads they were judged on. */

import type { CommitSha, ExperimentId } from "../core/experiment.ts";
import { type ExperimentRecord, positionOf, type RunRecord, type Study } from "../core/study.ts";

/** Oldest first. Also for commits that have left the stack since. */
export function keptBetween(run: RunRecord, from: CommitSha, to: CommitSha): ExperimentRecord[] {
  const byCommit = new Map(run.records.map((record) => [record.commit, record]));
  const kept = new Set<ExperimentRecord>();
  for (let at = to; at !== from; ) {
    const record = byCommit.get(at);
    if (record === undefined || kept.has(record)) break;
    kept.add(record);
    at = record.head;
  }
  return [...kept].toReversed();
}

/** Kept experiments of Head that are in Verified, oldest first. */
export function verifiedStack(study: Study, run: RunRecord): ExperimentId[] {
  return run.stack.slice(0, positionOf(study, run, run.verified));
}

/** Kept experiments that left Head again, oldest first. */
export function droppedStack({ drops }: RunRecord): ExperimentId[] {
  return drops.flatMap(({ experiments }) => experiments);
}
