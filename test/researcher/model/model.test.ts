import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelCall } from "../../../src/core/provider.ts";
import type { Answerer, ScriptInput } from "../../../src/testing/model-server/index.ts";
import { SAMPLE_BRIEF } from "../../../src/testing/sample-brief.ts";
import {
  type Asking,
  IDLE_MS,
  makeDesk,
  openAsking,
  scriptedBrief,
  WIRES,
  whileTimePasses,
} from "./asking.ts";

const EDIT = { path: "a.txt", search: "two", replace: "2" };
const IDEA = { title: "digits", why: "shorter", forecast: { gain: 0.1, probability: 0.6 } };
const PROPOSE = { op: "mcp", match: "propose_change", args: { ...IDEA, edits: [EDIT] } } as const;

let desk: Awaited<ReturnType<typeof makeDesk>>;
let asking: Asking | undefined;
beforeEach(async () => {
  desk = await makeDesk();
});
afterEach(async () => {
  await asking?.server.close();
  await desk.remove();
});

const text = () => readFile(join(desk.root, "a.txt"), "utf8");

describe.each(WIRES)("a model over %s", (wire) => {
  it("reads, then proposes by a tool; its edit is in the workspace and its forecast in the idea", async () => {
    asking = await openAsking(wire);
    const steps = [{ op: "read", path: "a.txt" } as const, PROPOSE];
    const proposal = await asking.ask(scriptedBrief({ id: `good ${wire}`, steps, final: "done" }), desk.root);
    expect(proposal).toEqual({ kind: "idea", idea: IDEA });
    expect(await text()).toBe("one\n2\nthree\n");
    expect(asking.server.calls.map(({ problem, end }) => [problem, end])).toEqual([
      [undefined, "whole"],
      [undefined, "whole"],
    ]);
    expect(asking.closed()).toBe(1);
    expect(String(asking.server.calls[1]?.body)).toContain("lines 1 to 4 of 4:\\none\\ntwo\\nthree");
  });

  it("answers a question after it has read, and a refusal is a sentence and a wait", async () => {
    asking = await openAsking(wire);
    const steps = [{ op: "read", path: "a.txt" } as const];
    const brief = scriptedBrief({ id: `question ${wire}`, steps, final: '{"ideas": []}' });
    expect(await asking.question(brief, desk.root, "What next?")).toEqual({
      kind: "text",
      text: '{"ideas": []}',
    });
    expect(String(asking.server.calls[0]?.body)).toContain("What next?");
    expect(String(asking.server.calls[0]?.body)).not.toContain("propose_change");
    const refused = scriptedBrief({
      id: `refused ${wire}`,
      steps: [{ op: "error", status: 429, retryAfterSeconds: 600, times: 9 }],
      final: "",
    });
    expect(await asking.question(refused, desk.root, "What next?")).toMatchObject({
      kind: "gave_up",
      retryAfterMs: 600_000,
    });
  });

  it("proposes in words where it calls no tool", async () => {
    asking = await openAsking(wire);
    const final = `I will do it.\n\nFILE: a.txt\n<<<<<<< SEARCH\ntwo\n=======\n2\n>>>>>>> REPLACE\n${JSON.stringify(IDEA)}`;
    const proposal = await asking.ask(scriptedBrief({ id: `words ${wire}`, steps: [], final }), desk.root);
    expect(proposal).toEqual({ kind: "idea", idea: IDEA });
    expect(await text()).toBe("one\n2\nthree\n");
  });

  it("goes on after a malformed call, a cut answer and a limit that ends soon", async () => {
    asking = await openAsking(wire);
    const steps = [
      { op: "malformed" },
      { op: "cut" },
      { op: "error", status: 429, retryAfterSeconds: 3 },
      PROPOSE,
    ] as const;
    const brief = scriptedBrief({ id: `soon ${wire}`, steps: [...steps], final: "done" });
    const before = asking.clock.now();
    const proposal = await whileTimePasses(asking, asking.ask(brief, desk.root));
    expect(proposal.kind, JSON.stringify(proposal)).toBe("idea");
    expect(asking.clock.now() - before).toBeGreaterThanOrEqual(2000 + 3000);
    expect(asking.server.calls).toHaveLength(4);
  });
});

it("marks for Anthropic what it may cache: the instructions, the brief and the last message", async () => {
  asking = await openAsking("anthropic");
  const steps = [{ op: "read", path: "a.txt" } as const, PROPOSE];
  await asking.ask(scriptedBrief({ id: "cache", steps, final: "done" }), desk.root);
  const [first, second] = asking.server.calls.map(({ body }) => JSON.parse(String(body)));
  const mark = { type: "ephemeral" };
  expect(first.system.at(-1).cache_control).toEqual(mark);
  expect(second.system).toEqual(first.system); // the beginning that is the same
  expect(
    second.messages.map(
      ({ content }: { content: { cache_control?: unknown }[] }) => content.at(-1)?.cache_control,
    ),
  ).toEqual([...[mark, undefined, mark]]);
});

describe("a model that goes wrong", () => {
  const wire = "openai_chat";

  it("is told which edit did not match and the nearest lines, and may try again", async () => {
    const answers = [
      { path: "a.txt", search: "tow and more", replace: "2" },
      { path: "a.txt", search: "one", replace: "1" },
    ].map((edit) => ({ ...IDEA, edits: [edit] }));
    asking = await openAsking(wire, { answer: proposing(answers) });
    expect(await asking.ask(SAMPLE_BRIEF, desk.root)).toEqual({ kind: "idea", idea: IDEA });
    expect(await text()).toBe("1\ntwo\nthree\n");
    const told = String(asking.server.calls[1]?.body);
    expect(told).toContain(
      "Edit 1 (a.txt): its `search` is not in the file. The nearest lines, from line 1:",
    );
  });

  it("gives up after two repairs, and the workspace is as it was", async () => {
    const lost = { ...IDEA, edits: [{ path: "a.txt", search: "nothing like it", replace: "2" }] };
    asking = await openAsking(wire, { answer: proposing([lost, lost, lost, lost]) });
    const proposal = await asking.ask(SAMPLE_BRIEF, desk.root);
    expect(proposal).toMatchObject({
      kind: "gave_up",
      reason: expect.stringContaining("is not in the file"),
    });
    expect(asking.server.calls).toHaveLength(3);
    expect(await text()).toBe("one\ntwo\nthree\n");
  });

  it("gives up where the answer holds no change, after saying so", async () => {
    asking = await openAsking(wire, { answer: () => ({ text: "I am done." }) });
    const proposal = await asking.ask(SAMPLE_BRIEF, desk.root);
    expect(proposal).toMatchObject({ kind: "gave_up", reason: expect.stringContaining("holds no change") });
    expect(asking.server.calls).toHaveLength(3);
  });

  it("is told once what is out of scope; if it insists, the change is the lab's to judge", async () => {
    const outside = { ...IDEA, edits: [{ path: "data.txt", content: "9\n" }] };
    asking = await openAsking(wire, { answer: proposing([outside, outside]) });
    expect(await asking.ask(SAMPLE_BRIEF, desk.root)).toMatchObject({ kind: "idea" });
    expect(String(asking.server.calls[1]?.body)).toContain("Out of scope: data.txt is protected.");
    expect(await readFile(join(desk.root, "data.txt"), "utf8")).toBe("9\n");
  });

  it("that reads without end is told to propose and then is done", async () => {
    const read = { name: "list_files", kind: "function" } as const;
    asking = await openAsking(wire, { answer: () => ({ toolCalls: [{ id: "c", tool: read, args: {} }] }) });
    const proposal = await asking.ask(SAMPLE_BRIEF, desk.root);
    expect(proposal).toMatchObject({ kind: "gave_up", reason: expect.stringContaining("in 24 answers") });
    expect(asking.server.calls).toHaveLength(24);
    expect(String(asking.server.calls.at(-1)?.body)).toContain("3 answers are left");
  });
});

/** Calls propose_change with these arguments, one answer after the other. */
function proposing(answers: readonly unknown[]): Answerer {
  let at = 0;
  return () => {
    const args = answers[Math.min(at, answers.length - 1)] as Record<string, unknown>;
    at += 1;
    const tool = { name: "propose_change", kind: "function" } as const;
    return { toolCalls: [{ id: `call_${at}`, tool, args }] };
  };
}

describe("a call that fails", () => {
  const brief = (id: string, ...steps: ScriptInput["steps"]) =>
    scriptedBrief({ id, steps: [...steps, PROPOSE], final: "done" });

  it.each(WIRES)(
    "says over %s which key to set, and is exhausted, where the key is refused",
    async (wire) => {
      asking = await openAsking(wire, { requireKey: "the right one" });
      expect(await asking.ask(SAMPLE_BRIEF, desk.root)).toEqual({
        kind: "gave_up",
        exhausted: true,
        reason: expect.stringMatching(/refuses the key \(401\).*; set TEST_KEY, then nightlab resume/),
      });
      expect(asking.server.calls).toHaveLength(1);
    },
  );

  it.each(WIRES)("rests as long as %s says, where the wait is long", async (wire) => {
    asking = await openAsking(wire);
    const limited = brief(`long ${wire}`, {
      op: "error",
      status: 429,
      times: "always",
      retryAfterSeconds: 600,
    });
    expect(await asking.ask(limited, desk.root)).toEqual({
      kind: "gave_up",
      retryAfterMs: 600_000,
      reason: expect.stringContaining("limits the rate (429)"),
    });
    expect(asking.server.calls).toHaveLength(1);
    expect(asking.closed()).toBe(1);
  });

  it("rests longer each time where a limit has no end", async () => {
    asking = await openAsking("openai_chat");
    const limited = brief("for ever", { op: "error", status: 429, times: "always" });
    const waits: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      const proposal = await whileTimePasses(asking, asking.ask(limited, desk.root));
      waits.push(proposal.kind === "gave_up" && proposal.retryAfterMs);
    }
    expect(waits).toEqual([60_000, 120_000, 240_000]);
    expect(asking.server.calls).toHaveLength(9); // each time once and two retries
  });

  it("rests where the quota is used up", async () => {
    asking = await openAsking("openai_chat");
    const empty = brief("quota", { op: "error", status: 429, times: "always", code: "insufficient_quota" });
    const proposal = await asking.ask(empty, desk.root);
    expect(proposal).toMatchObject({ retryAfterMs: 900_000, reason: expect.stringContaining("quota") });
    expect(asking.server.calls).toHaveLength(1);
  });

  it.each(WIRES)("gives up over %s where every answer breaks off", async (wire) => {
    asking = await openAsking(wire);
    const cut = brief(`cut ${wire}`, { op: "cut", times: "always" });
    const proposal = await whileTimePasses(asking, asking.ask(cut, desk.root));
    expect(proposal).toMatchObject({ kind: "gave_up", reason: expect.stringContaining("broke off") });
    expect(asking.server.calls).toHaveLength(3);
  });

  it.each(WIRES)("calls a model over %s off that falls silent", async (wire) => {
    asking = await openAsking(wire);
    const work = asking.ask(brief(`hang ${wire}`, { op: "hang", times: "always" }), desk.root);
    for (let call = 1; call <= 3; call += 1) {
      await expect.poll(() => asking?.server.calls.filter(({ end }) => end === "open").length).toBe(1);
      await asking.clock.advance(IDLE_MS);
      await expect.poll(() => asking?.server.calls.filter(({ end }) => end === "left").length).toBe(call);
      await asking.clock.advance(10_000);
    }
    const reason = expect.stringContaining("said nothing for 300 s");
    expect(await work).toMatchObject({ kind: "gave_up", reason });
  });

  it("ends at once when it is called off, and when its time is up", async () => {
    asking = await openAsking("openai_chat");
    const off = new AbortController();
    const first = asking.ask(brief("off", { op: "hang", times: "always" }), desk.root, off.signal);
    await expect.poll(() => asking?.server.calls.length).toBe(1);
    off.abort();
    expect(await first).toMatchObject({ kind: "gave_up", reason: expect.stringContaining("called off") });
    const busy = { name: "list_files", kind: "function" } as const;
    const { clock } = asking;
    const other = await openAsking("openai_chat", {
      answer: async () => {
        await other.clock.advance(IDLE_MS - 1000);
        return { toolCalls: [{ id: "c", tool: busy, args: {} }] };
      },
    });
    const late = await other.ask(SAMPLE_BRIEF, desk.root);
    await other.server.close();
    expect(late).toMatchObject({
      kind: "gave_up",
      reason: expect.stringContaining("longer than 30 minutes"),
    });
    expect(clock.pendingDelays).toBe(0);
  });

  it("names a server that is not there", async () => {
    const gone = await openAsking("openai_chat");
    await gone.server.close();
    asking = await openAsking("openai_chat", { baseUrl: gone.server.origin });
    const proposal = await whileTimePasses(asking, asking.ask(SAMPLE_BRIEF, desk.root));
    expect(proposal).toMatchObject({
      retryAfterMs: 30_000,
      reason: expect.stringContaining("cannot be reached"),
    });
  });

  it("says what to correct where the provider knows no such model", async () => {
    asking = await openAsking("openai_chat");
    const unknown = brief("404", { op: "error", status: 404, times: "always", code: "model_not_found" });
    const proposal = await asking.ask(unknown, desk.root);
    expect(proposal).toMatchObject({ exhausted: true, reason: expect.stringContaining("correct `model`") });
  });

  it("is told in the words of the gateway where one stands between", async () => {
    const call: ModelCall = {
      model: "m",
      end: "over_budget",
      usage: { freshTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 },
      wallMs: 0,
      detail: "12 of 12 dollars are spent",
    };
    asking = await openAsking("openai_chat", { calls: [call] });
    const refused = brief("budget", { op: "error", status: 402, times: "always" });
    const proposal = await asking.ask(refused, desk.root);
    expect(proposal).toEqual({
      kind: "gave_up",
      reason: "test/model: the budget for models is spent (402): 12 of 12 dollars are spent",
    });
  });
});
