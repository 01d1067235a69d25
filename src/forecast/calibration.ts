/** How forecasts came true, and what the next ones are worth once that is known. Pure. */

import type { Forecast, Status } from "../core/experiment.ts";
import { mean } from "../core/metric.ts";

/** A forecast and what came of it. `gain` is what was measured over the head; absent if nothing was. */
export interface Told {
  readonly forecast: Forecast;
  readonly wasKept: boolean;
  readonly gain?: number;
}

/** What was foreseen beside what came. The gains are over forecasts whose change was measured, and absent without one. */
export interface Calibration {
  readonly forecasts: number;
  /** Mean of the probabilities, and the share that was kept: equal when well calibrated. */
  readonly meanProbability: number;
  readonly keptShare: number;
  /**
   * Brier's score: mean squared distance of the probability from what came. 0 is perfect, 0.25 is saying 50 % always. The
   * event is the keep, which is what the probability speaks of.
   */
  readonly brier: number;
  /** Units of the metric. */
  readonly meanForecastGain?: number;
  readonly meanMeasuredGain?: number;
  /** Mean distance of the two: the continuous ranked probability score of a forecast that names one number. */
  readonly gainError?: number;
}

/** Ends that say something of the idea. A researcher that gave up, or was interrupted, was not wrong about its idea. */
const TELLING: readonly (Status | "open")[] = [
  ...(["kept", "discarded", "inconclusive", "crashed", "timed_out"] as const),
  ...(["killed_early", "no_metric", "checks_failed"] as const),
];

export interface Ended {
  readonly forecast?: Forecast | undefined;
  readonly status?: Status | "open" | undefined;
  readonly gainOverHead?: number | undefined;
}

/** Nothing where there was no forecast, or the end says nothing of it. */
export function toldBy({ forecast, status, gainOverHead: gain }: Ended): Told[] {
  if (forecast === undefined || status === undefined || !TELLING.includes(status)) return [];
  return [{ forecast, wasKept: status === "kept", ...(gain === undefined ? {} : { gain }) }];
}

export function calibrationOf(told: readonly Told[]): Calibration | undefined {
  if (told.length === 0) return undefined;
  const came = ({ wasKept }: Told) => (wasKept ? 1 : 0);
  const measured = told.flatMap(({ forecast, gain }) =>
    gain === undefined ? [] : [{ foreseen: forecast.gain, gain, error: Math.abs(forecast.gain - gain) }],
  );
  return {
    forecasts: told.length,
    meanProbability: mean(told.map(({ forecast }) => forecast.probability)),
    keptShare: mean(told.map(came)),
    brier: mean(told.map((one) => (one.forecast.probability - came(one)) ** 2)),
    ...(measured.length === 0
      ? {}
      : {
          meanForecastGain: mean(measured.map(({ foreseen }) => foreseen)),
          meanMeasuredGain: mean(measured.map(({ gain }) => gain)),
          gainError: mean(measured.map(({ error }) => error)),
        }),
  };
}

/** The past weighs as much as so many forecasts that came true as they were told: a few say little of a forecaster. */
const PRIOR_FORECASTS = 8;
/** Nobody is taken to be more modest than this. */
const LARGEST_FACTOR = 2;

/**
 * Expected gain of a forecast, shrunk by how its forecaster's earlier ones came true: its probability by kept over foreseen
 * keeps, its gain by measured over foreseen gain of what was kept. Units of the metric; without a past, as it was told.
 */
export function worthOf({ gain, probability }: Forecast, told: readonly Told[]): number {
  const kept = told.filter(({ wasKept }) => wasKept);
  const chances = told.map(({ forecast }) => forecast.probability);
  const keeps = factor(kept.length, sum(chances), mean(chances));
  const measured = kept.filter((one): one is Told & { gain: number } => one.gain !== undefined);
  const foreseen = measured.map(({ forecast }) => Math.abs(forecast.gain));
  const gains = factor(sum(measured.map((one) => one.gain)), sum(foreseen), mean(foreseen));
  return Math.min(1, probability * keeps) * gain * gains;
}

function factor(came: number, foreseen: number, usual: number): number {
  const prior = PRIOR_FORECASTS * usual;
  const made = (came + prior) / (foreseen + prior);
  return Number.isFinite(made) ? Math.min(LARGEST_FACTOR, Math.max(0, made)) : 1;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/**
 * Ideas by what they are worth, each by what is told of its forecaster; those of equal worth in their order. One without a
 * forecast is taken for what its forecaster's ideas gave so far: nothing, while nothing is known.
 */
export function inOrderOfWorth<Waiting extends { readonly forecast?: Forecast | undefined }>(
  ideas: readonly Waiting[],
  toldOf: (idea: Waiting) => readonly Told[],
): Waiting[] {
  const worth = (idea: Waiting) => {
    const told = toldOf(idea);
    return idea.forecast === undefined ? usualGain(told) : worthOf(idea.forecast, told);
  };
  return ideas
    .map((idea) => ({ idea, worth: worth(idea) }))
    .sort((a, b) => b.worth - a.worth)
    .map(({ idea }) => idea);
}

/** What was not kept gave nothing. */
function usualGain(told: readonly Told[]): number {
  const gains = told.map(({ wasKept, gain }) => (wasKept ? (gain ?? 0) : 0));
  return gains.length === 0 ? 0 : mean(gains);
}
