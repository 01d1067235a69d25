/** Hard limits: what is spent, what is left, and the part kept back for proof. The check comes before the spend. */

import type { BudgetSpec } from "./program.ts";

export interface Spent {
  readonly experiments: number;
  readonly measurements: number;
  readonly workedMs: number;
  readonly nowMs: number;
}

/** Cost of what must still be possible when search ends: promotion and final test. */
export interface Reserve {
  readonly measurements: number;
  readonly timeMs: number;
}

export interface Budget extends Omit<BudgetSpec, "until"> {
  /** Moment the run ends, milliseconds since 1970, from `until`. */
  readonly deadlineMs?: number;
}

const RESERVED_PART = 0.1;

/** Why search may not open another experiment, or undefined while there is room above the reserve. */
export function searchLimit(budget: Budget, spent: Spent, reserve: Reserve): string | undefined {
  if (budget.experiments !== undefined && spent.experiments >= budget.experiments) {
    return `${budget.experiments} experiments are done`;
  }
  return measuringLimit(budget, spent, reserve);
}

/** Why an open experiment may not measure again, or undefined: it has been counted, only its measurements cost. */
export function measuringLimit(budget: Budget, spent: Spent, reserve: Reserve): string | undefined {
  const runs = budget.measurements;
  if (
    runs !== undefined &&
    spent.measurements >= runs - Math.max(RESERVED_PART * runs, reserve.measurements)
  ) {
    return `${spent.measurements} of ${runs} measurements are spent, the rest is kept for proof`;
  }
  const left = timeLeftMs(budget, spent);
  const reservedMs = Math.max(RESERVED_PART * (budget.timeMs ?? 0), reserve.timeMs);
  if (left !== undefined && left <= reservedMs) return "the time is up, the rest is kept for proof";
  return undefined;
}

/** Why not even proof may go on, or undefined. */
export function proofLimit(budget: Budget, spent: Spent): string | undefined {
  if (budget.measurements !== undefined && spent.measurements >= budget.measurements)
    return "all measurements are spent";
  const left = timeLeftMs(budget, spent);
  return left !== undefined && left <= 0 ? "the time is up" : undefined;
}

/** Part of the budget still unspent, 0..1, by the scarcest limit; 1 without limits. */
export function partLeft(budget: Budget, spent: Spent): number {
  const parts = [1];
  if (budget.experiments !== undefined) parts.push(1 - spent.experiments / budget.experiments);
  if (budget.measurements !== undefined) parts.push(1 - spent.measurements / budget.measurements);
  if (budget.timeMs !== undefined) parts.push(1 - spent.workedMs / budget.timeMs);
  return Math.max(0, Math.min(...parts));
}

/** How many measurements the whole budget pays for, given their cost; undefined without a limit that tells. */
export function expectedMeasurements(
  budget: Budget,
  measurementMs: number,
  slots: number,
): number | undefined {
  const counts: number[] = [];
  if (budget.measurements !== undefined) counts.push(budget.measurements);
  // Most experiments end after one or two runs of their own (notes in src/judge/rules.ts).
  if (budget.experiments !== undefined) counts.push(budget.experiments * 1.5);
  if (budget.timeMs !== undefined) counts.push((budget.timeMs / measurementMs) * slots);
  return counts.length === 0 ? undefined : Math.min(...counts);
}

function timeLeftMs(budget: Budget, spent: Spent): number | undefined {
  const left: number[] = [];
  if (budget.timeMs !== undefined) left.push(budget.timeMs - spent.workedMs);
  if (budget.deadlineMs !== undefined) left.push(budget.deadlineMs - spent.nowMs);
  return left.length === 0 ? undefined : Math.min(...left);
}
