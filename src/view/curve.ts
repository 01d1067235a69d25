/** The curve of a run: one point per experiment on the scale of the metric, the head's steps, the verified steps. */

import type { ExperimentId } from "../core/experiment.ts";
import type { Estimate } from "../core/judge.ts";
import type { PromotionRecord, RunRecord } from "../core/study.ts";
import type { ExperimentView } from "./experiment-view.ts";
import { isSimplification } from "./simplification.ts";
import type { VerifiedGain } from "./verified.ts";

/** `value` is baseline mean and gain over it, so that points measured against different heads compare; absent: no number. */
export interface CurvePoint {
  readonly x: number;
  readonly id: ExperimentId;
  readonly atMs: number;
  readonly status: ExperimentView["status"];
  readonly value?: number;
}

/** From `x` on the line stands at `value`. `x` 0 is the baseline. */
export interface CurveStep {
  readonly x: number;
  readonly atMs: number;
  readonly value: number;
  /** Interval of a verified step, on the scale of the metric. */
  readonly low?: number;
  readonly high?: number;
  readonly isFinal?: boolean;
}

export interface Curve {
  readonly points: readonly CurvePoint[];
  readonly head: readonly CurveStep[];
  readonly verified: readonly CurveStep[];
}

interface Proof {
  readonly verifiedGain?: VerifiedGain;
}

export function makeCurve(run: RunRecord, experiments: readonly ExperimentView[], proof: Proof): Curve {
  const baseline = run.noise?.mean;
  const points = experiments.map(({ ordinal, id, status, openedAtMs, closedAtMs, gainOverBaseline }) => ({
    x: ordinal,
    id,
    atMs: closedAtMs ?? openedAtMs,
    status,
    ...(gainOverBaseline === undefined || baseline === undefined
      ? {}
      : { value: onScale(run, baseline, gainOverBaseline) }),
  }));
  if (baseline === undefined) return { points, head: [], verified: [] };
  const place = { run, baseline, experiments };
  return { points, head: headSteps(place), verified: verifiedSteps(place, proof) };
}

interface Place {
  readonly run: RunRecord;
  readonly baseline: number;
  readonly experiments: readonly ExperimentView[];
}

function onScale({ metric }: RunRecord, baseline: number, gain: number): number {
  return metric.goal === "minimize" ? baseline - gain : baseline + gain;
}

/**
 * Keeps in order of closing; a promotion that found the stack suspect takes it back to what was proven. The value of a
 * keep is what later experiments knew of that head (measured after the keep), and the keep's own estimate before that.
 */
function headSteps({ run, baseline, experiments }: Place): CurveStep[] {
  const steps: CurveStep[] = [{ x: 0, atMs: run.startedAtMs, value: baseline }];
  // The head moves before the experiment is closed: for a moment an open experiment stands in the head.
  const kept = experiments.filter(({ status, isInHead }) => status === "kept" || isInHead);
  const keeps = kept.map((one) => ({ atMs: one.closedAtMs ?? run.lastAtMs, keep: one }));
  const drops = run.promotions
    .filter(({ verdict }) => verdict.kind === "discard")
    .map(({ atMs }) => ({ atMs, keep: undefined }));
  let stack: ExperimentView[] = [];
  for (const { atMs, keep } of [...keeps, ...drops].sort((a, b) => a.atMs - b.atMs)) {
    stack = keep === undefined ? stack.filter(({ isInHead }) => isInHead) : [...stack, keep];
    const top = stack.at(-1);
    const gain = top === undefined ? 0 : headGainAfter(run, top, experiments);
    steps.push({
      x: keep?.ordinal ?? closedBy(experiments, atMs),
      atMs,
      value: onScale(run, baseline, gain),
    });
  }
  return steps;
}

function headGainAfter(run: RunRecord, keep: ExperimentView, experiments: readonly ExperimentView[]): number {
  if (run.stack.at(-1) === keep.id) return run.headGain;
  const later = experiments.findLast(({ head }) => head === keep.commit);
  const known =
    later?.gainOverBaseline === undefined ? undefined : later.gainOverBaseline - (later.gainOverHead ?? 0);
  return known ?? keep.gainOverBaseline ?? 0;
}

/** Promotions that proved something, each with the interval of its own test on top of what was proven before. */
function verifiedSteps(place: Place, { verifiedGain }: Proof): CurveStep[] {
  const { run, baseline, experiments } = place;
  const steps: CurveStep[] = [{ x: 0, atMs: run.startedAtMs, value: baseline }];
  let proven = 0;
  for (const promotion of run.promotions) {
    if (promotion.verdict.kind !== "keep") continue;
    const estimate = promotionGain(run, promotion, proven);
    proven = estimate.gain;
    steps.push({
      x: closedBy(experiments, promotion.atMs),
      atMs: promotion.atMs,
      ...interval(place, estimate),
    });
  }
  const final = verifiedGain?.source === "final" ? verifiedGain.estimate : undefined;
  if (final !== undefined) {
    const atMs = run.endedAtMs ?? run.lastAtMs;
    steps.push({ x: experiments.length, atMs, ...interval(place, final), isFinal: true });
  }
  return steps;
}

/**
 * Gain over the baseline: published from fresh pairs where it is, else the promotion's own on top of the last one. A
 * simplification has proven no gain: it never lifts the line.
 */
function promotionGain(
  run: RunRecord,
  { head, verdict }: PromotionRecord,
  proven: number,
): Pick<Estimate, "gain" | "low" | "high"> {
  if (run.published?.commit === head) return run.published.estimate;
  const estimate = verdict.estimate;
  if (isSimplification(verdict)) return { gain: proven + Math.min(0, estimate?.gain ?? 0) };
  const gain = proven + (estimate?.gain ?? 0);
  const { low, high } = estimate ?? {};
  return low === undefined || high === undefined
    ? { gain }
    : { gain, low: low + proven, high: high + proven };
}

function interval(
  { run, baseline }: Place,
  { gain, low, high }: Pick<Estimate, "gain" | "low" | "high">,
): Pick<CurveStep, "value" | "low" | "high"> {
  const value = onScale(run, baseline, gain);
  if (low === undefined || high === undefined) return { value };
  const ends = [onScale(run, baseline, low), onScale(run, baseline, high)];
  return { value, low: Math.min(...ends), high: Math.max(...ends) };
}

function closedBy(experiments: readonly ExperimentView[], atMs: number): number {
  return (
    experiments.filter(({ closedAtMs }) => closedAtMs !== undefined && closedAtMs <= atMs).at(-1)?.ordinal ??
    0
  );
}
