/** Whether the machine, or what the metric stands on, has changed: unchanged code measured again on its own seeds. Pure. */

import type { Drift, Noise } from "../core/judge.ts";
import { studentQuantile } from "./distributions.ts";
import { boundedVariance, mean, variance } from "./statistics.ts";

/** A shift is believed after as many seeds, all on one side. */
const SEEDS = 3;
/** A first and a second difference are worth another look from so many of their standard errors on. */
const LOOK_ERRORS = 3;
/** Smaller shifts than this part of an sd of one run do no harm worth a calibration. */
const HARMFUL_SDS = 0.5;
/** Two seeds are repeated in calibration. */
const REPEAT_DEGREES_OF_FREEDOM = 2;
/**
 * Student's error, both sides, at the last look. Less than half of the one false alarm in 1,000 checks that is promised: a head of two
 * seeds meets the first one again, and its old value twice. Simulated in test/judge/simulated-error.test.ts.
 */
const ALARM_ERROR = 0.0004;

export function judgeDrift(noise: Noise, differences: readonly number[]): Drift {
  const shift = mean(differences);
  if (shift === undefined) return { kind: "look_again" };
  const isOneSided = differences.every((one) => Math.sign(one) === Math.sign(shift));
  const wanted = Math.max(wantedShift(noise, differences), HARMFUL_SDS * noise.sdRun);
  if (!isOneSided || Math.abs(shift) <= wanted) return { kind: "steady" };
  return differences.length < SEEDS ? { kind: "look_again" } : { kind: "shifted", shift };
}

/** What chance explains. At the last look the differences tell their own spread too; where repeats are equal, any is too much. */
function wantedShift({ sdRepeat }: Noise, differences: readonly number[]): number {
  const repeats = 2 * boundedVariance(sdRepeat ** 2, sdRepeat !== 0);
  const looks = differences.length;
  if (looks < SEEDS || repeats === 0) return LOOK_ERRORS * Math.sqrt(repeats / looks);
  const own = (variance(differences) ?? 0) * (looks - 1);
  const degreesOfFreedom = REPEAT_DEGREES_OF_FREEDOM + looks - 1;
  const pooled = (REPEAT_DEGREES_OF_FREEDOM * repeats + own) / degreesOfFreedom;
  return studentQuantile(1 - ALARM_ERROR / 2, degreesOfFreedom) * Math.sqrt(pooled / looks);
}
