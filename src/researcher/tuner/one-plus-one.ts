/**
 * (1+1)-ES with the 1/5th success rule (Kern et al. 2004), for a metric without noise: a few knobs at a time move
 * away from the best point so far. Under noise it ratchets on luck; then use another optimiser.
 */
import { lossOrWorst, type Optimiser, type OptimiserSetup, otherCategory } from "./optimiser.ts";
import type { Point } from "./space.ts";

export interface OnePlusOneOptions {
  /** First step, in units of the cube. */
  readonly sigma?: number;
  /** At most this many knobs move at once. */
  readonly most?: number;
}

/** Plain data: the best result so far and the step. */
interface State {
  parent: Point;
  loss: number;
  sigma: number;
}

export function onePlusOne(setup: OptimiserSetup, options: OnePlusOneOptions = {}): Optimiser {
  const state: State = { parent: setup.start, loss: Number.POSITIVE_INFINITY, sigma: options.sigma ?? 0.12 };
  const isStart = (point: Point) => point.every((value, index) => value === setup.start[index]);
  return {
    ask: () => move(state, setup, options.most ?? 3),
    tell(results) {
      for (const result of results) {
        const loss = lossOrWorst(result);
        if (isStart(result.point)) state.loss = Math.min(state.loss, loss);
        else learn(state, result.point, loss);
      }
    },
    recommend: () => state.parent,
  };
}

function learn(state: State, point: Point, loss: number): void {
  const isBetter = loss < state.loss;
  // In balance at one success in five: 1.5 · 1.5^(-1/4 · 4) = 1.
  state.sigma = Math.min(0.5, Math.max(0.004, state.sigma * (isBetter ? 1.5 : 1.5 ** -0.25)));
  if (!isBetter) return;
  state.parent = point;
  state.loss = loss;
}

function move(state: State, { dimensions, random }: OptimiserSetup, most: number): Point {
  const count = 1 + Math.floor(random.uniform() * Math.min(most, dimensions.length));
  const point = [...state.parent];
  const indices = [...dimensions.keys()];
  for (let moved = 0; moved < count; moved++) {
    const [index = 0] = indices.splice(Math.floor(random.uniform() * indices.length), 1);
    const dimension = dimensions[index];
    const at = point[index] ?? 0;
    if (dimension === undefined) continue;
    if (dimension.kind === "category") point[index] = otherCategory(at, dimension.choices, random);
    else point[index] = reflect(at + stepFor(dimension.cells, state.sigma) * random.normal());
  }
  return point;
}

/** Steps of less than a cell would propose the same value again. */
function stepFor(cells: number | undefined, sigma: number): number {
  return Math.max(sigma * Math.SQRT2, cells === undefined ? 0 : 0.8 / cells);
}

function reflect(value: number): number {
  const folded = Math.abs(value) % 2;
  return folded > 1 ? 2 - folded : folded;
}
