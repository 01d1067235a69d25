/** Bounds on other metrics than the one that is judged. */

import type { Constraint } from "../core/metric.ts";
import { type MeasuredLine, measurementsOf } from "../core/study.ts";

/**
 * Constraints that `candidate` breaks, as sentences. A metric missing on the candidate's side breaks its
 * constraint: unknown is never keep. A relative bound without a reference value cannot be checked and breaks too.
 */
export function brokenConstraints(
  constraints: readonly Constraint[],
  candidate: Readonly<Record<string, number>>,
  reference: Readonly<Record<string, number>>,
): string[] {
  return constraints.flatMap((constraint) => {
    const value = candidate[constraint.metric];
    if (value === undefined) return [`${constraint.text}: ${constraint.metric} was not measured`];
    const limit = limitOf(constraint, reference);
    if (limit === undefined) return [`${constraint.text}: ${constraint.metric} is unknown for the head`];
    const holds = constraint.relation === "<=" ? value <= limit : value >= limit;
    return holds ? [] : [`${constraint.text}: ${constraint.metric} is ${value}, the limit is ${limit}`];
  });
}

function limitOf(constraint: Constraint, reference: Readonly<Record<string, number>>): number | undefined {
  if (constraint.bound.kind === "absolute") return constraint.bound.value;
  const value = reference[constraint.metric];
  return value === undefined ? undefined : value * constraint.bound.factor;
}

/** Mean of everything that was measured, the metric itself included: constraints may be about any of it. */
export function valuesOf(lines: readonly MeasuredLine[], metric: string): Record<string, number> {
  const sums: Record<string, { sum: number; count: number }> = {};
  for (const { measurement } of measurementsOf(lines, "anchor", "calibration", "tentative")) {
    for (const [name, value] of Object.entries({ ...measurement.secondary, [metric]: measurement.value })) {
      const { sum, count } = sums[name] ?? { sum: 0, count: 0 };
      sums[name] = { sum: sum + value, count: count + 1 };
    }
  }
  return Object.fromEntries(Object.entries(sums).map(([name, { sum, count }]) => [name, sum / count]));
}
