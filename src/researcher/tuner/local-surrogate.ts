/**
 * Bayesian optimisation in a box around the best known point: fits a Gaussian process to the results and asks where
 * the expected improvement is largest. Sparing with measurements and dear to compute (cubic in results).
 */
import {
  isSamePoint,
  type Optimiser,
  type OptimiserSetup,
  otherCategory,
  type Result,
  withdraw,
} from "./optimiser.ts";
import type { Random } from "./random.ts";
import type { Dimension, Point } from "./space.ts";
import { fitSurrogate, type Loss, type Surrogate } from "./surrogate.ts";

export interface SurrogateOptions {
  /** Half the side of the box in units of the cube, for a dimension of middling importance. */
  readonly reach?: number;
  /** Points compared for one ask. */
  readonly candidates?: number;
}

/** Older results are left out: they cost time (cubic) and lie far from where the search has gone. */
const MOST_RESULTS = 150;

interface Belief {
  readonly surrogate: Surrogate;
  readonly best: { readonly point: Point; readonly mean: number };
}

export function localSurrogate(setup: OptimiserSetup, options: SurrogateOptions = {}): Optimiser {
  const told: Result[] = [];
  const open = [...(setup.open ?? [])];
  let belief: Belief | undefined;
  const believed = () => {
    belief ??= believe(setup, told, open);
    return belief;
  };
  return {
    ask() {
      const point = propose({ ...setup, open }, believed(), options);
      open.push(point);
      belief = undefined;
      return point;
    },
    tell(results) {
      for (const result of results) {
        told.push(result);
        withdraw(open, result);
      }
      belief = undefined;
    },
    recommend: () => believed().best.point,
  };
}

function believe(setup: OptimiserSetup, told: readonly Result[], open: readonly Point[]): Belief {
  const recent = told.slice(-MOST_RESULTS);
  const worst = Math.max(...recent.flatMap(({ loss }) => (loss === undefined ? [] : [loss])));
  // A crash counts as the worst loss seen: it repels, and says nothing about how bad bad is.
  const losses: Loss[] = recent.map(({ point, loss }) => ({
    point,
    loss: loss ?? (Number.isFinite(worst) ? worst : 0),
  }));
  const surrogate = fitSurrogate(setup.dimensions, losses, { expected: open, noiseSd: setup.noiseSd });
  const points = recent.some(({ loss }) => loss !== undefined)
    ? losses.map(({ point }) => point)
    : [setup.start];
  const means = points.map((point) => ({ point, mean: surrogate.predict(point).mean }));
  return { surrogate, best: means.reduce((a, b) => (b.mean < a.mean ? b : a)) };
}

/** First anywhere in the box, then ever closer around the winner. */
function propose(setup: OptimiserSetup, { surrogate, best }: Belief, options: SurrogateOptions): Point {
  const { random, dimensions, open = [] } = setup;
  const sides = sidesOf(surrogate.lengths, options.reach ?? 0.17);
  const count = options.candidates ?? 300;
  let winner = { point: best.point, gain: -1 };
  for (const [share, factor] of [
    [1, 1],
    [1 / 3, 0.4],
    [1 / 3, 0.15],
  ] as const) {
    const center = winner.point;
    for (let index = 0; index < count * share; index++) {
      const point = perturb(center, { dimensions, random, sides, factor, middle: best.point });
      if (open.some((other) => isSamePoint(other, point))) continue;
      const { mean, sd } = surrogate.predict(point);
      const gain = expectedImprovement(best.mean - mean, sd);
      if (gain > winner.gain) winner = { point, gain };
    }
  }
  return winner.point;
}

/** Longer where the loss changes slowly (Eriksson et al. 2019, arXiv 1910.01739). */
function sidesOf(lengths: readonly number[], reach: number): number[] {
  const middling = Math.exp(
    lengths.reduce((sum, length) => sum + Math.log(length), 0) / Math.max(1, lengths.length),
  );
  return lengths.map((length) => Math.min(0.5, Math.max(0.05, (reach * length) / middling)));
}

interface Box {
  readonly dimensions: readonly Dimension[];
  readonly random: Random;
  readonly sides: readonly number[];
  /** Part of the box that a step may take. */
  readonly factor: number;
  /** Middle of the box, which no step leaves. */
  readonly middle: Point;
}

function perturb(center: Point, { dimensions, random, sides, factor, middle }: Box): Point {
  return center.map((value, index) => {
    const dimension = dimensions[index];
    if (dimension?.kind === "category")
      return random.uniform() < 0.5 ? value : otherCategory(value, dimension.choices, random);
    const [side, home] = [sides[index] ?? 0, middle[index] ?? 0];
    const cells = dimension?.cells;
    // A box narrower than a cell would hold the value fast.
    const reach = cells === undefined ? side : Math.max(side, 1 / cells);
    const moved = value + factor * reach * (2 * random.uniform() - 1);
    return toCell(Math.min(1, home + reach, Math.max(0, home - reach, moved)), cells);
  });
}

function toCell(place: number, cells: number | undefined): number {
  return cells === undefined ? place : (Math.min(cells - 1, Math.floor(place * cells)) + 0.5) / cells;
}

/** Of a normal belief whose mean lies `ahead` below the best. */
function expectedImprovement(ahead: number, sd: number): number {
  const z = ahead / sd;
  return ahead * normalCdf(z) + (sd * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);
}

/** Abramowitz and Stegun 7.1.26, error below 1.5e-7. */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(z) * Math.SQRT1_2);
  const tail =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const half = 0.5 * tail * Math.exp((-z * z) / 2);
  return z > 0 ? 1 - half : half;
}
