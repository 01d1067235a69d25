/**
 * Correlation of paired values, linear and by rank: pure functions, no state.
 * Knows nothing of intervals or tests.
 */
import { mean, type Pair, requireFinite, type Sample, total } from "./statistics.ts";

/** Deviations from the mean, scaled to at most 1 so that squares neither overflow nor vanish; undefined without any spread. */
function scaledDeviations(values: Sample): number[] | undefined {
  const centre = mean(values);
  if (centre === undefined) return undefined;
  const largest = values.reduce((peak, value) => Math.max(peak, Math.abs(value - centre)), 0);
  return largest > 0 && largest < Infinity ? values.map((value) => (value - centre) / largest) : undefined;
}

/** Pearson's correlation, -1..1; undefined for fewer than two pairs or where one side does not vary. */
export function pearsonCorrelation(pairs: readonly Pair[]): number | undefined {
  const x = scaledDeviations(pairs.map(([first]) => first));
  const y = scaledDeviations(pairs.map(([, second]) => second));
  if (x === undefined || y === undefined) return undefined;
  const product = total(x.map((value, index) => value * (y[index] ?? 0)));
  const squares =
    Math.sqrt(total(x.map((value) => value ** 2))) * Math.sqrt(total(y.map((value) => value ** 2)));
  return Math.max(-1, Math.min(1, product / squares));
}

/** Ranks from 1, ties sharing their mean rank. */
function ranks(values: Sample): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2 + 1);
}

/** Spearman's rank correlation: Pearson's of the ranks, ties sharing their mean rank (Kendall 1948); -1..1, undefined as for Pearson's. */
export function spearmanCorrelation(pairs: readonly Pair[]): number | undefined {
  requireFinite(pairs.flat());
  const second = ranks(pairs.map((pair) => pair[1]));
  return pearsonCorrelation(
    ranks(pairs.map((pair) => pair[0])).map((rank, index) => [rank, second[index] ?? 0]),
  );
}
