/** What the tuner learns from the study: losses of its own points, and how often it was right. Pure. */

import type { Brief, PastExperiment } from "../../core/brief.ts";
import type { Forecast } from "../../core/experiment.ts";
import type { Result } from "./optimiser.ts";
import type { Settings, Space } from "./space.ts";

/** The candidate could not do the work: ranked last. One stopped early was on its way there. */
const FAILED = new Set(["crashed", "timed_out", "killed_early", "no_metric", "checks_failed"]);

/** How many experiments the forecast looks back. */
const LOOK_BACK = 20;

/**
 * The tuner's experiments as results, and the head as the last. Losses are gains over the baseline with the sign
 * turned, so that experiments made on different heads compare; settings are projected on the knobs there are now.
 */
export function resultsOf(brief: Brief, name: string, space: Space): { own: Result[]; head: Result } {
  const own = ownExperiments(brief, name).flatMap((past): Result[] => {
    const point = space.encode(past.idea.settings ?? {});
    if (past.gainOverHead !== undefined) return [{ point, loss: -(past.headGain + past.gainOverHead) }];
    return FAILED.has(past.status) ? [{ point, loss: undefined }] : [];
  });
  return { own, head: { point: space.start, loss: -brief.headGain } };
}

/** Settings that need no further try: tried ones, those in flight, and what the files hold. */
export function triedSettings(brief: Brief, name: string): Settings[] {
  const past = ownExperiments(brief, name).filter(({ status }) => status !== "interrupted");
  return [
    ...past.map(({ idea }) => idea.settings ?? {}),
    ...brief.inFlight.map(({ settings }) => settings ?? {}),
    {},
  ];
}

/** Expected gain of a hit, and how often one was kept; begins at one in five and learns from there. */
export function forecastOf(brief: Brief, name: string): Forecast {
  const measured = ownExperiments(brief, name)
    .filter(({ gainOverHead }) => gainOverHead !== undefined)
    .slice(-LOOK_BACK);
  const kept = measured.filter(({ status }) => status === "kept");
  const total = kept.reduce((sum, { gainOverHead = 0 }) => sum + gainOverHead, 0);
  const usual = brief.program.metric.minEffect ?? brief.noiseSd;
  // The prior weighs as much as one hit (gain) and five experiments (probability).
  return {
    gain: Math.min(Number.MAX_VALUE, (total + usual) / (kept.length + 1)), // the ledger takes no infinity
    probability: (kept.length + 1) / (measured.length + 5),
  };
}

function ownExperiments(brief: Brief, name: string): PastExperiment[] {
  return brief.history.filter(({ researcher, idea }) => researcher === name && idea.settings !== undefined);
}
