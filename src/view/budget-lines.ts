/** Spent and left of every limit of the budget, for showing. The limits themselves are kept by loop/budget.ts. */

import type { Budget } from "../core/program.ts";
import type { RunRecord } from "../core/study.ts";

export interface BudgetLine {
  readonly name: "experiments" | "measurements" | "time" | "until" | "usd" | "tokens" | "plateau";
  readonly unit: "count" | "ms" | "usd";
  readonly spent: number;
  readonly limit: number;
  readonly left: number;
  /** Spent part, 0..1. */
  readonly part: number;
}

interface Spending {
  readonly elapsedMs: number;
  readonly nowMs: number;
  readonly budget?: Budget;
}

/** One line per limit that is set; `until` counts from the start of the run to its deadline. */
export function budgetLines(run: RunRecord, spending: Spending): BudgetLine[] {
  const { budget = {}, elapsedMs } = spending;
  const untilMs = Math.min(run.endedAtMs ?? spending.nowMs, spending.nowMs) - run.startedAtMs;
  const deadline = budget.deadlineMs === undefined ? undefined : budget.deadlineMs - run.startedAtMs;
  return [
    line("experiments", "count", { spent: run.experiments, limit: budget.experiments }),
    line("measurements", "count", { spent: run.measurements, limit: budget.measurements }),
    line("time", "ms", { spent: elapsedMs, limit: budget.timeMs }),
    line("until", "ms", { spent: untilMs, limit: deadline }),
    line("usd", "usd", { spent: run.usd, limit: budget.usd }),
    line("tokens", "count", { spent: run.tokens, limit: budget.tokens }),
    line("plateau", "count", { spent: run.experimentsSinceKeep, limit: budget.plateau }),
  ].filter((one) => one !== undefined);
}

function line(
  name: BudgetLine["name"],
  unit: BudgetLine["unit"],
  { spent, limit }: { readonly spent: number; readonly limit: number | undefined },
): BudgetLine | undefined {
  if (limit === undefined) return undefined;
  const part = limit <= 0 ? 1 : Math.min(1, Math.max(0, spent / limit));
  return { name, unit, spent, limit, left: Math.max(0, limit - spent), part };
}

/** The limit nearest to its end: what the budget bar shows. Plateau is a stop rule, not a spend. */
export function scarcest(lines: readonly BudgetLine[]): BudgetLine | undefined {
  const spends = lines.filter(({ name }) => name !== "plateau");
  return spends.toSorted((a, b) => b.part - a.part)[0];
}
