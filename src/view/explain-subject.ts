/** Finds the verdict that a user means by `e12`, `promotion-2` or `final`. */

import { UsageError } from "../core/errors.ts";
import type { ExperimentId } from "../core/experiment.ts";
import type { Verdict } from "../core/judge.ts";
import type { EventOf } from "../core/ledger.ts";
import {
  currentRun,
  type ExperimentRecord,
  type PromotionRecord,
  type RunRecord,
  type Study,
} from "../core/study.ts";
import { STATUS_WORDS } from "./groups.ts";
import { cleanLine } from "./plain-text.ts";

interface Common {
  readonly study: Study;
  readonly run: RunRecord;
  readonly id: string;
  readonly verdict: Verdict;
}

export interface TentativeSubject extends Common {
  readonly stage: "tentative";
  readonly record: ExperimentRecord;
}

export interface PromotionSubject extends Common {
  readonly stage: "promotion";
  readonly promotion: PromotionRecord;
  /** 1 for the first promotion of the run. */
  readonly ordinal: number;
}

export interface FinalSubject extends Common {
  readonly stage: "final";
  readonly final: EventOf<"final_judged">;
}

export type Subject = TentativeSubject | PromotionSubject | FinalSubject;

/** `run`: tag of the run that a promotion or final test belongs to, the current one by default. Throws UsageError. */
export function findSubject(study: Study, id: string, run?: string): Subject {
  const wanted = id.trim().toLowerCase();
  const experiment = /^e?(\d+)$/.exec(wanted)?.[1];
  if (experiment !== undefined) return findExperiment(study, `e${Number(experiment)}` as ExperimentId);
  const promotion = /^p(?:romotion)?-?(\d+)$/.exec(wanted)?.[1];
  if (promotion !== undefined) return findPromotion(study, Number(promotion), runOf(study, run));
  if (wanted === "final") return findFinal(study, runOf(study, run));
  throw new UsageError(`\`${cleanLine(id, 60)}\` names no verdict`, {
    next: "nightlab verdict explain e1, or promotion-1, or final",
  });
}

function findExperiment(study: Study, id: ExperimentId): TentativeSubject {
  const record = study.experiments.get(id);
  const run = study.runs.find(({ tag }) => tag === record?.run);
  if (record === undefined || run === undefined)
    throw new UsageError(`there is no experiment ${id}`, { next: "nightlab log" });
  const { verdict, status } = record;
  if (verdict === undefined && status === undefined)
    throw new UsageError(`${id} is still under way: it has not been judged yet`, { next: "nightlab status" });
  if (verdict === undefined)
    throw new UsageError(`${id} never reached a verdict: ${STATUS_WORDS[status ?? "open"]}`, {
      next: `nightlab show ${id}`,
    });
  return { stage: "tentative", study, run, id, record, verdict };
}

function runOf(study: Study, tag: string | undefined): RunRecord {
  const run = tag === undefined ? currentRun(study) : study.runs.find((one) => one.tag === tag);
  if (run !== undefined) return run;
  if (tag === undefined) throw new UsageError("no run has been started here", { next: "nightlab run" });
  const tags = study.runs.map((one) => cleanLine(one.tag)).join(", ");
  throw new UsageError(`there is no run ${cleanLine(tag, 60)}`, {
    next: tags === "" ? "nightlab run" : `--run with one of: ${tags}`,
  });
}

function findPromotion(study: Study, ordinal: number, run: RunRecord): PromotionSubject {
  const promotion = run.promotions[ordinal - 1];
  if (promotion !== undefined) {
    const { verdict } = promotion;
    return { stage: "promotion", study, run, id: `promotion-${ordinal}`, ordinal, promotion, verdict };
  }
  const count = run.promotions.length;
  throw new UsageError(
    `run ${cleanLine(run.tag)} has no promotion-${ordinal}: ${count} ${count === 1 ? "was" : "were"} judged`,
    { next: count === 0 ? "nightlab status" : `nightlab verdict explain promotion-${count}` },
  );
}

function findFinal(study: Study, run: RunRecord): FinalSubject {
  const { final } = run;
  if (final !== undefined) return { stage: "final", study, run, id: "final", final, verdict: final.verdict };
  const tag = cleanLine(run.tag);
  if (run.endedAtMs === undefined)
    throw new UsageError(`the final test of run ${tag} is still to come`, { next: "nightlab status" });
  throw new UsageError(`run ${tag} ended without a final test`, { next: "nightlab report" });
}
