import { afterAll, beforeAll, expect, it } from "vitest";
import { killEverywhere } from "./crash-matrix.ts";
import { type Bench, createBench } from "./make-lab.ts";

let bench: Bench;
let quick: Bench;
beforeAll(async () => {
  bench = await createBench("git");
  quick = await createBench("memory");
});
afterAll(() => Promise.all([bench.remove(), quick.remove()]));

it("on git, a run that is killed ends like one that was not, from before and after every line and every ref", async () => {
  expect(await killEverywhere(bench)).toBeGreaterThan(20);
});

it.each([1, 2, 3])("the same when the resume is killed too, before and after its step %i", async (at) => {
  expect(await killEverywhere(quick, { at, when: "before" })).toBeGreaterThan(20);
  expect(await killEverywhere(quick, { at, when: "after" })).toBeGreaterThan(20);
});
