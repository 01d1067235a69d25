/** Numbers so large that no noise can be reckoned from them: what cannot be compared is never kept. Pure. */

import type { Evidence, Pair, TentativeEvidence, Verdict } from "../core/judge.ts";
import { gainOver } from "../core/metric.ts";
import { say } from "./spread.ts";
import { mean } from "./statistics.ts";

/** The square of a larger value is hardly a number any more, and a noisy metric is judged by squares. */
const LARGEST_VALUE = 1e150;

/**
 * The verdict on evidence with a value that cannot be compared: a discard where it is worse, else inconclusive. A
 * deterministic metric needs no squares: only what lies further apart than a number can say is too far.
 */
export function incomparable(evidence: Evidence): Verdict | undefined {
  const { mine, theirs } = evidence.stage === "tentative" ? sidesOf(evidence) : pairSides(evidence.pairs);
  if (mine.length === 0 || theirs.length === 0) return undefined;
  const gain = gainOver(evidence.metric.goal, mean(mine) ?? 0, mean(theirs) ?? 0);
  const kind = gain > 0 ? "inconclusive" : "discard";
  const values = [...mine, ...theirs];
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  if (evidence.noise.isDeterministic) {
    if (highest - lowest < Number.MAX_VALUE) return undefined;
    const reason = `cannot be compared: ${say(lowest)} and ${say(highest)} lie further apart than a number can say`;
    return { kind, reasons: [reason] };
  }
  const largest = Math.max(-lowest, highest);
  if (largest <= LARGEST_VALUE) return undefined;
  const reason = `cannot be compared: a value of ${say(largest)} on a noisy metric, which may have up to ${say(LARGEST_VALUE)}`;
  return { kind, reasons: [reason] };
}

function sidesOf({ candidate, fresh, head }: TentativeEvidence) {
  return {
    mine: [...candidate, ...fresh].map(({ value }) => value),
    theirs: head.map(({ value }) => value),
  };
}

function pairSides(pairs: readonly Pair[]) {
  return { mine: pairs.map(({ challenger }) => challenger), theirs: pairs.map(({ defender }) => defender) };
}
