/** Which past attempts are worth showing as code, and their diffs. Real diffs of attempts raise the rate of keeps; room is short. */

import type { PastExperiment } from "../core/brief.ts";
import type { Status } from "../core/experiment.ts";
import { DIFF_CHARACTERS, shortText } from "../text/untrusted.ts";
import type { Lab } from "./lab.ts";

const [NEAR_MISSES, KEEPS, FAILURES] = [3, 2, 1];
const FAILED: readonly Status[] = ["crashed", "timed_out", "killed_early", "no_metric", "checks_failed"];

/**
 * The nearest to being kept, then the last keeps and the last failure: at most six, the same for the same history. What set
 * constants alone is told by its settings.
 */
export function worthReading(history: readonly PastExperiment[]): PastExperiment[] {
  const changes = history.filter(({ idea }) => idea.settings === undefined);
  const missed = changes.filter(
    ({ status, gainOverHead }) => status !== "kept" && gainOverHead !== undefined,
  );
  const nearest = missed.sort((a, b) => (b.gainOverHead ?? 0) - (a.gainOverHead ?? 0));
  const kept = changes.filter(({ status }) => status === "kept").slice(-KEEPS);
  const failed = changes.filter(({ status }) => FAILED.includes(status)).slice(-FAILURES);
  return [...nearest.slice(0, NEAR_MISSES), ...kept, ...failed];
}

/** What a closed experiment changed does not change any more: a git process is spent on it once. */
const shown = new WeakMap<PastExperiment, PastExperiment>();

export async function withDiffs(lab: Lab, history: readonly PastExperiment[]): Promise<PastExperiment[]> {
  for (const past of worthReading(history)) {
    const { head, commit } = lab.experiment(past.experiment);
    if (shown.has(past) || commit === undefined) continue;
    const diff = await lab.parts.workspaces.diff(head, commit);
    shown.set(past, { ...past, diff: shortText(diff, DIFF_CHARACTERS) });
  }
  const chosen = new Set(worthReading(history));
  return history.map((past) => (chosen.has(past) ? (shown.get(past) ?? past) : past));
}
