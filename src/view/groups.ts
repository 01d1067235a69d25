/** Experiments taken together: why they were not kept, and how well each researcher foresaw what came. */

import type { ExperimentId, Status } from "../core/experiment.ts";
import { type Calibration, calibrationOf, toldBy } from "../forecast/calibration.ts";
import type { ExperimentView } from "./experiment-view.ts";

export interface ReasonGroup {
  readonly status: Status;
  /** Plain words for the status. */
  readonly meaning: string;
  /** The reason they share; numbers that differ are written as `…`. */
  readonly reason: string;
  readonly experiments: readonly ExperimentId[];
}

/** What every status means to somebody who reads a report. */
export const STATUS_WORDS: Readonly<Record<Status | "open", string>> = {
  open: "under way",
  kept: "kept",
  discarded: "not better",
  inconclusive: "too close to call",
  crashed: "crashed",
  timed_out: "ran out of time",
  killed_early: "stopped early",
  no_metric: "gave no value",
  out_of_scope: "changed what it may not",
  checks_failed: "failed the checks",
  gave_up: "researcher gave up",
  duplicate: "tried before",
  refused: "refused by the reviewer",
  no_change: "changed nothing",
  interrupted: "interrupted",
};

/** The status, and what else a keep was or became. */
export function outcomeWords({
  status,
  simplification,
  isDropped,
}: Pick<ExperimentView, "status" | "simplification" | "isDropped">): string {
  const how = simplification === undefined ? "" : ", simpler";
  return `${STATUS_WORDS[status]}${how}${isDropped ? ", dropped" : ""}`;
}

/** Experiments that were not kept, by status and first reason, the largest group first. */
export function reasonGroups(experiments: readonly ExperimentView[]): ReasonGroup[] {
  const groups = new Map<
    string,
    { status: Status; reasons: Set<string>; pattern: string; ids: ExperimentId[] }
  >();
  for (const { id, status, reasons } of experiments) {
    if (status === "kept" || status === "open") continue;
    const reason = reasons[0] ?? STATUS_WORDS[status];
    const pattern = withoutNumbers(reason);
    const key = `${status} ${pattern}`;
    const group = groups.get(key) ?? { status, reasons: new Set(), pattern, ids: [] };
    group.reasons.add(reason);
    group.ids.push(id);
    groups.set(key, group);
  }
  return [...groups.values()]
    .map(({ status, reasons, pattern, ids }) => ({
      status,
      meaning: STATUS_WORDS[status],
      reason: reasons.size === 1 ? ([...reasons][0] ?? pattern) : pattern,
      experiments: ids,
    }))
    .toSorted((a, b) => b.experiments.length - a.experiments.length);
}

/** Numbers, also those in ids such as `e12`, with their exponents; `1 run` and `6 runs` are the same pattern. */
function withoutNumbers(reason: string): string {
  return reason.replace(/[-+−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?/gi, "…").replace(/… run\b/g, "… runs");
}

/** How well its forecasts came true is absent while none has. */
export interface ResearcherView extends Partial<Omit<Calibration, "forecasts">> {
  readonly name: string;
  readonly experiments: number;
  readonly kept: number;
  readonly verified: number;
  /** Experiments whose idea came with a forecast, and whose end says something of it. */
  readonly forecasts: number;
}

export function researcherViews(experiments: readonly ExperimentView[]): ResearcherView[] {
  const byName = Map.groupBy(experiments, ({ researcher }) => researcher);
  return [...byName].map(([name, own]) => ({
    name,
    experiments: own.length,
    kept: own.filter(({ status }) => status === "kept").length,
    verified: own.filter(({ isVerified }) => isVerified).length,
    ...(calibrationOf(own.flatMap(toldBy)) ?? { forecasts: 0 }),
  }));
}
