/** What a researcher of a run is not told: promotions, rechecks and final tests may look at held-out data. Pure. */

import { UsageError } from "../core/errors.ts";
import type { ExperimentView } from "../view/experiment-view.ts";
import type { Explanation } from "../view/explain.ts";
import type { StudyView } from "../view/study-view.ts";

/** That a stack was proven stays; by how much does not. Warnings go too: they tell of proofs taken back, with numbers. */
export function statusFor(view: Omit<StudyView, "experiments" | "inFlight" | "curve">) {
  const { run, promotions, warnings: _warnings, ...rest } = view;
  if (run === undefined) return rest;
  const { verifiedGain: _gain, promotionError: _error, usdPerVerifiedPercent: _usd, ...open } = run;
  return { ...rest, run: open, promotions: promotions.length };
}

export function experimentFor({ recheck: _recheck, ...open }: ExperimentView) {
  return open;
}

export function explanationFor({
  consequences: _consequences,
  ...open
}: Explanation): Omit<Explanation, "consequences"> {
  if (open.stage === "tentative") return open;
  throw new UsageError("researchers are told verdicts on experiments alone: fresh data stays fresh", {
    next: "nightlab log",
  });
}
