import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Sandbox } from "../../../src/core/sandbox.ts";
import { detectSandbox } from "../../../src/sandbox/detect.ts";
import { ProcessSandbox } from "../../../src/sandbox/process.ts";
import { FakeClock, type ModelServer, openModelServer } from "../../../src/testing/index.ts";
import { AgentBench, type Wish } from "./agent-bench.ts";

const found = await detectSandbox("auto", process.getuid?.() ?? -1, { graceMs: 200 });
const bubblewrap = found.sandbox.name === "bubblewrap" ? [found.sandbox] : [];
const sandboxes: readonly Sandbox[] = [new ProcessSandbox({ graceMs: 200 }), ...bubblewrap];
const ways = sandboxes.flatMap((sandbox) =>
  (["headless", "acp"] as const).map((mode) => ({ mode, sandbox, name: `${mode} in ${sandbox.name}` })),
);

let server: ModelServer;
beforeAll(async () => {
  server = await openModelServer({ requireKey: "true-key" });
});
afterAll(() => server.close());

const WRITES = { writes: { "train.txt": "0.02" } };
const HANGS = { hangs: true, first: { started: "" } };
/** What each fault is, and what is to come of it. `calls`: how they ended, as the gateway saw it. */
const FAULTS: readonly [name: string, wish: Wish, proposal: object, calls?: readonly string[]][] = [
  [
    "proposes what it changed, with its idea",
    { order: WRITES },
    { kind: "idea", idea: { title: "a smaller rate", why: "less noise" } },
    ["ok"],
  ],
  [
    "gives up for good on a refused key, with the command to type",
    { steps: [{ op: "error", status: 401, times: "always" }] },
    {
      kind: "gave_up",
      exhausted: true,
      reason: /^codex: the provider refused the key \(401\).*; set OPENAI_API_KEY/,
    },
  ],
  [
    "rests when the rate is limited for ever, though it says that all is well",
    { steps: [{ op: "error", status: 429, times: "always" }], order: { failCode: 0 } },
    { kind: "gave_up", reason: /^codex: the provider limits the rate \(429\)/, retryAfterMs: 30_000 },
    ["rate_limited", "rate_limited", "rate_limited"],
  ],
  [
    "rests as long as the provider asks, and is not waited for",
    {
      steps: [{ op: "error", status: 429, times: "always", retryAfterSeconds: 120 }],
      order: { tries: 1000 },
    },
    { kind: "gave_up", reason: /limits the rate/, retryAfterMs: 120_000 },
  ],
  [
    "rests long when the allowance is used up",
    {
      steps: [{ op: "error", status: 429, times: "always", code: "insufficient_quota" }],
      order: { tries: 1000 },
    },
    { kind: "gave_up", reason: /the allowance of the provider is used up/, retryAfterMs: 900_000 },
  ],
  [
    "does not mind a limited rate that the agent got over",
    { order: WRITES, steps: [{ op: "error", status: 429 }] },
    { kind: "idea" },
    ["rate_limited", "ok"],
  ],
  ["does not mind one cut", { order: WRITES, steps: [{ op: "cut" }] }, { kind: "idea" }, ["cut", "ok"]],
  ["does not mind a malformed tool call", { order: WRITES, steps: [{ op: "malformed" }] }, { kind: "idea" }],
  [
    "names an answer that always breaks off",
    { steps: [{ op: "cut", times: "always" }] },
    { kind: "gave_up", reason: /broke off/, retryAfterMs: 30_000 },
    ["cut", "cut", "cut"],
  ],
  [
    "spends no token of a spent budget, and is not asked again",
    { tokensLeft: 0, order: { tries: 1000 } },
    { kind: "gave_up", reason: "codex: the budget for models is spent", exhausted: true },
    ["over_budget"],
  ],
  [
    "leaves a change out of scope to the loop",
    { order: { writes: { "../elsewhere": "1" } } },
    { kind: "idea" },
  ],
  ["says what went wrong beside an answer without a change", { order: { exitCode: 3 } }, { kind: "idea" }],
  ["takes a flood of output", { order: { ...WRITES, floodMegabytes: 8 } }, { kind: "idea" }],
];

describe.each(ways)("an agent $name", ({ mode, sandbox }) => {
  /** Whatever it did, nothing of it is left. */
  async function withBench(use: (bench: AgentBench, propose: AgentBench["propose"]) => Promise<void>) {
    const bench = new AgentBench(sandbox);
    try {
      await use(bench, (wish) => bench.propose({ server, ...wish, spec: { mode, ...wish.spec } }));
      expect(bench.survivors()).toEqual([]);
      expect(bench.leftHomes()).toEqual([]);
    } finally {
      bench.close();
    }
  }

  // What a provider does is the same behind any walls.
  it.concurrent.each(sandbox.name === "process" ? FAULTS : FAULTS.slice(0, 2))(
    "%s",
    (_, wish, proposal, calls) =>
      withBench(async (bench, propose) => {
        const { reason, ...rest } = proposal as { reason?: RegExp | string };
        const made = await propose(wish);
        expect(made).toMatchObject(rest);
        if (reason !== undefined) expect(made).toHaveProperty("reason", expect.stringMatching(reason));
        if (calls !== undefined) expect(bench.calls.map(({ end }) => end)).toEqual(calls);
      }),
  );

  it.concurrent("ends one that gives no sign of life any more", () =>
    withBench(async (bench, propose) => {
      const clock = new FakeClock();
      const proposing = propose({ order: HANGS, clock, spec: { idleMs: 60_000 } });
      await started(bench);
      await clock.advance(61_000);
      expect(await proposing).toMatchObject({
        kind: "gave_up",
        reason: expect.stringMatching(/^codex: stalled: no sign of life .*60 s$/),
      });
    }));

  it.concurrent("ends one whose model hangs, at its time", () =>
    withBench(async (bench, propose) => {
      const clock = new FakeClock();
      const order = { first: { started: "" } };
      const spec = { idleMs: 9e6, timeMs: 600_000 };
      const proposing = propose({ order, steps: [{ op: "hang" }], clock, spec });
      await started(bench);
      await clock.advance(601_000);
      expect(await proposing).toMatchObject({
        kind: "gave_up",
        reason: "codex: it was not done after 600 s",
      });
    }));

  it.concurrent("is called off at once", () =>
    withBench(async (bench, propose) => {
      const controller = new AbortController();
      const proposing = propose({ order: HANGS, signal: controller.signal });
      await started(bench);
      controller.abort();
      expect(await proposing).toMatchObject({ kind: "gave_up", reason: "codex: it was called off" });
    }));

  it.concurrent("leaves no child behind, not even one in a session of its own", () =>
    withBench(async (bench, propose) => {
      expect(await propose({ order: { ...WRITES, leaves: bench.token } })).toMatchObject({ kind: "idea" });
    }));

  it.concurrent("survives one that kills its parent", () =>
    withBench(async (bench, propose) => {
      const order = { ...WRITES, killsParent: true, leaves: bench.token };
      const proposal = await propose({ order });
      expect(["idea", "gave_up"]).toContain(proposal.kind);
    }));

  it.concurrent("answers a question in words", () =>
    withBench(async (_, propose) => {
      const answer = await propose({ question: "Is it sound?", order: { says: "Yes, it is." } });
      expect(answer).toEqual({ kind: "text", text: "Yes, it is." });
    }));

  it.concurrent("uses a login that is lent to it, and tells its tokens itself", () =>
    withBench(async (_, propose) => {
      const proposal = await propose({ server: undefined as never, order: WRITES });
      const usage = { freshTokens: 60, cachedTokens: 40, outputTokens: 7 };
      expect(proposal).toMatchObject({ kind: "idea", reported: [{ model: "codex", end: "ok", usage }] });
      expect(proposal.reported?.[0]).not.toHaveProperty("wire");
    }));
});

async function started(bench: AgentBench): Promise<void> {
  await vi.waitFor(() => expect(existsSync(join(bench.workspace, "started"))).toBe(true), 30_000);
}

describe.each(sandboxes.map((sandbox) => ({ sandbox, name: sandbox.name })))(
  "over ACP in $name",
  ({ sandbox }) => {
    it("goes on after a crash at work", async () => {
      const bench = new AgentBench(sandbox);
      const order = { ...WRITES, crash: true };
      const proposal = await bench.propose({ server, spec: { mode: "acp" }, order });
      expect(proposal).toEqual({ kind: "idea", idea: { title: "a smaller rate", why: "less noise" } });
      expect(bench.read("train.txt")).toBe("0.02");
      expect(bench.survivors()).toEqual([]);
      bench.close();
    });
  },
);

describe.runIf(bubblewrap.length > 0)("in bubblewrap", () => {
  it("reaches the gateway and nothing else, and sees and writes nothing but what is its own", async () => {
    const bench = new AgentBench(bubblewrap[0] as Sandbox);
    const secret = join(bench.folder, "secret");
    writeFileSync(secret, "gold");
    const probe = {
      urls: [server.origin, "$GATEWAY"],
      reads: [secret],
      writes: [bench.folder, "/usr", bench.workspace],
    };
    await bench.propose({ server, order: { ...WRITES, probe } });
    expect(JSON.parse(bench.read("probe.json") ?? "")).toEqual({
      urls: ["ECONNREFUSED", 404],
      reads: ["ENOENT"],
      writes: [expect.stringMatching(/^E/), "EROFS", "ok"],
    });
    bench.close();
  });
});
