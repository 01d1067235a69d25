import { afterEach, describe, expect, it } from "vitest";
import { tokensOf, WIRES, type Wire } from "../../src/core/provider.ts";
import { askModel } from "../testing/ask-model.ts";
import { closeAll, openSetting } from "./open.ts";

afterEach(closeAll);

const USAGE = {
  freshTokens: 200,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 300,
  reasoningTokens: 0,
};
const PRICES = { priced: { inputUsd: 1000, outputUsd: 1000 } };

describe("a budget", () => {
  it.each(WIRES)(
    "that is spent refuses a call before it is made, in words of %s that no client repeats",
    async (wire) => {
      const { ask, access, server, told } = await openSetting({
        gateway: { left: () => ({ usd: 0 }), prices: PRICES },
      });
      for (const isStreaming of [false, true]) {
        const response = await ask({ wire, isStreaming, prompt: "hello", model: "priced" });
        expect([response.status, response.headers.get("x-should-retry")]).toEqual([
          wire === "openai_responses" ? 400 : 402,
          "false",
        ]);
        const { error } = (await response.json()) as { error: { message: string } };
        expect(error.message).toContain(
          "the call to priced was not made: the dollars of this study are spent",
        );
      }
      expect(server.calls).toEqual([]);
      // The ledger hears of it once, however often the agent asks.
      expect(access.calls).toMatchObject([{ end: "over_budget", usd: 0, usage: { freshTokens: 0 } }]);
      expect(told).toHaveLength(1);
    },
  );

  it("in dollars refuses a model without a price, and says what to do", async () => {
    const { ask, server } = await openSetting({ gateway: { left: () => ({ usd: 5 }) } });
    const refused = await ask({ wire: "openai_chat", prompt: "", model: "local-tiny" });
    expect(refused.status).toBe(402);
    expect(await refused.text()).toMatch(/local-tiny .*price is not known.*prices: local-tiny:/);
    const offers: [Wire, Record<string, unknown>, RegExp][] = [
      ["openai_chat", { service_tier: "priority" }, /faster service; a budget in tokens can/],
      ["openai_chat", { web_search_options: {} }, /web_search_options, which is billed by the use/],
      ["openai_responses", { tools: [{ type: "web_search_preview" }] }, /offers web_search_preview/],
      ["anthropic", { tools: [{ type: "web_search_20250305", name: "web_search" }] }, /web_search_20250305/],
      ["gemini", { tools: [{ googleSearch: {} }] }, /offers googleSearch/],
    ];
    for (const [wire, extra, expected] of offers) {
      const text = await (await ask({ wire, prompt: "", model: "gpt-5", extra })).text();
      expect(text).toMatch(expected);
    }
    const own = { tools: [{ type: "function", function: { name: "web_search", parameters: {} } }] };
    expect((await ask({ wire: "openai_chat", prompt: "", model: "gpt-5", extra: own })).status).toBe(200);
    expect(server.calls).toHaveLength(1);
  });

  it("that is spent cannot be made to fill the ledger, whatever models are asked for", async () => {
    const { ask, access } = await openSetting({ gateway: { left: () => ({ usd: 0 }) } });
    for (let index = 0; index < 15; index += 1) {
      const model = `\u001b[31mm${index}${"x".repeat(500)}`;
      await (await ask({ wire: "openai_chat", prompt: "", model })).text();
    }
    expect(access.calls).toHaveLength(10);
    for (const { model } of access.calls) {
      expect(model).toHaveLength(200);
      expect(model).not.toContain("\u001b");
    }
  });

  it("in tokens holds a model without a price", async () => {
    let tokens = 100_000;
    const { ask } = await openSetting({
      server: { usage: () => USAGE },
      gateway: {
        left: () => ({ usd: 5, tokens }),
        onCall: async (call) => {
          tokens -= tokensOf(call.usage);
        },
      },
    });
    expect((await ask({ wire: "openai_chat", prompt: "", model: "local-tiny" })).status).toBe(200);
    expect(tokens).toBe(99_500);
  });

  it("is not overrun by more than one call, however many ask at once", async () => {
    let left = 1.7;
    let calls = 0;
    const setting = await openSetting({
      server: { usage: () => USAGE },
      gateway: {
        prices: PRICES,
        left: () => ({ usd: left }),
        onCall: async (call) => {
          await new Promise((resolve) => setImmediate(resolve));
          left -= call.usd ?? Number.NaN;
          if (call.end === "ok") calls += 1;
        },
      },
    });
    const asking = { wire: "openai_chat", prompt: "x", model: "priced", maxTokens: 400 } as const;
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const isStreaming = index % 2 === 0;
        const access = setting.gateway.access(`e${index}`, "agent");
        const response = await askModel(access.baseUrl("openai_chat"), { ...asking, isStreaming });
        await response.text();
        return response.status;
      }),
    );
    // 0.5 dollars each: three fit, the fourth goes alone with what is left, and then nothing does.
    expect(calls).toBe(4);
    expect(left).toBeCloseTo(1.7 - 4 * 0.5);
    expect(statuses.filter((status) => status === 402)).toHaveLength(8);
    expect(setting.server.calls).toHaveLength(4);
  });

  it("makes a call wait for another under way, rather than refusing it", async () => {
    const held = Promise.withResolvers<void>();
    let isFirst = true;
    const answer = () => {
      const hold = isFirst ? held.promise : undefined;
      isFirst = false;
      return { text: "x", ...(hold === undefined ? {} : { hold }) };
    };
    const { ask, server } = await openSetting({
      server: { answer },
      gateway: { left: () => ({ tokens: 700 }) },
    });
    const asking = { wire: "anthropic", prompt: "", maxTokens: 500 } as const;
    const first = ask(asking);
    await expect.poll(() => server.calls.length).toBe(1);
    const second = ask(asking);
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(server.calls).toHaveLength(1);
    held.resolve();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  it("expects the most of a call that only points at its input, or asks for several answers", async () => {
    let isHeld = true;
    const held = Promise.withResolvers<void>();
    const answer = () => (isHeld ? { text: "x", hold: held.promise } : { text: "x" });
    const { ask, server } = await openSetting({
      server: { answer },
      gateway: { left: () => ({ tokens: 150_000 }) },
    });
    const small = { wire: "openai_responses", prompt: "", maxTokens: 100 } as const;
    const first = ask(small);
    await expect.poll(() => server.calls.length).toBe(1);
    const large = ask({ ...small, extra: { previous_response_id: "resp_1" } });
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(server.calls).toHaveLength(1);
    isHeld = false;
    held.resolve();
    expect([(await first).status, (await large).status]).toEqual([200, 200]);
  });

  it("writes down as cancelled a call whose client left the queue", async () => {
    const held = Promise.withResolvers<void>();
    const answer = () => ({ text: "x", hold: held.promise });
    const { ask, server, access } = await openSetting({
      server: { answer },
      gateway: { left: () => ({ tokens: 700 }) },
    });
    const asking = { wire: "anthropic", prompt: "", maxTokens: 500 } as const;
    const first = ask(asking);
    await expect.poll(() => server.calls.length).toBe(1);
    const leaving = new AbortController();
    const second = ask({ ...asking, signal: leaving.signal });
    second.catch(() => undefined);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await expect
      .poll(() => access.calls)
      .toMatchObject([{ end: "cancelled", usd: 0, usage: { freshTokens: 0 } }]);
    held.resolve();
    await first;
    expect(server.calls).toHaveLength(1);
  });
});
