/** What is told of held-out data: enough to judge by, too coarse to learn the data from in many looks. Pure. */

import type { Estimate, Verdict } from "../core/judge.ts";
import { say } from "./spread.ts";

const DIGITS = 2;

/**
 * Rounds to steps of about a standard error (1, 2 or 5 times a power of ten, at most the error): what lies within one is
 * noise, and each look tells next to nothing of it (the Ladder mechanism: Blum and Hardt 2015, arXiv:1502.04585). Without
 * noise, to two digits.
 */
function coarsely(standardError: number): (value: number) => number {
  if (!(standardError > 0) || !Number.isFinite(standardError))
    return (value) => Number(value.toPrecision(DIGITS));
  const power = 10 ** Math.floor(Math.log10(standardError));
  const step = [5, 2, 1].map((times) => times * power).find((one) => one <= standardError) ?? power;
  // A division by a step below 1 would leave digits of its own.
  return (value) => Number((Math.round(value / step) * step).toPrecision(12));
}

/** An estimate as it is told; p and sizes of errors to one digit. */
function coarseEstimate(estimate: Estimate, standardError: number): Estimate {
  const round = coarsely(standardError);
  const { gain, low, high, p } = estimate;
  return {
    ...estimate,
    gain: round(gain),
    ...(low === undefined ? {} : { low: round(low) }),
    ...(high === undefined ? {} : { high: round(high) }),
    ...(p === undefined ? {} : { p: oneDigit(p) }),
  };
}

/** What a verdict on held-out data is told with: no gain of a single pair, nothing finer than its noise. */
export function coarseVerdict(verdict: Verdict): Verdict {
  const { estimate, workings } = verdict;
  if (estimate === undefined || workings === undefined) return verdict;
  const { gains: _, sd, standardError, ...rest } = workings;
  return {
    ...verdict,
    estimate: coarseEstimate(estimate, standardError ?? 0),
    workings: {
      ...rest,
      ...(sd === undefined ? {} : { sd: oneDigit(sd) }),
      ...(standardError === undefined ? {} : { standardError: oneDigit(standardError) }),
      isHeldOut: true,
    },
  };
}

/** A number for a sentence about held-out data, or about any other. */
export function sayOf(isHeldOut: boolean, standardError: number): (value: number) => string {
  const round = coarsely(standardError);
  return isHeldOut ? (value) => say(round(value)) : say;
}

function oneDigit(value: number): number {
  return Number(value.toPrecision(1));
}
