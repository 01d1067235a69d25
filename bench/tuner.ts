/**
 * Compares the tuner's optimisers on synthetic landscapes with 10 knobs and 2 categories, two measurements in flight:
 * `node bench/tuner.ts [problems] [noise]`. Prints the share of the initial gap that is left.
 */
import { cmaEs } from "../src/researcher/tuner/cma-es.ts";
import { localSurrogate } from "../src/researcher/tuner/local-surrogate.ts";
import { onePlusOne } from "../src/researcher/tuner/one-plus-one.ts";
import { seededRandom } from "../src/researcher/tuner/random.ts";
import { average, type Maker } from "./tuner-course.ts";
import { landscape } from "./tuner-landscape.ts";

const [problems, noise] = [Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 0.05)];
const marks = [20, 40, 60, 80];
const makers: Record<string, Maker> = {
  "CMA-ES": (setup) => cmaEs(setup),
  "(1+1)-ES": (setup) => onePlusOne(setup),
  "local surrogate": (setup) => localSurrogate(setup),
};

console.log(`${problems} problems, noise ${noise} of the gap; left after ${marks.join(" / ")} measurements`);
for (const [name, make] of Object.entries(makers)) {
  const startedAtMs = performance.now();
  const courses = Array.from({ length: problems }, (_, index) => {
    const problem = landscape(10, 2, seededRandom(`problem ${index}`));
    return { make, problem, seed: `run ${index}`, noise, inFlight: 2, marks };
  });
  const left = average(courses).map((share) => share.toFixed(3));
  const perAskMs = (performance.now() - startedAtMs) / (problems * (marks.at(-1) ?? 1));
  console.log(`${name.padEnd(16)} ${left.join("  ")}  ${perAskMs.toFixed(1)} ms a point`);
}
