import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { costOf, PRICES_DATE, priceOf, worstCostOf } from "../../src/gateway/prices.ts";

const MILLION = 1_000_000;
const usage = {
  freshTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
};

describe("the price of a model", () => {
  it.each([
    ["gpt-5", 1.25],
    ["openai/gpt-5", 1.25],
    ["gpt-5-2025-08-07", 1.25],
    ["azure/gpt-5-2025-08-07", 1.25],
    ["claude-opus-4-5", 5],
    ["claude-opus-4-5-20251101", 5],
    ["claude-opus-4-5@20251101", 5],
    ["anthropic/claude-opus-4-5-latest", 5],
    ["gemini-2.5-flash", 0.3],
    ["models/gemini-2.5-flash", 0.3],
    ["openrouter/qwen/qwen3.8-max-prime", priceOf("qwen/qwen3.8-max-prime")?.inputUsd],
  ])("%s is found", (model, inputUsd) => {
    expect(inputUsd).toBeGreaterThan(0);
    expect(priceOf(model)?.inputUsd).toBe(inputUsd);
  });

  it.each(["", "/", "fake-model", "gpt-99", "llama3:8b", "my-gpt-5", "constructor", "__proto__", "toString"])(
    "%s is not known",
    (model) => {
      expect(priceOf(model)).toBeUndefined();
      expect(priceOf(model, {})).toBeUndefined();
    },
  );

  it("is the user's where the user names one, exactly or without provider and date", () => {
    const own = { "gpt-5": { inputUsd: 7, outputUsd: 8 }, "local/tiny": { inputUsd: 0, outputUsd: 0 } };
    for (const model of ["gpt-5", "openai/gpt-5", "gpt-5-2025-08-07"]) {
      expect(priceOf(model, own)?.inputUsd).toBe(7);
    }
    expect(priceOf("local/tiny", own)).toEqual({ inputUsd: 0, outputUsd: 0 });
    expect(priceOf("tiny", own)).toBeUndefined();
  });

  it("prefers the maker of a model to those who resell it", () => {
    const snapshot = JSON.parse(
      readFileSync(resolve(import.meta.dirname, "../../src/gateway/prices.json"), "utf8"),
    );
    expect(priceOf("deepseek-v4-pro")).toEqual(snapshot.models["deepseek/deepseek-v4-pro"]);
  });
});

describe("the snapshot", () => {
  it("says where it is from, and sells nothing at $0", () => {
    const path = resolve(import.meta.dirname, "../../src/gateway/prices.json");
    const snapshot = JSON.parse(readFileSync(path, "utf8"));
    expect(snapshot).toMatchObject({
      license: "MIT",
      date: PRICES_DATE,
      source: expect.stringMatching(/ \d+\.\d+/),
    });
    const prices = Object.entries<{ inputUsd: number; outputUsd: number; tiers?: [] }>(snapshot.models);
    expect(prices.length).toBeGreaterThan(400);
    for (const [name, price] of prices) {
      for (const rates of [price, ...(price.tiers ?? [])]) {
        for (const usd of [rates.inputUsd, rates.outputUsd]) {
          expect(usd, name).toBeGreaterThan(0);
          // More would be a price by the token in the place of one by the million, or the other way round.
          expect(usd, name).toBeLessThan(1000);
        }
      }
    }
  });

  it("has the makers of the models people use", () => {
    const makers = [
      "gpt-5",
      "claude-sonnet-4-5",
      "gemini-2.5-pro",
      "deepseek-v4-pro",
      "grok-4.5",
      "kimi-k3",
      "glm-5.2",
    ];
    for (const model of [...makers, "codestral-latest", "qwen/qwen3.8-max-prime", "MiniMax-M3"]) {
      expect(priceOf(model), model).toBeDefined();
    }
  });
});

describe("the cost of a call", () => {
  const price = { inputUsd: 10, cachedUsd: 1, cacheWriteUsd: 12.5, outputUsd: 50 };

  it("adds up what each kind of token costs", () => {
    expect(costOf({ ...usage, freshTokens: MILLION }, price)).toBe(10);
    expect(costOf({ ...usage, cachedTokens: MILLION }, price)).toBe(1);
    expect(costOf({ ...usage, cacheWriteTokens: MILLION }, price)).toBe(12.5);
    expect(costOf({ ...usage, cacheWriteTokens: MILLION, longCacheWriteTokens: MILLION }, price)).toBe(20);
    expect(costOf({ ...usage, outputTokens: MILLION, reasoningTokens: MILLION / 2 }, price)).toBe(50);
  });

  it("takes the price of fresh input for what has none of its own", () => {
    const plain = { inputUsd: 10, outputUsd: 50 };
    expect(costOf({ ...usage, cachedTokens: MILLION, cacheWriteTokens: MILLION }, plain)).toBe(20);
  });

  it("rises for all of a call whose input passes a threshold", () => {
    const tiers = [
      { inputTokensAbove: 200_000, inputUsd: 20, outputUsd: 100 },
      { inputTokensAbove: 500_000, inputUsd: 40, outputUsd: 200 },
    ];
    const tiered = { inputUsd: 10, outputUsd: 50, tiers };
    const cost = (freshTokens: number) => costOf({ ...usage, freshTokens, outputTokens: 1000 }, tiered);
    expect(cost(200_000)).toBeCloseTo(2 + 0.05);
    expect(cost(200_001)).toBeCloseTo(4 + 0.1);
    expect(cost(600_000)).toBeCloseTo(24 + 0.2);
  });

  it("is never above the worst case for as many tokens", () => {
    for (const kind of ["freshTokens", "cachedTokens", "cacheWriteTokens"] as const) {
      const used = { ...usage, [kind]: 1000, outputTokens: 10 };
      expect(costOf(used, price)).toBeLessThanOrEqual(worstCostOf(1000, 10, price));
    }
    const long = { ...usage, cacheWriteTokens: 1000, longCacheWriteTokens: 1000, outputTokens: 10 };
    expect(costOf(long, price)).toBe(worstCostOf(1000, 10, price));
  });
});
