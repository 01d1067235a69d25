/** Hard limits: what is spent, what is left, and the part kept back for proof. The check comes before the spend. */

import type { Budget } from "../core/program.ts";

export interface Spent {
  readonly experiments: number;
  /** Under way ones included. */
  readonly measurements: number;
  readonly workedMs: number;
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** On models, by this run. */
  readonly tokens: number;
  readonly usd: number;
}

/** Cost of what must still be possible when search ends: promotion and final test. */
export interface Reserve {
  readonly measurements: number;
  readonly timeMs: number;
}

const RESERVED_PART = 0.1;
/** However dear proof is, search gets the other half: a budget too small for both is worth a try. */
const MAX_RESERVED_PART = 0.5;

/** Why search may not open another experiment, or undefined while there is room above the reserve. */
export function searchLimit(budget: Budget, spent: Spent, reserve: Reserve): string | undefined {
  if (budget.experiments !== undefined && spent.experiments >= budget.experiments) {
    return `${budget.experiments} experiments are done`;
  }
  // Researchers that cost nothing go on as long as something else ends the run.
  const unpaid = isLimited(budget) ? undefined : modelLimit(budget, spent);
  return unpaid ?? measuringLimit(budget, spent, reserve);
}

/** Why no further call to a model may be made, or undefined. Proof makes none, so nothing is kept back for it. */
export function modelLimit(budget: Budget, spent: Pick<Spent, "tokens" | "usd">): string | undefined {
  const { usd, tokens } = modelsLeft(budget, spent);
  if (usd !== undefined && usd <= 0) return `${budget.usd} US dollars are spent on models`;
  if (tokens !== undefined && tokens <= 0) return `${budget.tokens} tokens are spent on models`;
  return undefined;
}

/** What models may still cost; a missing key is no limit. */
export function modelsLeft({ usd, tokens }: Budget, spent: Pick<Spent, "tokens" | "usd">) {
  return {
    ...(usd === undefined ? {} : { usd: usd - spent.usd }),
    ...(tokens === undefined ? {} : { tokens: tokens - spent.tokens }),
  };
}

/** Why an open experiment may not measure `next` times more, or undefined: it has been counted, only its measurements cost. */
export function measuringLimit(budget: Budget, spent: Spent, reserve: Reserve, next = 1): string | undefined {
  const runs = budget.measurements;
  if (runs !== undefined && spent.measurements + next > runs - reserved(runs, reserve.measurements)) {
    return `${spent.measurements} of ${runs} measurements are spent, the rest is kept for proof`;
  }
  if (searchTimeLeftMs(budget, spent, reserve) <= 0) return "the time is up, the rest is kept for proof";
  return undefined;
}

/** Time until search must end, milliseconds; Infinity without a limit in time. */
export function searchTimeLeftMs(budget: Budget, spent: Spent, reserve: Reserve): number {
  return Math.min(
    ...timeParts(budget, spent).map(({ whole, left }) => left - reserved(whole, reserve.timeMs)),
    Number.POSITIVE_INFINITY,
  );
}

/** Why not even proof may measure `next` times more, or undefined. */
export function proofLimit(budget: Budget, spent: Spent, next = 1): string | undefined {
  if (budget.measurements !== undefined && spent.measurements + next > budget.measurements)
    return "all measurements are spent";
  return timeParts(budget, spent).some(({ left }) => left <= 0) ? "the time is up" : undefined;
}

/** Whether any limit other than the cost of models tells how much of the run is over. */
export function isLimited({ experiments, measurements, timeMs, deadlineMs }: Budget): boolean {
  return [experiments, measurements, timeMs, deadlineMs].some((limit) => limit !== undefined);
}

/** Part of the budget still unspent, 0..1, by the scarcest limit; 1 without limits. */
export function partLeft(budget: Budget, spent: Spent): number {
  const parts = timeParts(budget, spent).map(({ whole, left }) => left / whole);
  if (budget.experiments !== undefined) parts.push(1 - spent.experiments / budget.experiments);
  if (budget.measurements !== undefined) parts.push(1 - spent.measurements / budget.measurements);
  if (!isLimited(budget)) {
    const { usd, tokens } = modelsLeft(budget, spent);
    if (usd !== undefined) parts.push(usd / (budget.usd ?? 0));
    if (tokens !== undefined) parts.push(tokens / (budget.tokens ?? 0));
  }
  // 0 / 0 is a budget of nothing: nothing is left of it.
  return Math.max(0, Math.min(1, ...parts.map((part) => (Number.isNaN(part) ? 0 : part))));
}

/** How many measurements the whole budget pays for, given their cost; undefined without a limit that tells. */
export function expectedMeasurements(
  budget: Budget,
  spent: Spent,
  cost: { readonly measurementMs: number; readonly slots: number },
): number | undefined {
  const counts: number[] = [];
  if (budget.measurements !== undefined) counts.push(budget.measurements);
  // Most experiments end after one or two runs of their own (notes in src/judge/rules.ts).
  if (budget.experiments !== undefined) counts.push(budget.experiments * 1.5);
  for (const { whole } of timeParts(budget, spent)) counts.push((whole / cost.measurementMs) * cost.slots);
  return counts.length === 0 ? undefined : Math.min(...counts);
}

function reserved(whole: number, proof: number): number {
  return Math.min(Math.max(RESERVED_PART * whole, proof), MAX_RESERVED_PART * whole);
}

/** Limits in time: how long each is as a whole, and how much of it is left. */
function timeParts(budget: Budget, spent: Spent): { whole: number; left: number }[] {
  const parts: { whole: number; left: number }[] = [];
  const { timeMs, deadlineMs } = budget;
  if (timeMs !== undefined) parts.push({ whole: timeMs, left: timeMs - spent.workedMs });
  if (deadlineMs !== undefined) {
    const startMs = Math.min(spent.startedAtMs, spent.nowMs); // a clock that was set back may lie before the start
    parts.push({ whole: Math.max(0, deadlineMs - startMs), left: deadlineMs - spent.nowMs });
  }
  return parts;
}
