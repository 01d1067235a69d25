/** Scales of a plot: sensible ticks and a range that one outlier cannot blow up. Knows numbers only. */

export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** Decimals that tell neighbouring ticks apart. */
  readonly decimals: number;
}

/** Ticks at 1, 2 or 5 times a power of ten, about `wanted` of them, within the range widened to whole ticks. */
export function niceAxis(low: number, high: number, wanted: number): Axis {
  const span = high - low || Math.abs(high) * 0.02 || 1;
  const [from, to] = high > low ? [low, high] : [low - span / 2, high + span / 2];
  const step = niceStep(span / Math.max(1, wanted));
  const first = Math.floor(from / step + 1e-9);
  const last = Math.ceil(to / step - 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  return { low: first * step, high: last * step, ticks, decimals };
}

function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const part = raw / power;
  return (part > 5 ? 10 : part > 2 ? 5 : part > 1 ? 2 : 1) * power;
}

/** Steps whole numbers apart, for the count of experiments. */
export function wholeTicks(last: number, wanted: number): number[] {
  const step = Math.max(1, Math.round(niceStep(Math.max(1, last) / wanted)));
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
}

/**
 * Range that shows all of `firm` and those of `loose` that are not far out: beyond three times the span of firm values
 * and the middle of the loose ones. What is left out is drawn at the edge.
 */
export function robustRange(firm: readonly number[], loose: readonly number[]): [low: number, high: number] {
  const sorted = loose.toSorted((a, b) => a - b);
  const quartile = (part: number) => sorted[Math.round((sorted.length - 1) * part)];
  const core = [...firm, quartile(0.25), quartile(0.75)].filter((value) => value !== undefined);
  if (core.length === 0) return [0, 1];
  const low = Math.min(...core);
  const high = Math.max(...core);
  const reach = 0.75 * (high - low || Math.abs(high) * 0.01);
  const shown = [...core, ...sorted.filter((value) => value >= low - reach && value <= high + reach)];
  return [Math.min(...shown), Math.max(...shown)];
}
