/** What was proven over the baseline. Says nothing that no fresh pair has shown. */

import type { Estimate } from "../core/judge.ts";
import type { Purpose } from "../core/ledger.ts";
import type { Channel } from "../core/metric.ts";
import { linesOf, measurementsOf, type RunRecord, type Study } from "../core/study.ts";
import { type Gain, short, weakestChannel } from "./gain.ts";
import { keptBetween } from "./lineage.ts";
import { cleanLine } from "./plain-text.ts";
import { isSimplification, linesSavedBy, type Simplification } from "./simplification.ts";

/**
 * `final`: the final test of Verified against the baseline. `published`: pairs measured after a promotion, before the
 * end. `promoted`: promoted, and its gain over the baseline has not been measured yet (no estimate).
 */
export interface VerifiedGain extends Partial<Gain> {
  readonly source: "final" | "published" | "promoted";
  readonly commit: string;
  /** The test says keep and its interval, where there is one, excludes zero. */
  readonly isProven: boolean;
  /** Measured on held-out data; known for the final test only. */
  readonly isHeldOut?: boolean;
  /** How many tests of the study have looked at the held-out data so far: rechecks, promotions and final tests. */
  readonly heldOutLooks?: number;
  readonly estimate?: Estimate;
  readonly reasons: readonly string[];
  readonly channel?: Channel;
  /** What promotions have shown beside or instead of a gain; absent where the final test contradicts it. */
  readonly simpler?: Simplification;
}

/** Undefined while Verified is the baseline: nothing was proven. */
export function provenGain(study: Study, run: RunRecord): VerifiedGain | undefined {
  if (run.verified === run.baseline) return undefined;
  const simpler = simplerVerified(run);
  return { ...measuredGain(study, run), ...(simpler === undefined ? {} : { simpler }) };
}

function measuredGain(study: Study, run: RunRecord): VerifiedGain {
  const commit = short(run.verified);
  const { final, published } = run;
  const isUnfinished = final?.verdict.estimate === undefined && published?.commit === run.verified;
  if (final?.verified === run.verified && !isUnfinished) {
    const { estimate, kind, reasons } = final.verdict;
    return {
      source: "final",
      commit,
      isProven: kind === "keep" && isAboveZero(estimate),
      isHeldOut: final.isHeldOut,
      ...(final.isHeldOut ? { heldOutLooks: heldOutLooks(study) } : {}),
      ...(estimate === undefined ? {} : { estimate }),
      reasons: reasons.map((reason) => cleanLine(reason)),
      ...channelOf(study, run, "final"),
    };
  }
  if (published?.commit === run.verified) {
    const { estimate } = published;
    const isProven = isAboveZero(estimate);
    return {
      source: "published",
      commit,
      isProven,
      estimate,
      reasons: [],
      ...channelOf(study, run, "publish"),
    };
  }
  return { source: "promoted", commit, isProven: false, reasons: [], ...channelOf(study, run, "promotion") };
}

function heldOutLooks({ runs, experiments }: Study): number {
  const verdicts = [
    ...runs.flatMap(({ promotions }) => promotions.map(({ verdict }) => verdict)),
    ...[...experiments.values()].flatMap(({ recheck }) => recheck ?? []),
  ];
  const finals = runs.filter(({ final }) => final?.isHeldOut === true);
  return verdicts.filter(({ workings }) => workings?.isHeldOut === true).length + finals.length;
}

/** Each promotion that let the stack lose a little adds its margin to what Verified may have lost over the baseline. */
function simplerVerified(run: RunRecord): Simplification | undefined {
  const { final } = run;
  const lost = run.promotions.filter(({ verdict }) => isSimplification(verdict));
  const stack = keptBetween(run, run.baseline, run.verified);
  const linesSaved = stack.reduce((sum, record) => sum + linesSavedBy(record), 0);
  if (lost.length === 0 || linesSaved <= 0) return undefined;
  const margin = lost.reduce((sum, { verdict }) => sum + (verdict.workings?.margin ?? 0), 0);
  const high = final?.verified === run.verified ? final.verdict.estimate?.high : undefined;
  return high !== undefined && high < -margin ? undefined : { linesSaved, margin };
}

export function isAboveZero(estimate: Estimate | undefined): boolean {
  return estimate !== undefined && estimate.gain > 0 && (estimate.low ?? estimate.gain) > 0;
}

function channelOf(study: Study, run: RunRecord, purpose: Purpose): { channel?: Channel } {
  const measured = measurementsOf(linesOf(study, run.tag, run.verified), purpose);
  const channel = weakestChannel(measured.map(({ measurement }) => measurement.channel));
  return channel === undefined ? {} : { channel };
}
