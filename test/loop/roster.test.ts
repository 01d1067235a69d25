import { afterAll, beforeAll, expect, test } from "vitest";
import type { ModelCall } from "../../src/core/provider.ts";
import type { Proposal } from "../../src/core/researcher.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { type Bench, createBench, events, type Made, runThrough } from "./make-lab.ts";

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

/** Works to the end, moving the clock while all rest; gives the seconds at which `name` was asked. */
async function askedAt(made: Made, name: string): Promise<number[]> {
  let isOver = false;
  const over = runThrough(made).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    const isOpen = made.lab.study.runs.length === 0 || made.lab.experiments.some(({ status }) => !status);
    if (!isOpen && made.clock.pendingDelays > 0) await made.clock.advance(1000);
  }
  await over;
  const start = made.lab.run.startedAtMs;
  return made.lab.experiments.flatMap(({ researcher, openedAtMs }) =>
    researcher === name ? [Math.round((openedAtMs - start) / 1000)] : [],
  );
}

const silent = (name: string, proposal: Partial<Proposal> = {}) =>
  scriptedResearcher(() => ({ kind: "gave_up", reason: "429", ...proposal }) as Proposal, name);

test("a provider that refuses for ever is asked less and less often, and the time of the run still ends it", async () => {
  const staff = [{ researcher: silent("claude", { retryAfterMs: 1000 }), isPaid: true }];
  const made = await bench.lab({ parts: { staff, budget: { timeMs: 4 * 3_600_000 } } });
  const rests = (await askedAt(made, "claude")).map((at, index, all) => (all[index + 1] ?? at) - at);
  expect(rests.slice(0, 4)).toEqual([30, 60, 120, 240]);
  expect(Math.max(...rests)).toBe(1800);
  expect(made.lab.run.endReason).toContain("time is up");
});

test("a model that fails without saying why rests after the third time, and is not dismissed", async () => {
  const staff = [{ researcher: silent("claude"), isPaid: true }];
  const made = await bench.lab({ parts: { staff, budget: { experiments: 14 } } });
  const rests = (await askedAt(made, "claude")).map((at, index, all) => (all[index + 1] ?? at) - at);
  expect(rests.slice(0, 6)).toEqual([0, 0, 0, 30, 60, 120]);
  expect(made.lab.experiments).toHaveLength(14);
});

test("one that costs nothing and has nothing to say is dismissed after ten times", async () => {
  const made = await bench.lab({ parts: { staff: [{ researcher: silent("command") }], budget: {} } });
  expect(await askedAt(made, "command")).toHaveLength(10);
  expect(made.lab.run.endReason).toBe("the researchers have nothing more to propose");
});

test("what no share claims goes to the researcher whose changes are kept", async () => {
  let value = 1_000_000;
  const good = scriptedResearcher(() => {
    value -= 7;
    return { files: { "a.txt": `0.${value}\n` } };
  }, "good");
  const poor = scriptedResearcher(
    ({ experiment }) => ({ files: { "a.txt": `9${experiment.slice(1)}\n` } }),
    "poor",
  );
  const staff = [{ researcher: poor }, { researcher: good }];
  const made = await bench.lab({ parts: { staff, budget: { experiments: 60 } } });
  await runThrough(made);
  const asked = (name: string) => made.lab.experiments.filter(({ researcher }) => researcher === name).length;
  expect(asked("good")).toBeGreaterThan(40);
  expect(asked("poor")).toBeGreaterThan(1);
});
