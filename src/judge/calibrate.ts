/** Noise of a metric from repeated runs of unchanged code. Pure. */

import type { Noise } from "../core/judge.ts";
import type { MetricSpec, Reading } from "../core/metric.ts";
import { mean, pooledVariance, standardDeviation } from "./statistics.ts";

/** Throws RangeError without readings: a run that measured nothing has no noise. */
export function calibrate(metric: MetricSpec, readings: readonly Reading[]): Noise {
  const values = readings.map(({ value }) => value);
  const centre = mean(values);
  if (centre === undefined) throw new RangeError("calibration needs at least one reading");
  const bySeed = Map.groupBy(readings, ({ seed }) => seed);
  const repeats = pooledVariance([...bySeed.values()].map((group) => group.map(({ value }) => value)));
  // Seeded: one value a seed, since two of one seed say nothing about the spread between seeds.
  const fresh = metric.seeded ? [...bySeed.values()].flatMap((group) => group[0]?.value ?? []) : values;
  const isDeterministic =
    !metric.timing && values.length >= 2 && values.every((value) => value === values[0]);
  return {
    isDeterministic,
    sdRepeat: Math.sqrt(repeats?.variance ?? 0),
    sdRun: standardDeviation(fresh) ?? 0,
    degreesOfFreedom: Math.max(0, fresh.length - 1),
    mean: centre,
  };
}
