import { afterAll, beforeAll, expect, test } from "vitest";
import { type Kill, killAndResume } from "./crash-matrix.ts";
import { makeWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

/** Some steps of each kind; crash-matrix.slow.test.ts goes through them all. */
const KILLS: Kill[] = [
  { at: 13, when: "after" },
  { at: 19, when: "after" },
  { at: 20, when: "before", parallel: 2 },
  { at: 42, when: "after" },
];

test.each(KILLS)("a run killed $when step $at goes on, repeats nothing and ends the same", async (kill) => {
  expect(await killAndResume(world, kill)).toBe(true);
});
