import { describe, expect, test } from "vitest";
import { average, type Course, type Maker } from "../../../bench/tuner-course.ts";
import { landscape } from "../../../bench/tuner-landscape.ts";
import { cmaEs } from "../../../src/researcher/tuner/cma-es.ts";
import { symmetricEigen } from "../../../src/researcher/tuner/eigen.ts";
import { localSurrogate } from "../../../src/researcher/tuner/local-surrogate.ts";
import { onePlusOne } from "../../../src/researcher/tuner/one-plus-one.ts";
import type { OptimiserSetup, Result } from "../../../src/researcher/tuner/optimiser.ts";
import { seededRandom } from "../../../src/researcher/tuner/random.ts";
import { fitSurrogate } from "../../../src/researcher/tuner/surrogate.ts";

const makers: [string, Maker][] = [
  ["CMA-ES", (setup) => cmaEs(setup)],
  ["(1+1)-ES", (setup) => onePlusOne(setup)],
  ["the local surrogate", (setup) => localSurrogate(setup, { candidates: 90 })],
];

function courses(make: Maker, problems: number, how: Pick<Course, "noise" | "marks">): Course[] {
  return Array.from({ length: problems }, (_, index) => {
    const problem = landscape(10, 2, seededRandom(`problem ${index}`));
    return { make, problem, seed: `run ${index}`, inFlight: 2, ...how };
  });
}

function setup(seed: string, open: OptimiserSetup["open"] = []): OptimiserSetup {
  const dimensions = [
    { kind: "range" },
    { kind: "range", cells: 5 },
    { kind: "category", choices: 3 },
  ] as const;
  return { dimensions, start: [0.5, 0.5, 1], random: seededRandom(seed), open };
}

const past: Result[] = Array.from({ length: 23 }, (_, index) => {
  const [x, y] = [(index * 0.37) % 1, (index * 0.61) % 1];
  return { point: [x, y, index % 3], loss: index % 7 === 3 ? undefined : (x - 0.3) ** 2 + y };
});

describe.each(makers)("%s", (_, make) => {
  test("goes on in the same way after it was rebuilt from the past", () => {
    const [whole, rebuilt] = [make(setup("a")), make(setup("a"))];
    for (const result of past) whole.tell([result]);
    rebuilt.tell(past);
    expect(rebuilt.ask()).toEqual(whole.ask());
    expect(rebuilt.recommend()).toEqual(whole.recommend());
  });

  test("asks points of the shape only, even when everything crashes", () => {
    const optimiser = make(setup("b"));
    for (let round = 0; round < 30; round++) {
      const point = optimiser.ask();
      const [x = -1, y = -1, category = -1] = point;
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(Math.max(x, y)).toBeLessThanOrEqual(1);
      expect([0, 1, 2]).toContain(category);
      optimiser.tell([{ point, loss: undefined }]);
    }
  });

  test("does not repeat a point that is still being measured", () => {
    const optimiser = make(setup("c"));
    optimiser.tell(past);
    const asked = [optimiser.ask(), optimiser.ask(), optimiser.ask()];
    expect(new Set(asked.map((point) => JSON.stringify(point))).size).toBe(3);
  });
});

describe("on landscapes with 10 knobs and 2 categories", () => {
  test("CMA-ES leaves at most a quarter of the gap after 100 measurements under noise of 5 % of it", () => {
    const [left] = average(courses((made) => cmaEs(made), 20, { noise: 0.05, marks: [100] }));
    expect(left).toBeLessThan(0.25);
  });

  test("the local surrogate leaves less than CMA-ES after 40 measurements", () => {
    const how = { noise: 0.05, marks: [40] };
    const [surrogate = 1] = average(courses((made) => localSurrogate(made, { candidates: 90 }), 4, how));
    const [cma = 0] = average(courses((made) => cmaEs(made), 4, how));
    expect(surrogate).toBeLessThan(cma);
  });

  test("without noise (1+1)-ES leaves less than CMA-ES, under much noise more", () => {
    const left = (make: Maker, noise: number) => average(courses(make, 30, { noise, marks: [100] }))[0] ?? 1;
    expect(left((made) => onePlusOne(made), 0)).toBeLessThan(left((made) => cmaEs(made), 0));
    expect(left((made) => onePlusOne(made), 0.2)).toBeGreaterThan(left((made) => cmaEs(made), 0.2));
  });
});

test("the second point of a CMA-ES pair mirrors the first, also when the first is still open after a restart", () => {
  const dimensions = [{ kind: "range" }, { kind: "range" }] as const;
  const start = [0.5, 0.5];
  const first = cmaEs({ dimensions, start, random: seededRandom("d") }).ask();
  const second = cmaEs({ dimensions, start, random: seededRandom("e"), open: [first] }).ask();
  expect(first.map((value, index) => value + (second[index] ?? 0))).toEqual([
    expect.closeTo(1),
    expect.closeTo(1),
  ]);
});

test("eigenvectors times eigenvalues give the matrix back", () => {
  const random = seededRandom("eigen");
  const root = Array.from({ length: 8 }, () => Array.from({ length: 8 }, () => random.normal()));
  const matrix = root.map((a) =>
    root.map((b) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)),
  );
  const { values, vectors } = symmetricEigen(matrix);
  for (const [i, row] of matrix.entries())
    for (const [j, entry] of row.entries()) {
      const rebuilt = values.reduce(
        (sum, value, k) => sum + value * (vectors[i]?.[k] ?? 0) * (vectors[j]?.[k] ?? 0),
        0,
      );
      expect(rebuilt).toBeCloseTo(entry, 9);
    }
});

test("a surrogate is sure where it has measured and unsure far away", () => {
  const results = [0.4, 0.45, 0.5, 0.55, 0.6].map((x) => ({ point: [x], loss: (x - 0.45) ** 2 }));
  const surrogate = fitSurrogate([{ kind: "range" }], results);
  expect(surrogate.predict([0.5]).mean).toBeCloseTo(0.0025, 2);
  expect(surrogate.predict([0]).sd).toBeGreaterThan(2 * surrogate.predict([0.5]).sd);
});
