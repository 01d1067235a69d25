import { describe, expect, it } from "vitest";
import type { TokenUsage, Wire } from "../../src/core/provider.ts";
import { note, nothingSeen } from "../../src/gateway/usage.ts";

function seenIn(wire: Wire, ...parts: Record<string, unknown>[]) {
  const seen = nothingSeen();
  const roles = parts.map((part) => note(wire, seen, part));
  return { ...seen, roles };
}

function usage(
  fresh: number,
  cached: number,
  written: number,
  output: number,
  reasoning: number,
): TokenUsage {
  return {
    freshTokens: fresh,
    cachedTokens: cached,
    cacheWriteTokens: written,
    outputTokens: output,
    reasoningTokens: reasoning,
  };
}

describe("usage of chat completions", () => {
  const cases: [string, Record<string, unknown>, TokenUsage][] = [
    [
      "OpenAI",
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        prompt_tokens_details: { cached_tokens: 30 },
        completion_tokens_details: { reasoning_tokens: 8 },
      },
      usage(70, 30, 0, 20, 8),
    ],
    ["without details", { prompt_tokens: 100, completion_tokens: 20 }, usage(100, 0, 0, 20, 0)],
    [
      "DeepSeek",
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        prompt_cache_hit_tokens: 64,
        prompt_cache_miss_tokens: 36,
      },
      usage(36, 64, 0, 20, 0),
    ],
    ["Moonshot", { prompt_tokens: 100, completion_tokens: 20, cached_tokens: 40 }, usage(60, 40, 0, 20, 0)],
    [
      "OpenRouter",
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 50 },
      },
      usage(40, 10, 50, 20, 0),
    ],
    [
      "xAI, which leaves reasoning out of completion",
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 150,
        completion_tokens_details: { reasoning_tokens: 30 },
      },
      usage(100, 0, 0, 50, 30),
    ],
    [
      "nonsense",
      { prompt_tokens: -5, completion_tokens: "9", total_tokens: Number.NaN, prompt_tokens_details: [] },
      usage(0, 0, 0, 0, 0),
    ],
    [
      "more cached than there is",
      { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 50 } },
      usage(0, 50, 0, 1, 0),
    ],
  ];
  it.each(cases)("of %s", (_name, sent, expected) => {
    expect(seenIn("openai_chat", { choices: [], usage: sent }).usage).toEqual(expected);
  });

  it("may come in the last choice, beside text, or alone; only then is it a frame of its own", () => {
    const counted = { prompt_tokens: 1, completion_tokens: 2 };
    const inChoice = seenIn("openai_chat", {
      choices: [{ delta: {}, finish_reason: "stop", usage: counted }],
    });
    expect(inChoice).toMatchObject({ isCounted: true, isComplete: true, roles: ["part"] });
    const beside = seenIn("openai_chat", { choices: [{ delta: { content: "é" } }], usage: counted });
    expect(beside).toMatchObject({ isCounted: true, saidBytes: 2, roles: ["part"] });
    expect(seenIn("openai_chat", { choices: [], usage: counted }).roles).toEqual(["usage"]);
    expect(seenIn("openai_chat", { choices: [], usage: null })).toMatchObject({
      isCounted: false,
      roles: ["part"],
    });
  });
});

describe("usage of the other wires", () => {
  it("of a response is in the frame that ends it, however it ends", () => {
    const counted = {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 25 },
      output_tokens: 10,
      output_tokens_details: { reasoning_tokens: 4 },
    };
    for (const type of ["response.completed", "response.incomplete", "response.failed"]) {
      const seen = seenIn("openai_responses", { type, response: { model: "m", usage: counted } });
      expect(seen).toMatchObject({
        usage: usage(75, 25, 0, 10, 4),
        isCounted: true,
        roles: ["last"],
        model: "m",
      });
    }
    const whole = seenIn("openai_responses", { object: "response", error: null, usage: counted });
    expect(whole).toMatchObject({ usage: usage(75, 25, 0, 10, 4), isComplete: true });
    expect(whole.failure).toBeUndefined();
  });

  it("of a message is a running total; what a later frame leaves out stays", () => {
    const seen = seenIn(
      "anthropic",
      {
        type: "message_start",
        message: {
          model: "c",
          usage: {
            input_tokens: 10,
            cache_read_input_tokens: 20,
            cache_creation_input_tokens: 30,
            cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
            output_tokens: 1,
          },
        },
      },
      { type: "content_block_delta", delta: { type: "thinking_delta", thinking: "hm" } },
      { type: "message_delta", delta: {}, usage: { output_tokens: 40 } },
      { type: "message_stop" },
    );
    const expected = { ...usage(10, 20, 30, 40, 0), longCacheWriteTokens: 20 };
    expect(seen).toMatchObject({ usage: expected, isCounted: true, isComplete: true, saidBytes: 2 });
    expect(seen.roles).toEqual(["part", "part", "part", "last"]);
  });

  it("of a message that has only begun is not final", () => {
    const message = { usage: { input_tokens: 10, output_tokens: 1 } };
    expect(seenIn("anthropic", { type: "message_start", message }).isCounted).toBe(false);
  });

  it("of Gemini holds thoughts apart from the answer, and what tools added to the prompt", () => {
    const usageMetadata = {
      promptTokenCount: 100,
      toolUsePromptTokenCount: 7,
      cachedContentTokenCount: 40,
      candidatesTokenCount: 20,
      thoughtsTokenCount: 5,
      totalTokenCount: 132,
    };
    const seen = seenIn("gemini", { candidates: [{ finishReason: "STOP" }], usageMetadata });
    expect(seen).toMatchObject({ usage: usage(67, 40, 0, 25, 5), isCounted: true, roles: ["last"] });
    const blocked = seenIn("gemini", { promptFeedback: { blockReason: "SAFETY" }, usageMetadata });
    expect(blocked).toMatchObject({ isComplete: true, isCounted: true });
  });

  it.each<[Wire, Record<string, unknown>, string]>([
    ["anthropic", { type: "error", error: { type: "overloaded_error", message: "m" } }, "overloaded_error"],
    ["openai_chat", { error: { code: 429, message: "m" } }, "429"],
    ["openai_responses", { type: "error", code: "rate_limit_exceeded", message: "m" }, "rate_limit_exceeded"],
    [
      "openai_responses",
      { type: "response.failed", response: { error: { code: "server_error", message: "m" } } },
      "server_error",
    ],
    ["gemini", { error: { code: 503, status: "UNAVAILABLE", message: "m" } }, "UNAVAILABLE"],
  ])("an error in the middle of a stream is seen: %s %j", (wire, frame, code) => {
    expect(seenIn(wire, frame).failure).toEqual({ code, message: "m" });
  });

  it("is not upset by anything", () => {
    for (const wire of ["openai_chat", "openai_responses", "anthropic", "gemini"] as const) {
      for (const odd of [{}, { usage: 5 }, { choices: "x", candidates: [null], message: 3, response: [] }]) {
        expect(() => seenIn(wire, odd)).not.toThrow();
      }
    }
  });
});
