/**
 * Synthetic knob landscapes for comparing optimisers: few knobs matter much (Pareto), some interact, some come in
 * steps, categories have one right choice, and one corner crashes. True loss is 1 at the start and 0 at the optimum.
 */
import type { Random } from "../src/researcher/tuner/random.ts";
import type { Dimension, Point } from "../src/researcher/tuner/space.ts";

export interface Landscape {
  readonly dimensions: readonly Dimension[];
  readonly start: Point;
  /** Without noise; undefined where the candidate crashes. */
  loss(point: Point): number | undefined;
}

interface Slope {
  readonly optimum: number;
  readonly weight: number;
  readonly cells: number;
}

export function landscape(knobs: number, categories: number, random: Random): Landscape {
  const start: number[] = [];
  const slopes: Slope[] = [];
  for (let index = 0; index < knobs; index++) {
    const cells = random.uniform() < 0.25 ? 5 + Math.floor(random.uniform() * 5) : 0;
    const at = quantise(0.3 + 0.4 * random.uniform(), cells);
    const optimum = Math.min(0.98, Math.max(0.02, at + 0.2 * random.normal()));
    start.push(at);
    slopes.push({ optimum: quantise(optimum, cells), cells, weight: (1 - random.uniform()) ** (-1 / 1.2) });
  }
  const pairs = slopes.map((_, index) => ({
    other: (index + 1) % knobs,
    strength: 0.8 * (2 * random.uniform() - 1),
  }));
  const penalties = Array.from({ length: categories }, () => penaltiesOf(3, slopes, random));
  const edge = { index: Math.floor(random.uniform() * knobs), above: 0.97 };
  const raw = (point: Point) =>
    bowl(point, slopes, pairs) +
    penalties.reduce((sum, each, index) => sum + (each[point[knobs + index] ?? 0] ?? 0), 0);
  const from = [...start, ...penalties.map(() => 0)];
  const scale = raw(from);
  return {
    dimensions: [
      ...slopes.map(({ cells }): Dimension => (cells ? { kind: "range", cells } : { kind: "range" })),
      ...penalties.map((): Dimension => ({ kind: "category", choices: 3 })),
    ],
    start: from,
    loss: (point) => ((point[edge.index] ?? 0) > edge.above ? undefined : raw(point) / scale),
  };
}

type Pair = { readonly other: number; readonly strength: number };

function bowl(point: Point, slopes: readonly Slope[], pairs: readonly Pair[]): number {
  const away = slopes.map(({ optimum, cells }, index) => quantise(point[index] ?? 0, cells) - optimum);
  let sum = 0;
  for (const [index, { weight }] of slopes.entries()) {
    const z = away[index] ?? 0;
    const { other, strength } = pairs[index] ?? { other: 0, strength: 0 };
    const mixed = strength * Math.sqrt(weight * (slopes[other]?.weight ?? 0)) * z * (away[other] ?? 0);
    sum +=
      weight * z * z + (slopes.length > 2 ? mixed : 0) + 0.002 * weight * (1 - Math.cos(8 * Math.PI * z));
  }
  return sum;
}

/** One choice is right, the others cost about as much as a knob that is off. */
function penaltiesOf(choices: number, slopes: readonly Slope[], random: Random): number[] {
  const typical = slopes.reduce((sum, { weight }) => sum + weight, 0) / slopes.length;
  const costs = Array.from({ length: choices }, () => -0.04 * typical * Math.log(1 - random.uniform()));
  const least = Math.min(...costs);
  return costs.map((cost) => cost - least);
}

function quantise(place: number, cells: number): number {
  if (cells === 0) return place;
  return (Math.min(cells - 1, Math.max(0, Math.floor(place * cells))) + 0.5) / cells;
}
