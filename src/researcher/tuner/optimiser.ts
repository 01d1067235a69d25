/** What every optimiser of knobs does. Optimisers see places and losses, never knobs, files or the judge. */
import type { Random } from "./random.ts";
import type { Dimension, Point } from "./space.ts";

/** One measured point: lower loss is better; undefined if the candidate crashed, which ranks last. */
export interface Result {
  readonly point: Point;
  readonly loss: number | undefined;
}

/**
 * Contract: `ask` gives a point of the space's shape and may be called any number of times before the next `tell`.
 * `tell` takes results in any order, of points that were asked here or elsewhere. Fed the same past in the same order
 * and the same random numbers, an optimiser goes on in the same way: nothing else needs to be stored.
 */
export interface Optimiser {
  ask(): Point;
  tell(results: readonly Result[]): void;
  /** The point believed best so far, which need not have been measured. */
  recommend(): Point;
}

export interface OptimiserSetup {
  readonly dimensions: readonly Dimension[];
  /** Where the search begins: the values that the files held. */
  readonly start: Point;
  readonly random: Random;
  /** Points asked earlier whose results are still to come. */
  readonly open?: readonly Point[];
  /** Standard deviation of one loss, if it is known. */
  readonly noiseSd?: number | undefined;
}

export function isSamePoint(a: Point, b: Point): boolean {
  return a.every((value, index) => value === b[index]);
}

/** Takes the point that `result` answers out of `open`, if it is there. */
export function withdraw(open: Point[], result: Result): void {
  const index = open.findIndex((point) => isSamePoint(point, result.point));
  if (index >= 0) open.splice(index, 1);
}

export function lossOrWorst(result: Result): number {
  return result.loss ?? Number.POSITIVE_INFINITY;
}

/** Another category than `current`, uniformly. */
export function otherCategory(current: number, choices: number, random: Random): number {
  if (choices < 2) return current;
  const drawn = Math.floor(random.uniform() * (choices - 1));
  return drawn >= current ? drawn + 1 : drawn;
}
