/** One run as shown: its state, noise, gains, budget and counts. */

import type { ExperimentId, Status } from "../core/experiment.ts";
import type { Noise } from "../core/judge.ts";
import type { Channel, Goal } from "../core/metric.ts";
import type { Budget } from "../core/program.ts";
import { linesOf, type RunRecord, readingsOf, type Study } from "../core/study.ts";
import { type BudgetLine, budgetLines } from "./budget-lines.ts";
import type { ExperimentView } from "./experiment-view.ts";
import { type Gain, gainOf, short, weakestChannel } from "./gain.ts";
import { droppedStack, verifiedStack } from "./lineage.ts";
import { isDisturbed } from "./measurement-view.ts";
import { type Outlook, outlookOf } from "./outlook.ts";
import { cleanLine } from "./plain-text.ts";
import { type PromotionError, promotionError } from "./promotion-view.ts";
import { elapsedMs, type RunState, stateOf } from "./run-state.ts";
import { provenGain, type VerifiedGain } from "./verified.ts";
import { decimalsFor } from "./words.ts";

export interface ViewOptions {
  /** Tag of the run to show; the current one by default. */
  readonly run?: string;
  readonly budget?: Budget;
  /** False: the process of an unfinished run is gone. Unknown (absent) is shown as running. */
  readonly isAlive?: boolean;
  /** What happens now, by experiment id; `run` is the run itself (calibration, promotion). */
  readonly stages?: ReadonlyMap<string, string>;
  /** Of all models together, over the last 1, 5 and 60 minutes. */
  readonly tokensPerSecond?: readonly [number, number, number];
}

export interface MetricView {
  readonly name: string;
  readonly goal: Goal;
  readonly unit?: string;
  readonly minEffect?: number;
  readonly isTiming: boolean;
  /** Decimals worth printing, by noise. */
  readonly decimals: number;
}

export interface RunView {
  readonly tag: string;
  readonly state: RunState;
  /** What the run itself does now, when it says so. */
  readonly stage?: string;
  /** Why it was paused or ended. */
  readonly reason?: string;
  /** Seven-digit commits. */
  readonly baseline: string;
  readonly head: string;
  readonly verified: string;
  readonly sandbox: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly elapsedMs: number;
  readonly metric: MetricView;
  readonly noise?: Noise;
  /** Mean of the baseline's calibration runs. */
  readonly baselineMean?: number;
  readonly budget: readonly BudgetLine[];
  /** Spent on models, known prices alone. */
  readonly tokens: number;
  /** Those of models whose price is not known: they are in no sum of dollars. */
  readonly unpricedTokens: number;
  readonly usd: number;
  readonly tokensPerSecond?: readonly [number, number, number];
  /** What one percent of verified gain has cost in dollars, where it cost any. */
  readonly usdPerVerifiedPercent?: number;
  readonly outlook?: Outlook;
  readonly measurements: number;
  readonly counts: Readonly<Partial<Record<Status | "open", number>>>;
  /** Kept among closed experiments, 0..1. */
  readonly keepRate?: number;
  /** Head over the baseline: an estimate, not a proof. */
  readonly tentative?: Gain;
  readonly verifiedGain?: VerifiedGain;
  /** Kept experiments in Verified, and those in Head that are not proven, oldest first. */
  readonly verifiedStack: readonly ExperimentId[];
  readonly tentativeStack: readonly ExperimentId[];
  /** Kept, and taken out of Head again with a suspect stack. */
  readonly droppedStack: readonly ExperimentId[];
  /** Absent while no promotion has spent any. */
  readonly promotionError?: PromotionError;
  /** How often the machine was found changed: values from before and after are never compared. */
  readonly drifts: number;
  /** Durations that other work of the machine disturbed; absent for other metrics. */
  readonly disturbed?: number;
  /** The weakest channel a number of this run came over. */
  readonly channel?: Channel;
}

interface Shown {
  readonly study: Study;
  readonly run: RunRecord;
  readonly nowMs: number;
  readonly options: ViewOptions;
}

export function runView(shown: Shown, experiments: readonly ExperimentView[]): RunView {
  const { study, run, nowMs, options } = shown;
  const state = stateOf(study, run, options);
  const baselineMean = run.noise?.mean;
  const stage = options.stages?.get("run");
  const reason = run.endReason ?? run.pausedReason;
  const elapsed = elapsedMs(run, state, nowMs);
  const gain = verifiedGainOf(study, run, baselineMean);
  const stack = verifiedStack(study, run);
  const error = promotionError(run);
  const budget = budgetLines(run, { elapsedMs: elapsed, nowMs, ...options });
  const outlook = outlookOf(run, budget, elapsed);
  const channel = weakestChannel(
    experiments.flatMap((one) => (one.channel === undefined ? [] : [one.channel])),
  );
  return {
    tag: cleanLine(run.tag),
    state,
    ...(stage === undefined || state === "ended" ? {} : { stage: cleanLine(stage) }),
    ...(reason === undefined ? {} : { reason: cleanLine(reason) }),
    baseline: short(run.baseline),
    head: short(run.head),
    verified: short(run.verified),
    sandbox: cleanLine(run.sandbox),
    startedAtMs: run.startedAtMs,
    ...(run.endedAtMs === undefined ? {} : { endedAtMs: run.endedAtMs }),
    elapsedMs: elapsed,
    metric: metricView(study, run),
    ...(run.noise === undefined ? {} : { noise: run.noise }),
    ...(baselineMean === undefined ? {} : { baselineMean }),
    budget,
    tokens: run.tokens,
    unpricedTokens: run.unpricedTokens,
    usd: run.usd,
    ...(options.tokensPerSecond === undefined ? {} : { tokensPerSecond: options.tokensPerSecond }),
    ...usdPerPercent(run, gain),
    ...(outlook === undefined ? {} : { outlook }),
    measurements: run.measurements,
    ...countsOf(experiments),
    ...(baselineMean === undefined ? {} : { tentative: gainOf(run.headGain, baselineMean) }),
    ...(gain === undefined ? {} : { verifiedGain: gain }),
    verifiedStack: stack,
    tentativeStack: run.stack.filter((id) => !stack.includes(id)),
    droppedStack: droppedStack(run),
    ...(error === undefined ? {} : { promotionError: error }),
    drifts: run.driftLines.length,
    ...(run.metric.timing ? { disturbed: disturbedDurations(study, run) } : {}),
    ...(channel === undefined ? {} : { channel }),
  };
}

function verifiedGainOf(study: Study, run: RunRecord, baselineMean: number | undefined) {
  const proven = provenGain(study, run);
  if (proven?.estimate === undefined || baselineMean === undefined) return proven;
  return { ...proven, ...gainOf(proven.estimate.gain, baselineMean) };
}

function usdPerPercent({ usd }: RunRecord, gain: VerifiedGain | undefined) {
  const percent = 100 * (gain?.isProven ? (gain.fraction ?? 0) : 0);
  return usd > 0 && percent > 0 ? { usdPerVerifiedPercent: usd / percent } : {};
}

function disturbedDurations(study: Study, { tag }: RunRecord): number {
  const lines = [...study.byCommit.values()].flat().filter((line) => line.run === tag);
  return lines.filter(isDisturbed).length;
}

export function metricView(study: Study, { tag, metric, noise, baseline }: RunRecord): MetricView {
  const values = readingsOf(linesOf(study, tag, baseline), "calibration").map(({ value }) => value);
  const { name, goal, unit, minEffect, timing } = metric;
  return {
    name: cleanLine(name),
    goal,
    ...(unit === undefined ? {} : { unit: cleanLine(unit) }),
    ...(minEffect === undefined ? {} : { minEffect }),
    isTiming: timing,
    decimals: decimalsFor(noise, values),
  };
}

function countsOf(experiments: readonly ExperimentView[]) {
  const counts: Partial<Record<Status | "open", number>> = {};
  for (const { status } of experiments) counts[status] = (counts[status] ?? 0) + 1;
  const closed = experiments.length - (counts.open ?? 0);
  return { counts, ...(closed === 0 ? {} : { keepRate: (counts.kept ?? 0) / closed }) };
}
