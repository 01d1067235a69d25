import { afterAll, beforeAll, expect, it } from "vitest";
import { killEverywhere } from "./crash-matrix.ts";
import { type Bench, createBench } from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.remove());

it("a run that is killed ends like one that was not, from before and after every line and every ref", async () => {
  expect(await killEverywhere(bench)).toBeGreaterThan(20);
});

it("so it is on git, where it and the ledger are apart", async () => {
  const onGit = await createBench("git");
  const kills = await killEverywhere(onGit, (step) => step === "verified_moved", "before");
  expect(kills).toBe(1);
  await onGit.remove();
});
