/** Gains as shown, and the short names of what they are about: commits and channels. */

import type { Channel } from "../core/metric.ts";

/** A gain in units of the metric (positive is better) and as a fraction of the baseline's size. */
export interface Gain {
  readonly absolute: number;
  readonly fraction?: number;
}

/** `fraction` is absent where the baseline is zero. */
export function gainOf(absolute: number, baselineMean: number): Gain {
  return baselineMean === 0 ? { absolute } : { absolute, fraction: absolute / Math.abs(baselineMean) };
}

const WEAKEST_FIRST: readonly Channel[] = ["stdout", "file", "descriptor", "harness", "artifact"];

/** A chain of numbers is as strong as its weakest channel. */
export function weakestChannel(channels: readonly Channel[]): Channel | undefined {
  return WEAKEST_FIRST.find((channel) => channels.includes(channel));
}

export function short(commit: string): string {
  return commit.slice(0, 7);
}
