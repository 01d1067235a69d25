import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Bench, createBench } from "../loop/make-lab.ts";
import { type Killed, killedRun, playAll } from "./repair-play.ts";

let bench: Bench;
let folder: string;
let runs: Killed[];
beforeAll(async () => {
  bench = await createBench("memory");
  folder = mkdtempSync(join(tmpdir(), "nightlab-repair-"));
  runs = [
    await killedRun(bench, join(folder, "in-search"), { count: 45, inLog: 12 }),
    await killedRun(bench, join(folder, "ended"), { count: 400, inLog: 400 }),
  ];
});
afterAll(async () => {
  await bench.remove();
  rmSync(folder, { recursive: true });
});

it("keeps every line that can be read, whatever the damage, and the run goes on", async () => {
  const kinds = await playAll(bench, runs, {
    folder: join(folder, "damaged"),
    seeds: { from: 0, count: 16 },
  });
  expect(kinds).toEqual(new Set(["whole", "repaired"]));
});
