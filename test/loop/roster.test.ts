import { afterAll, beforeAll, expect, test } from "vitest";
import type { ModelCall } from "../../src/core/provider.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { type Bench, createBench, events, runThrough } from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.remove());

const call: ModelCall = {
  model: "m",
  end: "ok",
  usage: { freshTokens: 60, cachedTokens: 20, cacheWriteTokens: 10, outputTokens: 10, reasoningTokens: 5 },
  usd: 2,
  wallMs: 1,
};

/** One that says it spends two dollars and a hundred tokens each time, beside one that costs nothing. */
function staff() {
  let turn = 0;
  const paid = scriptedResearcher(() => {
    turn += 1;
    return { kind: "gave_up", reason: `no idea ${turn}`, reported: [call] };
  }, "claude");
  const free = scriptedResearcher(
    [9, 8, 7, 6, 5, 4].map((value) => ({ files: { "a.txt": `1${value}\n` } })),
    "free",
  );
  return [
    { researcher: paid, share: 0.5, isPaid: true },
    { researcher: free, share: 0.5 },
  ];
}

test("a researcher that costs is not asked again once the dollars are spent; the others go on", async () => {
  const made = await bench.lab({ parts: { staff: staff(), budget: { usd: 5, experiments: 9 } } });
  await runThrough(made);
  expect(events(made, "called").map(({ experiment, call: { usd } }) => [experiment, usd])).toHaveLength(3);
  expect(made.lab.run.usd).toBe(6);
  expect(made.lab.run.tokens).toBe(300);
  expect(made.lab.experiments.filter(({ researcher }) => researcher === "claude")).toHaveLength(3);
  expect(made.lab.experiments.filter(({ researcher }) => researcher === "free")).toHaveLength(6);
});

test("tokens alone end the run when nothing else would", async () => {
  const made = await bench.lab({ parts: { staff: staff(), budget: { tokens: 200 } } });
  const end = await runThrough(made);
  expect(end.reason).toBe("200 tokens are spent on models");
  expect(made.lab.run.tokens).toBe(200);
});
