/**
 * Bayesian optimisation in a box around the best known point: fits a Gaussian process to all results and asks where
 * the expected improvement is largest. Dear to compute (cubic in results) and sparing with measurements.
 */
import { type Optimiser, type OptimiserSetup, otherCategory, type Result } from "./optimiser.ts";
import type { Random } from "./random.ts";
import type { Dimension, Point } from "./space.ts";
import { fitSurrogate, type Surrogate } from "./surrogate.ts";

export interface SurrogateOptions {
  /** Half the side of the box, units of the cube. */
  readonly reach?: number;
  readonly candidates?: number;
  readonly changed?: number;
}

interface Scored {
  readonly point: Point;
  readonly loss: number;
}

export function localSurrogate(setup: OptimiserSetup, options: SurrogateOptions = {}): Optimiser {
  const told: Result[] = [];
  const open: Point[] = [];
  let fitted: { surrogate: Surrogate; scored: Scored[] } | undefined;
  const fit = () => {
    fitted ??= believe(setup, told, open);
    return fitted;
  };
  return {
    ask() {
      const point = propose(setup, fit(), options);
      open.push(point);
      fitted = undefined;
      return point;
    },
    tell(results) {
      for (const result of results) {
        told.push(result);
        const index = open.findIndex((point) => point.every((value, at) => value === result.point[at]));
        if (index >= 0) open.splice(index, 1);
      }
      fitted = undefined;
    },
    recommend: () => (told.length === 0 ? setup.start : incumbent(fit()).point),
  };
}

/** Crashes count as the worst loss seen; points still being measured as what is expected of them. */
function believe(setup: OptimiserSetup, told: readonly Result[], open: readonly Point[]) {
  const known = told.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
  const worst = Math.max(0, ...known);
  const scored = told.map(({ point, loss }) => ({ point, loss: loss ?? worst }));
  let surrogate = fitSurrogate(setup.dimensions, scored);
  if (open.length > 0) {
    const expected = open.map((point) => ({ point, loss: surrogate.predict(point).mean }));
    surrogate = fitSurrogate(setup.dimensions, [...scored, ...expected]);
  }
  return { surrogate, scored };
}

function incumbent({ surrogate, scored }: { surrogate: Surrogate; scored: readonly Scored[] }) {
  const means = scored.map(({ point }) => ({ point, mean: surrogate.predict(point).mean }));
  return means.reduce((a, b) => (b.mean < a.mean ? b : a));
}

function propose(
  setup: OptimiserSetup,
  fitted: { surrogate: Surrogate; scored: Scored[] },
  options: SurrogateOptions,
): Point {
  const { random, dimensions } = setup;
  const best = fitted.scored.length === 0 ? { point: setup.start, mean: 0 } : incumbent(fitted);
  const { surrogate } = fitted;
  const reach = options.reach ?? 0.25;
  const count = options.candidates ?? 300;
  const geometric = Math.exp(
    surrogate.lengths.reduce((sum, each) => sum + Math.log(each), 0) / Math.max(1, surrogate.lengths.length),
  );
  const sides = surrogate.lengths.map((length) =>
    Math.min(0.5, Math.max(0.05, (reach * length) / geometric)),
  );
  let winner = { point: best.point, gain: -1 };
  const consider = (point: Point) => {
    const { mean, sd } = surrogate.predict(point);
    const gain = expectedImprovement(best.mean - mean, sd);
    if (gain > winner.gain) winner = { point, gain };
  };
  const chance = Math.min(1, (options.changed ?? 6) / dimensions.length);
  for (let index = 0; index < count; index++)
    consider(perturb(best.point, { dimensions, sides, chance, random }));
  for (const factor of [0.4, 0.15])
    for (let index = 0; index < count / 3; index++) {
      const fine = perturb(winner.point, {
        dimensions,
        sides: sides.map((side) => side * factor),
        chance,
        random,
      });
      const inside = fine.map((value, at) =>
        dimensions[at]?.kind === "category"
          ? value
          : Math.min(
              (best.point[at] ?? 0) + (sides[at] ?? 0),
              Math.max((best.point[at] ?? 0) - (sides[at] ?? 0), value),
            ),
      );
      consider(inside);
    }
  return winner.point;
}

interface Perturbation {
  readonly dimensions: readonly Dimension[];
  readonly sides: readonly number[];
  readonly chance: number;
  readonly random: Random;
}

function perturb(point: Point, { dimensions, sides, chance, random }: Perturbation): Point {
  const forced = Math.floor(random.uniform() * dimensions.length);
  return point.map((value, index) => {
    const dimension = dimensions[index];
    if (index !== forced && random.uniform() >= chance) return value;
    if (dimension?.kind === "category")
      return random.uniform() < 0.5 ? value : otherCategory(value, dimension.choices, random);
    return Math.min(1, Math.max(0, value + (sides[index] ?? 0) * (2 * random.uniform() - 1)));
  });
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
