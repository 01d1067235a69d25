/** What a killed run was at, as ledger and refs tell it. */

import { refs } from "../../src/core/experiment.ts";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { type ExperimentRecord, replay } from "../../src/core/study.ts";
import { git } from "./repositories.ts";

export const STAGES = [
  "starting",
  "recovering",
  "calibrating",
  "proposing",
  "committing",
  "measuring",
  "judging",
  "moving head",
  "promoting",
  "final",
  "ended",
] as const;
export type Stage = (typeof STAGES)[number];

/** With several experiments in flight, that of the last line counts; `countBefore` lines were there when it started. */
export function stageOf(repository: string, lines: readonly LedgerLine[], countBefore: number): Stage {
  const last = lines.at(-1);
  const { runs, experiments } = replay(lines);
  const run = runs.at(-1);
  if (run === undefined || last === undefined || lines.length === countBefore) return "starting";
  if (run.endedAtMs !== undefined) return "ended";
  if (last.event.kind === "run_resumed") return "recovering";
  if (run.noise === undefined) return "calibrating";
  if (run.final !== undefined || isMeasured(last, "final")) return "final";
  if (PROMOTING.includes(last.event.kind) || isMeasured(last, "promotion") || isMeasured(last, "publish"))
    return "promoting";
  const open = [...experiments.values()].filter(({ status }) => status === undefined);
  const record =
    open.find(({ id }) => "experiment" in last.event && last.event.experiment === id) ?? open.at(-1);
  if (record === undefined) return run.head === run.verified ? "final" : "promoting";
  return stageOfExperiment(repository, record, last);
}

const PROMOTING: readonly string[] = ["promotion_judged", "verified_moved", "published"];

function stageOfExperiment(repository: string, record: ExperimentRecord, last: LedgerLine): Stage {
  if (record.commit === undefined) {
    const ref = git(repository, "for-each-ref", "--format=%(refname)", refs.candidate(record.id));
    return ref === "" ? "proposing" : "committing";
  }
  if (record.verdict !== undefined) return record.verdict.kind === "keep" ? "moving head" : "judging";
  return last.event.kind === "measured" ? "judging" : "measuring";
}

function isMeasured({ event }: LedgerLine, purpose: string): boolean {
  return event.kind === "measured" && event.purpose === purpose;
}
