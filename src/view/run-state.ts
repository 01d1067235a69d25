/** What a run is doing, told from its ledger alone. Knows no process. */

import type { Purpose } from "../core/ledger.ts";
import { linesOf, type MeasuredLine, type RunRecord, type Study } from "../core/study.ts";

export type RunState = "calibrating" | "running" | "promoting" | "paused" | "ended" | "interrupted";

const PROOF: readonly Purpose[] = ["promotion", "publish", "final"];

/** `interrupted`: neither ended nor paused, and its process is known to be gone (`isAlive` false). */
export function stateOf(study: Study, run: RunRecord, options: { readonly isAlive?: boolean }): RunState {
  if (run.endedAtMs !== undefined) return "ended";
  if (run.pausedReason !== undefined) return "paused";
  // A later run on the same study means that this one is over, though nobody wrote so.
  if (options.isAlive === false || run !== study.runs.at(-1)) return "interrupted";
  if (run.noise === undefined) return "calibrating";
  return isProving(study, run) ? "promoting" : "running";
}

/** The newest measurement is a pair of a promotion, publication or final test that has not been judged yet. */
function isProving(study: Study, run: RunRecord): boolean {
  const newest = [run.baseline, run.verified, run.head]
    .map((commit) => linesOf(study, run.tag, commit).at(-1))
    .filter((line): line is MeasuredLine => line !== undefined && PROOF.includes(line.purpose))
    .sort((a, b) => b.line - a.line)[0];
  if (newest === undefined || newest.atMs < run.lastAtMs) return false;
  if (newest.purpose === "final") return run.final?.verified !== run.verified;
  if (newest.purpose === "publish") return run.published?.commit !== run.verified;
  return (run.promotions.at(-1)?.atMs ?? 0) < newest.atMs;
}

/** Time at work: the pauses between a stop and its resume do not count. */
export function elapsedMs(run: RunRecord, state: RunState, nowMs: number): number {
  const isWorking = state === "calibrating" || state === "running" || state === "promoting";
  return run.workedMs + (isWorking ? Math.max(0, nowMs - run.lastAtMs) : 0);
}
