/** When a run will end and what it will have cost, from its pace so far: an estimate, shown as one. Pure. */

import type { RunRecord } from "../core/study.ts";
import type { BudgetLine } from "./budget-lines.ts";

export interface Outlook {
  /** Of closed experiments, per hour at work. */
  readonly experimentsPerHour: number;
  /** Milliseconds of work until the first limit that ends the run; absent without one. */
  readonly leftMs?: number;
  /** The limit that will end it. */
  readonly endsBy?: BudgetLine["name"];
  /** Experiments and dollars at that time. */
  readonly experiments?: number;
  readonly usd?: number;
}

/** Fewer experiments tell no pace. */
const MIN_CLOSED = 3;
/** Limits that end the run when they are reached; dollars and tokens only end what they pay for. */
const ENDING: readonly BudgetLine["name"][] = ["experiments", "measurements", "time", "until"];

export function outlookOf(
  run: RunRecord,
  budget: readonly BudgetLine[],
  elapsedMs: number,
): Outlook | undefined {
  const closed = run.closed.length;
  if (closed < MIN_CLOSED || elapsedMs <= 0 || run.endedAtMs !== undefined) return undefined;
  const perMs = closed / elapsedMs;
  const ends = budget
    .filter(({ name }) => ENDING.includes(name))
    .map((line) => ({ name: line.name, leftMs: timeOf(line, elapsedMs) }))
    .sort((a, b) => a.leftMs - b.leftMs);
  const [first] = ends;
  const pace = { experimentsPerHour: 3_600_000 * perMs };
  if (first === undefined || !Number.isFinite(first.leftMs)) return pace;
  const growth = (elapsedMs + first.leftMs) / elapsedMs;
  const limit = budget.find(({ name }) => name === "usd")?.limit ?? Number.POSITIVE_INFINITY;
  return {
    ...pace,
    leftMs: first.leftMs,
    endsBy: first.name,
    experiments: Math.round(closed * growth),
    ...(run.usd > 0 ? { usd: Math.min(limit, run.usd * growth) } : {}),
  };
}

function timeOf({ unit, spent, left }: BudgetLine, elapsedMs: number): number {
  if (unit === "ms") return left;
  return spent === 0 ? Number.POSITIVE_INFINITY : (left / spent) * elapsedMs;
}
