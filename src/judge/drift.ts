/** Whether the machine, or what the metric stands on, has changed: unchanged code measured again on its own seeds. Pure. */

import type { Drift, Noise } from "../core/judge.ts";
import { boundedSd } from "./spread.ts";
import { mean } from "./statistics.ts";

/** A shift is believed after as many seeds, all on one side. */
const SEEDS = 3;
/** A difference must exceed so many of its standard errors. Repeats are judged on two degrees of freedom: noisy ones err more often. */
const ERRORS = 3;
/** Smaller shifts than this part of an sd of one run do no harm worth a calibration. */
const HARMFUL_SDS = 0.5;
/** Two seeds are repeated in calibration. */
const REPEAT_DEGREES_OF_FREEDOM = 2;

export function judgeDrift(noise: Noise, differences: readonly number[]): Drift {
  const shift = mean(differences);
  if (shift === undefined) return { kind: "look_again" };
  const isOneSided = differences.every((one) => Math.sign(one) === Math.sign(shift));
  const repeat = boundedSd({ variance: noise.sdRepeat ** 2, degreesOfFreedom: REPEAT_DEGREES_OF_FREEDOM });
  const error = (Math.SQRT2 * repeat) / Math.sqrt(differences.length);
  const isLarge = Math.abs(shift) > ERRORS * error && Math.abs(shift) > HARMFUL_SDS * noise.sdRun;
  if (!isOneSided || !isLarge) return { kind: "steady" };
  return differences.length < SEEDS ? { kind: "look_again" } : { kind: "shifted", shift };
}
