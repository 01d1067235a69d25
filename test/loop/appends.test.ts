/** How often an experiment waits for the disk: events that belong together are appended together. */

import { afterAll, beforeAll, expect, it } from "vitest";
import type { LedgerEvent } from "../../src/core/ledger.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { type Bench, createBench, runThrough } from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.remove());

it("appends four times for a candidate that is measured once and discarded", async () => {
  const appends: LedgerEvent["kind"][][] = [];
  const made = await bench.lab({
    program: { metric: { name: "loss", goal: "minimize", seeded: false, timing: false } },
    parts: { staff: [{ researcher: scriptedResearcher([{ files: { "a.txt": "50\n" } }]), share: 1 }] },
    ledger: (inner) => ({
      append: (events) => {
        appends.push(events.map(({ kind }) => kind));
        return inner.append(events);
      },
      read: (after) => inner.read(after),
      close: () => inner.close(),
    }),
  });
  await runThrough(made);
  const first = appends.findIndex(([kind]) => kind === "opened");
  expect(appends.slice(first, first + 4)).toEqual([
    ["opened"],
    ["proposed"],
    ["measured"],
    ["judged", "closed"],
  ]);
});
