import { APICallError } from "ai";
import { expect, it } from "vitest";
import { callFailure, retryAfterOf } from "../../../src/researcher/model/failure.ts";

const NOW = Date.UTC(2026, 0, 1);

it.each([
  [{ "retry-after": "7" }, 7000],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after-ms": "250", "retry-after": "1" }, 250],
  [{ "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" }, 60_000],
  [{ "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }, 0],
  [{ "retry-after": "soon" }, undefined],
  [{ "x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s" }, 360_000],
  [{ "x-ratelimit-reset-requests": "250ms" }, 250],
  [{ "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:30Z" }, 30_000],
  [{ "content-type": "text/html" }, undefined],
  [{}, undefined],
])("reads from %j to wait %s ms", (headers, ms) => {
  expect(retryAfterOf(headers as Record<string, string>, NOW)).toBe(ms);
});

it.each([
  [401, "", "unauthorized"],
  [403, "", "unauthorized"],
  [402, "", "quota"],
  [402, '{"error":{"code":"over_budget"}}', "over_budget"],
  [429, '{"error":{"code":"rate_limit_exceeded"}}', "rate_limited"],
  [429, '{"error":{"code":"insufficient_quota"}}', "quota"],
  [400, "", "bad_request"],
  [404, "", "bad_request"],
  [500, "", "server_error"],
  [503, "", "overloaded"],
  [529, "", "overloaded"],
])("takes status %s with %j for %s", (statusCode, responseBody, end) => {
  const about = { message: "refused", url: "http://x", requestBodyValues: {} };
  expect(callFailure(new APICallError({ ...about, statusCode, responseBody }), NOW)).toMatchObject({
    end,
    status: statusCode,
  });
});

it("tells a server that is not there from an answer that broke off", () => {
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  expect(callFailure(new Error("fetch failed", { cause: refused }), NOW).end).toBe("unreachable");
  expect(callFailure(new TypeError("terminated"), NOW).end).toBe("cut");
  expect(callFailure({ type: "overloaded_error", message: "Overloaded" }, NOW).end).toBe("overloaded");
  expect(callFailure(undefined, NOW).message).toBe("no reason given");
});
