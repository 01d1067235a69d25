/** How a test ends: one sentence with the numbers it was computed from. Pure. */

import type { DecidingRule, Estimate, Verdict, Workings } from "../core/judge.ts";
import type { VarianceEstimate } from "./statistics.ts";

/** Makes the verdicts of one test; what differs between them is the rule that decided and its sentence. */
export function endingWith(estimate: Estimate, workings: Omit<Workings, "rule">) {
  return (kind: Verdict["kind"], rule: DecidingRule, reason: string): Verdict => ({
    kind,
    reasons: [reason],
    estimate,
    workings: { rule, ...workings },
  });
}

/** The spread a test stands on, as the ledger tells it. */
export function spreadWorkings({ variance, degreesOfFreedom }: VarianceEstimate) {
  return { sd: Math.sqrt(variance), degreesOfFreedom };
}
