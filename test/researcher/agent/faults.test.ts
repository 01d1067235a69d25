import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { detectSandbox } from "../../../src/sandbox/detect.ts";
import { ProcessSandbox } from "../../../src/sandbox/process.ts";
import { FakeClock, type ModelServer, openModelServer } from "../../../src/testing/index.ts";
import { AgentBench, type Wish } from "./agent-bench.ts";

const found = await detectSandbox("auto", process.getuid?.() ?? -1, { graceMs: 200 });
const sandboxes = [
  new ProcessSandbox({ graceMs: 200 }),
  ...(found.sandbox.name === "bubblewrap" ? [found.sandbox] : []),
];
const ways = sandboxes.flatMap((sandbox) =>
  (["headless", "acp"] as const).map((mode) => ({ mode, sandbox, name: `${mode} in ${sandbox.name}` })),
);

let server: ModelServer;
beforeAll(async () => {
  server = await openModelServer();
});
afterAll(() => server.close());

describe.each(ways)("an agent $name", ({ mode, sandbox }) => {
  let bench: AgentBench;
  beforeEach(() => {
    bench = new AgentBench(sandbox);
  });
  afterEach(() => {
    expect(bench.survivors()).toEqual([]);
    expect(bench.leftHomes()).toEqual([]);
    bench.close();
  });

  const propose = (wish: Wish) => bench.propose({ server, ...wish, spec: { mode, ...wish.spec } });

  it("proposes what it changed, with its idea", async () => {
    const proposal = await propose({ order: { writes: { "train.txt": "0.02" } } });
    expect(proposal).toEqual({ kind: "idea", idea: { title: "a smaller rate", why: "less noise" } });
    expect(bench.read("train.txt")).toBe("0.02");
  });

  it("gives up for good on a refused key, with the command to type", async () => {
    const proposal = await propose({ steps: [{ op: "error", status: 401, times: "always" }] });
    expect(proposal).toMatchObject({
      kind: "gave_up",
      exhausted: true,
      reason: expect.stringMatching(/^codex: the provider refused the key \(401\).*; set OPENAI_API_KEY/),
    });
  });

  it("rests when the rate is limited for ever, longer each time it is", async () => {
    const steps = [{ op: "error", status: 429, times: "always" }] as const;
    expect(await propose({ steps: [...steps], order: { failCode: 0 } })).toMatchObject({
      kind: "gave_up",
      reason: expect.stringContaining("codex: the provider limits the rate (429)"),
      retryAfterMs: 30_000,
    });
  });

  it("does not mind a fault that the agent got over", async () => {
    const order = { writes: { "train.txt": "0.02" } };
    for (const steps of [[{ op: "error", status: 429 }], [{ op: "cut" }], [{ op: "malformed" }]] as const) {
      expect(await propose({ order, steps: [...steps] })).toMatchObject({ kind: "idea" });
    }
  });

  it("names an answer that always breaks off", async () => {
    const proposal = await propose({ steps: [{ op: "cut", times: "always" }] });
    expect(proposal).toMatchObject({ kind: "gave_up", reason: expect.stringContaining("broke off") });
  });

  it("ends one that gives no sign of life any more", async () => {
    const clock = new FakeClock();
    const proposing = propose({
      order: { hangs: true, first: { started: "" } },
      clock,
      spec: { idleMs: 60_000 },
    });
    await vi.waitFor(() => expect(existsSync(join(bench.workspace, "started"))).toBe(true), 15_000);
    await clock.advance(61_000);
    expect(await proposing).toMatchObject({
      kind: "gave_up",
      reason: expect.stringMatching(/^codex: stalled: no sign of life .*60 s$/),
    });
  });

  it("ends one whose model hangs, at its time", async () => {
    const clock = new FakeClock();
    const before = server.calls.length;
    const proposing = propose({ steps: [{ op: "hang" }], clock, spec: { idleMs: 9e6, timeMs: 600_000 } });
    await vi.waitFor(() => expect(server.calls.length).toBe(before + 1), 15_000);
    await clock.advance(601_000);
    expect(await proposing).toMatchObject({ kind: "gave_up", reason: "codex: it was not done after 600 s" });
  });

  it("is called off at once", async () => {
    const controller = new AbortController();
    const proposing = propose({ order: { hangs: true, first: { started: "" } }, signal: controller.signal });
    await vi.waitFor(() => expect(existsSync(join(bench.workspace, "started"))).toBe(true), 15_000);
    controller.abort();
    expect(await proposing).toMatchObject({ kind: "gave_up", reason: "codex: it was called off" });
  });

  it("leaves no child behind, not even one in a session of its own", async () => {
    const order = { leaves: bench.token, writes: { "train.txt": "0.02" } };
    expect(await propose({ order })).toMatchObject({ kind: "idea" });
  });

  it("survives one that kills its parent", async () => {
    const proposal = await propose({ order: { killsParent: true, writes: { "train.txt": "0.02" } } });
    expect(["idea", "gave_up"]).toContain(proposal.kind);
  });

  it("takes a flood of output", async () => {
    const order = { floodMegabytes: 8, writes: { "train.txt": "0.02" } };
    expect(await propose({ order })).toMatchObject({ kind: "idea" });
  });
});
