import { afterAll, beforeAll, expect, it } from "vitest";
import { killEverywhere } from "./crash-matrix.ts";
import { type Bench, createBench } from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.remove());

it("a run that is killed where git and the ledger are apart, or a verdict is not carried out, loses and doubles nothing", async () => {
  const kills = await killEverywhere(
    bench,
    (step, previous) => step === "advance" && previous !== undefined && /judged/.test(previous),
  );
  expect(kills).toBe(2);
});
