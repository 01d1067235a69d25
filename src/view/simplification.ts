/** Keeps that are no gains: less code, shown to be not worse. Which verdicts those are, and what they may claim. */

import type { Verdict } from "../core/judge.ts";
import type { ExperimentRecord } from "../core/study.ts";

/** Less code, and not worse by more than `margin` (units of the metric). Never a gain. */
export interface Simplification {
  readonly linesSaved: number;
  readonly margin: number;
}

/** True for a keep that no gain carries. */
export function isSimplification({ kind, estimate, workings }: Verdict): boolean {
  if (kind !== "keep" || workings === undefined) return false;
  if (workings.rule === "not_worse") return true;
  // On a deterministic metric one rule decides gains and simplifications alike.
  const gain = estimate?.gain ?? 0;
  const isGain = gain > 0 && gain >= (workings.smallest ?? 0);
  return workings.rule === "exact" && workings.margin !== undefined && !isGain;
}

/** Lines that a change deletes beyond those it adds. */
export function linesSavedBy({ files }: Pick<ExperimentRecord, "files">): number {
  return files.reduce((sum, { added, deleted }) => sum + (deleted ?? 0) - (added ?? 0), 0);
}

/** The claim of a keep; undefined where it is a gain or no keep. */
export function simplificationOf(record: ExperimentRecord): Simplification | undefined {
  const { verdict } = record;
  if (verdict === undefined || !isSimplification(verdict)) return undefined;
  return { linesSaved: linesSavedBy(record), margin: verdict.workings?.margin ?? 0 };
}
