import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { apply, emptyStudy, replay } from "../../src/core/study.ts";
import { RULES } from "../../src/judge/rules.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { createBench, noisyScript, runThrough } from "../loop/make-lab.ts";

/** The ledger of a run with keeps, discards, duplicates, rebases and promotions. */
let lines: readonly LedgerLine[];
let live: unknown;
const bench = await createBench();
beforeAll(async () => {
  const texts = ["3\n", "5\n", "2\n", "2\n", "boom\n", "1\n"];
  const turns = texts.map((text, index) => ({ files: { [index === 1 ? "b.txt" : "a.txt"]: text } }));
  const made = await bench.lab({
    program: { parallel: 2 },
    script: noisyScript(0.05),
    parts: {
      rule: { ...RULES.balanced, keepsPerPromotion: 2, budgetPerPromotion: 0 },
      staff: [{ researcher: scriptedResearcher(turns), share: 1 }],
    },
  });
  await runThrough(made);
  lines = made.disk;
  live = made.lab.study;
});
afterAll(() => bench.remove());

it("replays to what the live run had, however often", () => {
  expect(new Set(lines.map(({ event }) => event.kind)).size).toBeGreaterThan(10);
  expect(replay(lines)).toEqual(live);
  expect(replay(lines)).toEqual(replay(lines));
});

it("replays any beginning of a ledger, and goes on from it line by line to the same", () => {
  fc.assert(
    fc.property(fc.nat(lines.length), (cut) => {
      const study = replay(lines.slice(0, cut));
      expect(study.lineCount).toBe(cut);
      for (const line of lines.slice(cut)) apply(study, line);
      expect(study).toEqual(live);
    }),
    { numRuns: 30 },
  );
});

it("leaves the lines it is given as they are", () => {
  const before = structuredClone(lines);
  replay(lines);
  expect(lines).toEqual(before);
});

it("refuses a line out of turn and an event before any run", () => {
  const [first, second] = lines;
  if (first === undefined || second === undefined) throw new Error("the ledger is empty");
  expect(() => replay([second])).toThrow("ledger line 2 after 0");
  expect(() => apply(emptyStudy(), { ...second, number: 1 })).toThrow("before any run");
});
