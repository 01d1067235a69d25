import { describe, expect, it } from "vitest";
import type { CallEnd, Wire } from "../../src/core/provider.ts";
import { classify, classifyFailure } from "../../src/gateway/classify.ts";

const NOW_MS = Date.UTC(2026, 10, 1, 12);

function failed(wire: Wire, status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return classify({ wire, status, headers, body: text, nowMs: NOW_MS });
}

const geminiQuota = (quotaId: string, retryDelay?: string) => ({
  error: {
    code: 429,
    message: "You exceeded your current quota, please check your plan and billing details.",
    status: "RESOURCE_EXHAUSTED",
    details: [
      { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ quotaId }] },
      ...(retryDelay === undefined
        ? []
        : [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }]),
    ],
  },
});

describe("an answer that is no success", () => {
  const cases: [Wire, number, unknown, CallEnd][] = [
    ["openai_chat", 401, { error: { code: "invalid_api_key", message: "m" } }, "unauthorized"],
    [
      "openai_chat",
      429,
      { error: { code: "rate_limit_exceeded", message: "Rate limit reached" } },
      "rate_limited",
    ],
    ["openai_chat", 429, { error: { code: "insufficient_quota", message: "You exceeded" } }, "quota"],
    [
      "openai_responses",
      429,
      { error: { type: "usage_limit_reached", message: "The usage limit" } },
      "quota",
    ],
    ["openai_chat", 402, { error: { message: "Insufficient Balance" } }, "quota"],
    [
      "anthropic",
      400,
      { error: { type: "invalid_request_error", message: "Your credit balance is too low" } },
      "quota",
    ],
    ["anthropic", 400, { error: { type: "invalid_request_error", message: "max_tokens" } }, "bad_request"],
    [
      "anthropic",
      429,
      { error: { type: "rate_limit_error", message: "This request would exceed" } },
      "rate_limited",
    ],
    ["anthropic", 529, { error: { type: "overloaded_error", message: "Overloaded" } }, "overloaded"],
    ["gemini", 429, geminiQuota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"), "rate_limited"],
    ["gemini", 429, geminiQuota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), "quota"],
    ["gemini", 400, { error: { details: [{ reason: "API_KEY_INVALID" }] } }, "unauthorized"],
    ["gemini", 503, { error: { status: "UNAVAILABLE" } }, "overloaded"],
    ["openai_chat", 502, "<html>bad gateway</html>", "server_error"],
    ["openai_chat", 404, { error: { message: "no such model" } }, "bad_request"],
    ["openai_chat", 302, "", "bad_request"],
  ];
  it.each(cases)("%s %i %j is %4$s", (wire, status, body, end) => {
    expect(failed(wire, status, body).end).toBe(end);
  });

  it("says how long to wait, in whichever way the provider says it", () => {
    const wait = (headers: Record<string, string>, body: unknown = {}, wire: Wire = "openai_chat") =>
      failed(wire, 429, body, headers).retryAfterMs;
    expect(wait({ "retry-after": "7" })).toBe(7000);
    expect(wait({ "retry-after": "0.5" })).toBe(500);
    expect(wait({ "retry-after-ms": "1234", "retry-after": "2" })).toBe(1234);
    expect(wait({ "retry-after": new Date(NOW_MS + 90_000).toUTCString() })).toBe(90_000);
    expect(wait({ "retry-after": new Date(NOW_MS - 90_000).toUTCString() })).toBe(0);
    expect(wait({}, geminiQuota("PerMinute", "34.5s"), "gemini")).toBe(34_500);
    expect(wait({}, { error: { resets_in_seconds: 60 } })).toBe(60_000);
    expect(wait({}, { error: { resets_at: NOW_MS / 1000 + 3600 } })).toBe(3_600_000);
    expect(wait({ "retry-after": "soon" })).toBeUndefined();
    expect(wait({})).toBeUndefined();
  });

  it("keeps the words of the provider, cut to a length that a ledger can hold", () => {
    expect(failed("openai_chat", 400, { error: { message: "no such tool" } }).detail).toBe(
      "400 no such tool",
    );
    expect(failed("openai_chat", 400, { error: "flat" }).detail).toBe("400 flat");
    expect(failed("gemini", 400, [{ error: { message: "in a list" } }]).detail).toBe("400 in a list");
    expect(failed("openai_chat", 500, "x".repeat(5000)).detail).toHaveLength(500);
  });
});

describe("an error in the middle of a stream", () => {
  it.each<[Wire, string, string, CallEnd]>([
    ["anthropic", "overloaded_error", "Overloaded", "overloaded"],
    ["anthropic", "rate_limit_error", "slow down", "rate_limited"],
    ["anthropic", "authentication_error", "no", "unauthorized"],
    ["anthropic", "invalid_request_error", "no", "bad_request"],
    ["anthropic", "api_error", "oops", "server_error"],
    ["openai_responses", "insufficient_quota", "pay", "quota"],
    ["openai_responses", "context_length_exceeded", "too long", "bad_request"],
    ["openai_chat", "429", "wait", "rate_limited"],
    ["gemini", "UNAVAILABLE", "busy", "overloaded"],
    ["gemini", "RESOURCE_EXHAUSTED", "your current quota and billing", "rate_limited"],
  ])("%s %s is %4$s", (wire, code, message, end) => {
    expect(classifyFailure(wire, { code, message }).end).toBe(end);
  });
});
