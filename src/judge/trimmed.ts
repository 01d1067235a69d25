/** Location and error of a small sample with tails: Yuen's trimmed mean (Yuen 1974). Pure. */

import { mean, variance } from "./statistics.ts";

const TRIM = 0.2;

/** From five values on, a fifth is cut at each end and the error comes from the winsorised sample; below, plain mean. */
export function trimmedEstimate(values: readonly number[]): {
  mean: number;
  standardError: number;
  degreesOfFreedom: number;
} {
  const sorted = values.toSorted((a, b) => a - b);
  const cut = Math.floor(TRIM * sorted.length);
  const kept = sorted.slice(cut, sorted.length - cut);
  const winsorised = sorted.map((value) => clamp(value, kept[0], kept.at(-1)));
  const spread = Math.sqrt(variance(winsorised) ?? 0);
  const keptPart = kept.length / sorted.length;
  return {
    mean: mean(kept) ?? Number.NaN,
    standardError: spread / (keptPart * Math.sqrt(sorted.length)),
    degreesOfFreedom: Math.max(1, kept.length - 1),
  };
}

function clamp(value: number, low = value, high = value): number {
  return Math.min(high, Math.max(low, value));
}
