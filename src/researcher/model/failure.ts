/** What became of a call to a model, from what the AI SDK throws. The gateway, where one stands between, knows better. */

import { APICallError, RetryError } from "ai";
import type { CallEnd } from "../../core/provider.ts";
import { shortLine } from "../../text/untrusted.ts";
import { CallFailure } from "./chat.ts";

export function callFailure(error: unknown, nowMs: number): CallFailure {
  if (error instanceof CallFailure) return error;
  const cause = RetryError.isInstance(error) ? error.lastError : error;
  if (APICallError.isInstance(cause) && cause.statusCode !== undefined && cause.statusCode >= 400)
    return statusFailure(cause, cause.statusCode, nowMs);
  const message = shortLine(messageOf(cause), 300);
  return new CallFailure(message, { end: brokenEnd(cause, message) });
}

function statusFailure(error: APICallError, status: number, nowMs: number): CallFailure {
  const about = `${error.message} ${error.responseBody ?? ""}`;
  const retryAfterMs = retryAfterOf(error.responseHeaders ?? {}, nowMs);
  return new CallFailure(shortLine(error.message, 300), { end: endOf(status, about), status, retryAfterMs });
}

function endOf(status: number, about: string): CallFailure["end"] {
  if (/over_budget/.test(about)) return "over_budget";
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 402) return "quota";
  if (status === 429) return /quota|billing|credit/i.test(about) ? "quota" : "rate_limited";
  if (status === 503 || status === 529) return "overloaded";
  return status >= 500 || status === 408 || status === 409 ? "server_error" : "bad_request";
}

function brokenEnd(error: unknown, message: string): Exclude<CallEnd, "ok"> {
  if (/overloaded/i.test(message)) return "overloaded";
  if (/rate.?limit/i.test(message)) return "rate_limited";
  const codes = causesOf(error).map(({ code }) => String(code ?? ""));
  const isUnreachable = codes.some((code) =>
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH)$/.test(code),
  );
  return isUnreachable ? "unreachable" : "cut";
}

function causesOf(error: unknown): { code?: unknown; cause?: unknown }[] {
  const causes: { code?: unknown; cause?: unknown }[] = [];
  for (let at = error; typeof at === "object" && at !== null && causes.length < 5; ) {
    causes.push(at);
    at = (at as { cause?: unknown }).cause;
  }
  return causes;
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const text = typeof error === "string" ? error : JSON.stringify(error);
  return text ?? "no reason given";
}

/** Milliseconds until asking again makes sense, from the headers that providers send. */
export function retryAfterOf(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const ms = Number(headers["retry-after-ms"]);
  if (headers["retry-after-ms"] !== undefined && Number.isFinite(ms)) return Math.max(0, ms);
  const after = headers["retry-after"];
  if (after !== undefined) {
    const read = Number.isFinite(Number(after)) ? Number(after) * 1000 : Date.parse(after) - nowMs;
    if (Number.isFinite(read)) return Math.max(0, read);
  }
  const resets = Object.entries(headers).flatMap(([name, value]) =>
    /^(anthropic-ratelimit-.*-reset|x-ratelimit-reset-.*)$/.test(name) ? resetMs(value, nowMs) : [],
  );
  return resets.length === 0 ? undefined : Math.max(...resets);
}

/** A time of day (`2026-01-01T00:00:00Z`) or a duration (`6m0s`, `1s`, `250ms`). */
function resetMs(value: string, nowMs: number): number[] {
  const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  if (/^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(value)) {
    const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)];
    return [parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ""] ?? 0), 0)];
  }
  const at = Date.parse(value);
  return Number.isFinite(at) ? [Math.max(0, at - nowMs)] : [];
}
