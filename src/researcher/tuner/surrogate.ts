/**
 * A Gaussian process over points (Rasmussen and Williams 2006, algorithm 2.1): Matérn 5/2, one length per
 * dimension, categories compared as equal or not. Lengths, amplitude and noise are fitted to the data under a prior.
 */
import type { Dimension, Point } from "./space.ts";

export interface Loss {
  readonly point: Point;
  readonly loss: number;
}

export interface Surrogate {
  /** Belief about the true loss at a point, in units of the losses given. */
  predict(point: Point): { readonly mean: number; readonly sd: number };
  /** Over how far each dimension changes the loss, units of the cube. */
  readonly lengths: readonly number[];
}

interface Data {
  readonly dimensions: readonly Dimension[];
  readonly points: readonly Point[];
  /** Standardised losses. */
  readonly targets: readonly number[];
  /** Mean and standard deviation of each parameter. */
  readonly prior: readonly (readonly [number, number])[];
}

/** Logarithms: lengths of the dimensions, then amplitude and noise (standard deviations in units of the targets). */
type Parameters = readonly number[];

type Lower = readonly Float64Array[];

/**
 * `expected`: points being measured, taken as if they had come out as the rest lets expect. `noiseSd`: standard
 * deviation of one loss, where it is known.
 */
export function fitSurrogate(
  dimensions: readonly Dimension[],
  results: readonly Loss[],
  known: { readonly expected?: readonly Point[]; readonly noiseSd?: number | undefined } = {},
): Surrogate {
  const { expected = [], noiseSd } = known;
  const count = Math.max(1, results.length);
  const center = results.reduce((sum, { loss }) => sum + loss, 0) / count;
  const spread = Math.sqrt(results.reduce((sum, { loss }) => sum + (loss - center) ** 2, 0) / count);
  const scale = spread || 1;
  const measured = {
    dimensions,
    points: results.map(({ point }) => point),
    targets: results.map(({ loss }) => (loss - center) / scale),
    prior: priorFor(dimensions.length, noiseSd === undefined ? undefined : noiseSd / scale),
  };
  const parameters = searchParameters(measured);
  const guess = predictor(measured, parameters);
  const data = {
    ...measured,
    points: [...measured.points, ...expected],
    targets: [...measured.targets, ...expected.map((point) => guess(point).mean)],
  };
  const predict = expected.length > 0 ? predictor(data, parameters) : guess;
  return {
    lengths: parameters.slice(0, dimensions.length).map(Math.exp),
    predict(point) {
      const { mean, sd } = predict(point);
      return { mean: center + scale * mean, sd: scale * sd };
    },
  };
}

function predictor(data: Data, parameters: Parameters): (point: Point) => { mean: number; sd: number } {
  const { lower, weights } = solve(data, parameters);
  const kernel = kernelOf(data.dimensions, parameters);
  return (point) => {
    const near = data.points.map((other) => kernel(point, other));
    const mean = near.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), 0);
    const explained = forward(lower, near).reduce((sum, value) => sum + value * value, 0);
    return { mean, sd: Math.sqrt(Math.max(1e-12, amplitude(parameters) - explained)) };
  };
}

function amplitude(parameters: Parameters): number {
  return Math.exp(2 * (parameters.at(-2) ?? 0));
}

/** Covariance of the true losses at two points. The exponentials are taken once: this is the inner loop. */
function kernelOf(dimensions: readonly Dimension[], parameters: Parameters): (a: Point, b: Point) => number {
  const size = dimensions.length;
  const rates = Float64Array.from(dimensions, (_, index) => Math.exp(-2 * (parameters[index] ?? 0)));
  // Two categories are as far apart as two places at a distance of 0.4.
  const fixed = dimensions.map(({ kind }) => (kind === "category" ? 0.4 ** 2 : undefined));
  const peak = amplitude(parameters);
  return (a, b) => {
    let squared = 0;
    for (let index = 0; index < size; index++) {
      const difference = (a[index] ?? 0) - (b[index] ?? 0);
      if (difference !== 0) squared += (fixed[index] ?? difference * difference) * (rates[index] ?? 0);
    }
    const r = Math.sqrt(5 * squared);
    return peak * (1 + r + (r * r) / 3) * Math.exp(-r);
  };
}

/** Searches the parameters one after the other for the largest posterior density, in shrinking steps. */
function searchParameters(data: Data): Parameters {
  let parameters: number[] = data.prior.map(([mean]) => mean);
  let density = logPosterior(data, parameters);
  for (const step of [1, 0.6, 0.35]) {
    for (const index of parameters.keys()) {
      for (const sign of [1, -1]) {
        const tried = parameters.with(index, (parameters[index] ?? 0) + sign * step);
        const triedDensity = logPosterior(data, tried);
        if (triedDensity <= density) continue;
        parameters = tried;
        density = triedDensity;
        break;
      }
    }
  }
  return parameters;
}

/** Lengths grow with the root of the dimension (Hvarfner et al. 2024, arXiv 2402.02229). */
function priorFor(dimensions: number, noise: number | undefined): [number, number][] {
  const length = Math.log(0.4 * Math.sqrt(Math.max(1, dimensions)));
  // Known noise was itself estimated from a handful of runs.
  const last: [number, number] =
    noise === undefined ? [Math.log(0.3), 1] : [Math.log(Math.min(1, Math.max(0.01, noise))), 0.3];
  return [...Array.from({ length: dimensions }, (): [number, number] => [length, 1]), [0.3, 1], last];
}

function logPosterior(data: Data, parameters: Parameters): number {
  const { lower, weights } = solve(data, parameters);
  const fitTerm = data.targets.reduce((sum, target, index) => sum + target * (weights[index] ?? 0), 0);
  const volume = lower.reduce((sum, row, index) => sum + Math.log(row[index] ?? 1), 0);
  const prior = parameters.reduce((sum, value, index) => {
    const [mean, sd] = data.prior[index] ?? [0, 1];
    return sum + ((value - mean) / sd) ** 2;
  }, 0);
  return -0.5 * fitTerm - volume - 0.5 * prior;
}

function solve(data: Data, parameters: Parameters): { lower: Lower; weights: number[] } {
  const noise = Math.exp(2 * (parameters.at(-1) ?? 0)) + 1e-6;
  const kernel = kernelOf(data.dimensions, parameters);
  const lower = data.points.map((a, row) => {
    const entries = new Float64Array(row + 1);
    for (let column = 0; column <= row; column++) entries[column] = kernel(a, data.points[column] ?? a);
    entries[row] = (entries[row] ?? 0) + noise;
    return entries;
  });
  factorise(lower);
  return { lower, weights: backward(lower, forward(lower, data.targets)) };
}

/** Cholesky in place. */
function factorise(rows: readonly Float64Array[]): void {
  for (const [i, row] of rows.entries()) {
    for (let j = 0; j <= i; j++) {
      const other = rows[j] ?? row;
      let sum = row[j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (row[k] ?? 0) * (other[k] ?? 0);
      row[j] = i === j ? Math.sqrt(Math.max(sum, 1e-10)) : sum / (other[j] ?? 1);
    }
  }
}

function forward(lower: Lower, right: readonly number[]): number[] {
  const out: number[] = [];
  for (const [i, row] of lower.entries()) {
    let sum = right[i] ?? 0;
    for (let k = 0; k < i; k++) sum -= (row[k] ?? 0) * (out[k] ?? 0);
    out.push(sum / (row[i] ?? 1));
  }
  return out;
}

function backward(lower: Lower, right: readonly number[]): number[] {
  const out = [...right];
  for (let i = lower.length - 1; i >= 0; i--) {
    let sum = out[i] ?? 0;
    for (let k = i + 1; k < lower.length; k++) sum -= (lower[k]?.[i] ?? 0) * (out[k] ?? 0);
    out[i] = sum / (lower[i]?.[i] ?? 1);
  }
  return out;
}
