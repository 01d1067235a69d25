/** Follows an optimiser over a landscape under noise, with several measurements in flight, as a study would run it. */
import type { Optimiser, OptimiserSetup } from "../src/researcher/tuner/optimiser.ts";
import { seededRandom } from "../src/researcher/tuner/random.ts";
import type { Point } from "../src/researcher/tuner/space.ts";
import type { Landscape } from "./tuner-landscape.ts";

export type Maker = (setup: OptimiserSetup) => Optimiser;

export interface Course {
  readonly make: Maker;
  readonly problem: Landscape;
  readonly seed: string;
  readonly noise: number;
  readonly inFlight: number;
  /** Measurements after which the true loss of the recommended point is noted. */
  readonly marks: readonly number[];
}

/** True loss of the recommended point at each mark; a recommended crash counts as the start. */
function follow({ make, problem, seed, noise, inFlight, marks }: Course): number[] {
  const luck = seededRandom(`${seed}/noise`);
  const optimiser = make({
    dimensions: problem.dimensions,
    start: problem.start,
    random: seededRandom(seed),
    noiseSd: noise,
  });
  optimiser.tell([{ point: problem.start, loss: 1 }]);
  const open: Point[] = [];
  const losses: number[] = [];
  for (let done = 1; done <= Math.max(...marks); done++) {
    while (open.length < inFlight) open.push(optimiser.ask());
    const point = open.shift() ?? problem.start;
    const loss = problem.loss(point);
    optimiser.tell([{ point, loss: loss === undefined ? undefined : loss + noise * luck.normal() }]);
    if (marks.includes(done)) losses.push(problem.loss(optimiser.recommend()) ?? 1);
  }
  return losses;
}

export function average(courses: readonly Course[]): number[] {
  const all = courses.map(follow);
  return (all[0] ?? []).map(
    (_, mark) => all.reduce((sum, losses) => sum + (losses[mark] ?? 1), 0) / all.length,
  );
}
