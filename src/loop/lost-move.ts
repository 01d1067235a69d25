/**
 * Where head and Verified go by what the ledger holds, so that a move that git made and the ledger lost is told from one
 * that somebody else made. Pure.
 */

import type { CommitSha, ExperimentId } from "../core/experiment.ts";
import type { EventOf } from "../core/ledger.ts";
import { currentRun, type ExperimentRecord, positionOf, type RunRecord, type Study } from "../core/study.ts";

/**
 * Where the head goes when its stack is suspect, or holds a commit whose proof was taken back: the newest half of what
 * was kept since Verified is dropped.
 */
export function fallback({ study, run }: { study: Study; run: RunRecord }): CommitSha {
  const positions = run.withdrawn.map((commit) => positionOf(study, run, commit)).filter((at) => at > 0);
  const end = positions.length === 0 ? run.stack.length : Math.min(...positions);
  const unproven = run.stack.slice(positionOf(study, run, run.verified), end);
  const half = unproven[Math.floor(unproven.length / 2) - 1];
  const commit = half === undefined ? undefined : study.experiments.get(half)?.commit;
  return commit ?? run.verified;
}

/** A keep of the stack that did not hold when it was measured again: the head goes back to before it. */
export function refutedKeep({ study, run }: { study: Study; run: RunRecord }): ExperimentRecord | undefined {
  return run.stack
    .map((id) => study.experiments.get(id))
    .find((record) => record?.recheck !== undefined && record.recheck.kind !== "keep");
}

/** What was Verified before the commit that is Verified now. */
export function verifiedBefore({ promotions, verified, baseline }: RunRecord): CommitSha {
  const proof = promotions.findLast(({ verdict, head }) => verdict.kind === "keep" && head === verified);
  return proof?.verified ?? baseline;
}

/**
 * The move that takes the head of the current run to `at`, if the ledger itself tells which it was: to a candidate that
 * was found worth keeping, or back along the stack. Undefined when the head is there, or nothing tells.
 */
export function headMoveTo(study: Study, at: CommitSha): EventOf<"head_moved"> | undefined {
  const run = currentRun(study);
  if (run === undefined || run.head === at) return undefined;
  const move = { kind: "head_moved", run: run.tag, from: run.head, to: at } as const;
  const winner = keptExperiment(study, run, at);
  if (winner !== undefined) return { ...move, reason: "kept", experiment: winner };
  const back = [run.verified, fallback({ study, run }), refutedKeep({ study, run })?.head];
  return back.includes(at) ? { ...move, reason: "suspect" } : undefined;
}

/** The same for Verified: forward to a stack that was proven, or back from one whose proof does not stand. */
export function verifiedMoveTo(
  run: RunRecord,
  at: CommitSha,
): EventOf<"verified_moved" | "withdrawn"> | undefined {
  if (at === run.verified) return undefined;
  const move = { run: run.tag, from: run.verified, to: at };
  const last = run.promotions.at(-1);
  const isProven = last?.verdict.kind === "keep" && last.head === at && last.verified === run.verified;
  if (isProven && !run.withdrawn.includes(at)) return { kind: "verified_moved", ...move };
  if (at !== verifiedBefore(run)) return undefined;
  const reason = `${run.verified.slice(0, 9)} is proven no more: the process ended while this was written down`;
  return { kind: "withdrawn", ...move, reason };
}

/** Of the stack's own commits none is won anew: the head came by them before. */
function keptExperiment(study: Study, run: RunRecord, commit: CommitSha): ExperimentId | undefined {
  for (const record of study.experiments.values()) {
    const isKept = record.verdict?.kind === "keep" || record.status === "kept";
    const isNew = !run.stack.includes(record.id);
    if (record.run === run.tag && record.commit === commit && isKept && isNew) return record.id;
  }
  return undefined;
}
