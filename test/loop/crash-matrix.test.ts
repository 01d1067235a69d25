import { afterAll, beforeAll, expect, it } from "vitest";
import { killEverywhere } from "./crash-matrix.ts";
import { type Bench, createBench } from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench("memory");
});
afterAll(() => bench.remove());

it("a run that is killed ends like one that was not, from before and after every line and every ref", async () => {
  expect(await killEverywhere(bench)).toBeGreaterThan(20);
});
