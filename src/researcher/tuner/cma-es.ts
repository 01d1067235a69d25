/**
 * CMA-ES (Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv 1604.00772) for few, noisy measurements, begun at
 * the present values. Updates from points alone, so points of an earlier distribution, or of someone else, may be
 * told (Hansen, "Injecting External Solutions", arXiv 1110.4181). Categories are mutated and inherited by rank.
 */
import { type Eigen, identity, type Matrix, symmetricEigen } from "./eigen.ts";
import {
  lossOrWorst,
  type Optimiser,
  type OptimiserSetup,
  otherCategory,
  type Result,
  withdraw,
} from "./optimiser.ts";
import type { Point } from "./space.ts";

export interface CmaOptions {
  /** First step, in units of the cube. */
  readonly sigma?: number;
  /** Results to a generation. */
  readonly lambda?: number;
  /** Probability that a category changes in a new point. */
  readonly mutation?: number;
}

/** Plain data: what the search knows after the results told so far. */
interface State {
  generation: number;
  mean: number[];
  sigma: number;
  covariance: Matrix;
  eigen: Eigen;
  pathSigma: number[];
  pathC: number[];
  /** Results of the generation under way. */
  told: Result[];
}

interface Constants {
  readonly lambda: number;
  readonly weights: readonly number[];
  readonly muEff: number;
  readonly cSigma: number;
  readonly dSigma: number;
  readonly cC: number;
  readonly c1: number;
  readonly cMu: number;
  readonly chiN: number;
}

export function cmaEs(setup: OptimiserSetup, options: CmaOptions = {}): Optimiser {
  const ranges = setup.dimensions.flatMap(({ kind }, index) => (kind === "range" ? [index] : []));
  const k = constantsFor(ranges.length, options.lambda);
  const categories = [...setup.start];
  const state = initialState(
    ranges.map((index) => setup.start[index] ?? 0.5),
    options.sigma ?? 0.12,
  );
  const toPoint = (x: readonly number[], mutate: boolean): Point => {
    const point = [...categories];
    for (const [index, dimension] of ranges.entries()) point[dimension] = x[index] ?? 0.5;
    for (const [index, dimension] of setup.dimensions.entries())
      if (mutate && dimension.kind === "category" && setup.random.uniform() < (options.mutation ?? 0.3))
        point[index] = otherCategory(point[index] ?? 0, dimension.choices, setup.random);
    return point;
  };
  const place = (point: Point) => ranges.map((index) => point[index] ?? 0.5);
  const open = [...(setup.open ?? [])];
  return {
    ask() {
      const point = toPoint(
        nextPlace(state, [...state.told.map((result) => result.point), ...open].map(place), setup),
        true,
      );
      open.push(point);
      return point;
    },
    tell(results) {
      for (const result of results) {
        withdraw(open, result);
        state.told.push(result);
        if (state.told.length < k.lambda) continue;
        const ranked = state.told.toSorted((a, b) => lossOrWorst(a) - lossOrWorst(b));
        state.told = [];
        inheritCategories(categories, ranked, k.weights);
        update(
          state,
          ranked.map(({ point }) => place(point)),
          k,
        );
      }
    },
    recommend: () => toPoint(state.mean, false),
  };
}

function constantsFor(n: number, lambdaWanted: number | undefined): Constants {
  const lambda = lambdaWanted ?? 4 + Math.floor(3 * Math.log(Math.max(1, n)));
  const mu = Math.floor(lambda / 2);
  const raw = Array.from({ length: mu }, (_, index) => Math.log((lambda + 1) / 2) - Math.log(index + 1));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  const weights = raw.map((weight) => weight / sum);
  const muEff = 1 / weights.reduce((total, weight) => total + weight * weight, 0);
  const cSigma = (muEff + 2) / (n + muEff + 5);
  const c1 = 2 / ((n + 1.3) ** 2 + muEff);
  return {
    lambda,
    weights,
    muEff,
    cSigma,
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma,
    cC: (4 + muEff / n) / (n + 4 + (2 * muEff) / n),
    c1,
    cMu: Math.min(1 - c1, (2 * (muEff - 2 + 1 / muEff)) / ((n + 2) ** 2 + muEff)),
    chiN: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

function initialState(mean: number[], sigma: number): State {
  const covariance = identity(mean.length);
  const zeros = mean.map(() => 0);
  return {
    generation: 0,
    mean,
    sigma,
    covariance,
    eigen: symmetricEigen(covariance),
    pathSigma: zeros,
    pathC: zeros,
    told: [],
  };
}

/**
 * Every second point of a generation mirrors the one before it: half the luck of the draw is gone (Brockhoff et al.
 * 2010), worth a fifth of the remaining gap after 40 to 80 noisy measurements on the landscapes in bench/.
 */
function nextPlace(state: State, generation: readonly number[][], setup: OptimiserSetup): number[] {
  const last = generation.length % 2 === 1 ? generation.at(-1) : undefined;
  if (last === undefined) return sample(state, setup);
  return state.mean.map((value, index) => clampUnit(2 * value - (last[index] ?? value)));
}

/** A point of the distribution inside the cube: drawn again when outside, clamped when that does not help. */
function sample(state: State, { random }: OptimiserSetup): number[] {
  let x: number[] = [];
  for (let attempt = 0; attempt < 20; attempt++) {
    const z = state.mean.map(() => random.normal());
    const y = transform(state.eigen, z, (value) => Math.sqrt(value));
    x = state.mean.map((value, index) => value + state.sigma * (y[index] ?? 0));
    if (x.every((value) => value >= 0 && value <= 1)) break;
  }
  return x.map(clampUnit);
}

function clampUnit(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** B · diag(stretch(values)) · z, or with Bᵀ on both sides for the inverse root. */
function transform(
  { values, vectors }: Eigen,
  z: readonly number[],
  stretch: (value: number) => number,
): number[] {
  const scaled = values.map((value, index) => stretch(Math.max(value, 1e-20)) * (z[index] ?? 0));
  return vectors.map((row) => row.reduce((sum, entry, index) => sum + entry * (scaled[index] ?? 0), 0));
}

/** C^(-1/2) · y. */
function whiten(eigen: Eigen, y: readonly number[]): number[] {
  const rotated = eigen.values.map((_, column) =>
    eigen.vectors.reduce((sum, row, index) => sum + (row[column] ?? 0) * (y[index] ?? 0), 0),
  );
  return transform(eigen, rotated, (value) => 1 / Math.sqrt(value));
}

function update(state: State, ranked: readonly number[][], k: Constants): void {
  const n = state.mean.length;
  if (n === 0) return;
  const steps = ranked.slice(0, k.weights.length).map((x) => boundedStep(state, x, k));
  const step = state.mean.map((_, index) => weighted(steps, index, k));
  state.generation++;
  state.mean = state.mean.map((value, index) => value + state.sigma * (step[index] ?? 0));
  const keepS = 1 - k.cSigma;
  const gainS = Math.sqrt(k.cSigma * (2 - k.cSigma) * k.muEff);
  const white = whiten(state.eigen, step);
  state.pathSigma = state.pathSigma.map((value, index) => keepS * value + gainS * (white[index] ?? 0));
  const length = Math.hypot(...state.pathSigma);
  const expected = Math.sqrt(1 - keepS ** (2 * state.generation)) * k.chiN;
  const isCalm = length / expected < 1.4 + 2 / (n + 1);
  const gainC = isCalm ? Math.sqrt(k.cC * (2 - k.cC) * k.muEff) : 0;
  state.pathC = state.pathC.map((value, index) => (1 - k.cC) * value + gainC * (step[index] ?? 0));
  updateCovariance(state, steps, { ...k, missing: isCalm ? 0 : k.c1 * k.cC * (2 - k.cC) });
  state.sigma = Math.min(
    0.5,
    state.sigma * Math.exp(Math.min(1, (k.cSigma / k.dSigma) * (length / k.chiN - 1))),
  );
}

/** Points from far away (clamped, projected, or of an older distribution) must not blow up the covariance. */
function boundedStep(state: State, x: readonly number[], k: Constants): number[] {
  const y = state.mean.map((value, index) => ((x[index] ?? value) - value) / state.sigma);
  const limit = k.chiN + (2 * Math.sqrt(state.mean.length)) / (state.mean.length + 2);
  const factor = Math.min(1, limit / Math.max(1e-12, Math.hypot(...whiten(state.eigen, y))));
  return y.map((value) => value * factor);
}

function weighted(steps: readonly number[][], index: number, k: Constants): number {
  return steps.reduce((sum, step, rank) => sum + (k.weights[rank] ?? 0) * (step[index] ?? 0), 0);
}

function updateCovariance(
  state: State,
  steps: readonly number[][],
  k: Constants & { missing: number },
): void {
  const keep = 1 - k.c1 - k.cMu + k.missing;
  state.covariance = state.covariance.map((row, i) =>
    row.map((value, j) => {
      const rankMu = steps.reduce(
        (sum, step, rank) => sum + (k.weights[rank] ?? 0) * (step[i] ?? 0) * (step[j] ?? 0),
        0,
      );
      return keep * value + k.c1 * (state.pathC[i] ?? 0) * (state.pathC[j] ?? 0) + k.cMu * rankMu;
    }),
  );
  state.eigen = symmetricEigen(state.covariance);
}

/** The category with the largest weight among the better half wins. */
function inheritCategories(
  categories: number[],
  ranked: readonly Result[],
  weights: readonly number[],
): void {
  for (const index of categories.keys()) {
    const votes = new Map<number, number>();
    for (const [rank, weight] of weights.entries()) {
      const category = ranked[rank]?.point[index] ?? 0;
      votes.set(category, (votes.get(category) ?? 0) + weight);
    }
    categories[index] = [...votes].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  }
}
