import { afterAll, beforeAll, expect, test } from "vitest";
import { killAndResume } from "./crash-matrix.ts";
import { makeWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

test.each([
  { when: "before", parallel: 1 },
  { when: "after", parallel: 1 },
  { when: "after", parallel: 2 },
] as const)(
  "a run killed $when any step, $parallel in flight, goes on, repeats nothing and ends the same",
  async (kill) => {
    let steps = 0;
    while (await killAndResume(world, { ...kill, at: steps + 1 })) steps += 1;
    expect(steps).toBeGreaterThan(40);
  },
);
