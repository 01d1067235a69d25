/** Eight hours in a few minutes: a clock that is moved, a model that fails in every way behind the real gateway, 200 kills. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/compose/surroundings.ts";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { type ModelCall, tokensOf } from "../../src/core/provider.ts";
import { type Gateway, openGateway } from "../../src/gateway/gateway.ts";
import { modelsLeft } from "../../src/loop/budget.ts";
import type { Staff } from "../../src/loop/lab.ts";
import { languageModel, sdkChat } from "../../src/researcher/model/ai-sdk.ts";
import { modelResearcher } from "../../src/researcher/model/model.ts";
import type { FakeClock } from "../../src/testing/fake-clock.ts";
import { type Answer, type ModelServer, openModelServer } from "../../src/testing/model-server/index.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { reportMarkdown } from "../../src/view/report-markdown.ts";
import { makeStudyView } from "../../src/view/study-view.ts";
import { Killed, Killer } from "./crash-matrix.ts";
import {
  type Bench,
  createBench,
  events,
  lossIn,
  type Made,
  refsAgree,
  resumeThrough,
  runThrough,
} from "./make-lab.ts";

const HOUR_MS = 3_600_000;
const BUDGET = { timeMs: 8 * HOUR_MS, usd: 4 };
const KILLS = 200;
const MEASURE_MS = 30_000;
const PROPOSE = { name: "propose_change", kind: "function" } as const;
const PRICES = { flaky: { inputUsd: 2, outputUsd: 10 } };

let bench: Bench;
let server: ModelServer;
let dice: () => number;
beforeAll(async () => {
  bench = await createBench("memory");
  dice = mulberry(20_261_125);
  server = await openModelServer({ answer });
});
afterAll(() => Promise.all([bench.remove(), server.close()]));

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Half of the calls go well; the rest fails as providers do. */
function answer(): Answer {
  const roll = dice();
  const error = (status: number, more: object = {}): Answer => ({
    fault: { kind: "error", status, ...more },
  });
  if (roll < 0.08) return error(429, { retryAfterSeconds: 5 + Math.floor(1200 * dice()) });
  if (roll < 0.12) return error(429);
  if (roll < 0.15) return error(429, { code: "insufficient_quota" });
  if (roll < 0.22) return error(dice() < 0.5 ? 529 : 500);
  if (roll < 0.28) return { fault: { kind: "cut" } };
  if (roll < 0.33) return { text: "I am done, everything is faster now." };
  const path = roll < 0.37 ? "data.txt" : "a.txt";
  const content = roll < 0.42 ? "boom\n" : `${(4 * dice()).toFixed(4)}\n`;
  const args = { title: `set ${content.trim()}`, why: "", edits: [{ path, content }] };
  return { toolCalls: [{ id: "p", tool: PROPOSE, args }] };
}

function staffOf(gateway: Gateway, clock: FakeClock): Staff[] {
  const model = modelResearcher({
    name: "flaky",
    clock,
    totalMs: 30 * 60_000,
    openAccess: (experiment) => gateway.access(experiment, "flaky"),
    openChat: async (access, options) =>
      sdkChat({
        ...options,
        clock,
        idleMs: 5 * 60_000,
        languageModel: languageModel({
          ...{ wire: "openai_chat", baseUrl: access.baseUrl("openai_chat"), key: access.key, model: "flaky" },
        }),
      }),
    next: { unauthorized: "", unknownModel: "" },
  });
  const plain = scriptedResearcher(({ experiment }) => ({
    files: { "b.txt": `${(6 - 3 * dice()).toFixed(5)}\n` },
    idea: { title: `plain ${experiment}` },
  }));
  return [{ researcher: model, isPaid: true, share: 0.6 }, { researcher: plain }];
}

/** One life of the process; gives whether it came to the end of the run. */
async function live(disk: LedgerLine[], repository: string, killer: Killer | undefined) {
  let made: Made | undefined;
  const gateway = await openGateway({
    upstreams: [{ wire: "openai_chat", baseUrl: `${server.origin}/v1`, apiKey: "dummy" }],
    prices: PRICES,
    left: () => (made === undefined ? {} : modelsLeft(BUDGET, made.lab.run)),
    onCall: async (call, { experiment, researcher }) => {
      const about = { kind: "called", run: made?.lab.tag, experiment, researcher, call };
      await made?.lab.record(about as LedgerLine["event"]);
    },
    clock: systemClock,
  });
  const staff: Staff[] = [];
  made = await bench.lab(
    {
      disk,
      program: { parallel: 2 },
      parts: { budget: BUDGET, staff },
      script: async ({ read }) => {
        await made?.clock.advance(MEASURE_MS - 1000);
        const loss = await lossIn(read);
        return Number.isNaN(loss)
          ? { stdout: "boom\n", ending: { kind: "exited", code: 1 } }
          : { stdout: `loss: ${loss}\n` };
      },
      ...(killer === undefined ? {} : { ledger: killer.ledger, wrapWorkspaces: killer.workspaces }),
    },
    repository,
  );
  const { clock } = made;
  staff.push(...staffOf(gateway, clock));
  let isOver = false;
  const over = (disk.length === 0 ? runThrough(made) : resumeThrough(made)).finally(() => {
    isOver = true;
  });
  over.catch(() => undefined);
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    const isBusy = made.sandbox.running > 0 || server.calls.some(({ end }) => end === "open");
    if (!isBusy && clock.pendingDelays > 0) await clock.advance(250);
  }
  const end = await over.catch((error: unknown) => error);
  await gateway.close();
  return { made, end };
}

const calls = (disk: LedgerLine[]): ModelCall[] =>
  disk.flatMap(({ event }) => (event.kind === "called" ? [event.call] : []));

test("a night with failing models and 200 kills ends within its budget, complete, with nothing left behind", async () => {
  const disk: LedgerLine[] = [];
  const repository = await bench.repository();
  let kills = 0;
  let lives = 0;
  for (;;) {
    const killer =
      kills < KILLS ? new Killer(1 + Math.floor(24 * dice()), dice() < 0.5 ? "before" : "after") : undefined;
    const before = structuredClone(disk);
    const { made, end } = await live(disk, repository, killer);
    lives += 1;
    expect(disk.slice(0, before.length)).toEqual(before);
    expect(made.sandbox.running).toBe(0);
    if (end instanceof Killed) {
      kills += 1;
      continue;
    }
    expect(end).toMatchObject({ kind: "ended" });
    await complete(made, disk);
    break;
  }
  expect(kills).toBe(KILLS);
  expect(lives).toBe(KILLS + 1);
});

async function complete(made: Made, disk: LedgerLine[]): Promise<void> {
  const { run } = made.lab;
  const dearest = Math.max(...calls(disk).map(({ usd = 0 }) => usd));
  expect(run.workedMs).toBeLessThanOrEqual(BUDGET.timeMs);
  expect(run.workedMs).toBeGreaterThan(0.8 * BUDGET.timeMs);
  expect(run.usd).toBeLessThanOrEqual(BUDGET.usd + dearest);
  expect(run.tokens).toBe(calls(disk).reduce((sum, { usage }) => sum + tokensOf(usage), 0));
  expect(new Set(calls(disk).map(({ end }) => end)).size).toBeGreaterThan(4);
  expect(made.lab.experiments.filter(({ status }) => status === undefined)).toEqual([]);
  expect(made.lab.experiments.length).toBeGreaterThan(100);
  expect(run.verified).not.toBe(run.baseline);
  expect(run.final?.verified).toBe(run.verified);
  expect(await refsAgree(made)).toBe(true);
  const judged = events({ disk }, "judged").map(({ experiment }) => experiment);
  expect(judged.length).toBeGreaterThan(50);
  const report = reportMarkdown(makeStudyView(made.lab.study, made.clock.now()));
  expect(report).toContain("loss");
}
