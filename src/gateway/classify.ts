/** What an answer that is no success means for whoever waits: try again, wait until, pay, or stop. */

import type { CallEnd, Wire } from "../core/provider.ts";
import { countIn, type JsonObject, objectIn, objectsIn, parsed, plainText, stringIn } from "./json.ts";

export interface Failed {
  readonly end: CallEnd;
  readonly retryAfterMs?: number;
  /** The provider's own words. */
  readonly detail: string;
}

export interface FailedAnswer {
  readonly wire: Wire;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly nowMs: number;
}

/** Money or an allowance is used up: no use in trying again soon. */
const QUOTA =
  /insufficient_quota|insufficient.{0,10}(balance|credit|fund)|billing_(hard_limit|not_active)|usage_limit|usage limit|credit balance|quota_exceeded|spending.?limit|payment required/i;
/** Gemini says "quota" for its limits per minute too; only those per day are one. */
const GEMINI_QUOTA = /PerDay/;

const MAX_DETAIL = 500;

export function classify({ wire, status, headers, body, nowMs }: FailedAnswer): Failed {
  const error = errorIn(parsed(body));
  const message = stringIn(error.message) ?? body;
  const wait = retryAfter(headers, error, nowMs);
  return {
    end: endOf(wire, status, body),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    detail: plainText(`${status} ${message}`, MAX_DETAIL),
  };
}

function errorIn(body: unknown): JsonObject {
  const first = Array.isArray(body) ? body[0] : body;
  const error = objectIn(first).error;
  return typeof error === "string" ? { message: error } : objectIn(error);
}

function endOf(wire: Wire, status: number, body: string): CallEnd {
  const isQuota = wire === "gemini" ? GEMINI_QUOTA.test(body) : QUOTA.test(body);
  if (status === 402 || (isQuota && [400, 403, 429].includes(status))) return "quota";
  if (status === 401 || status === 403) return "unauthorized";
  // Gemini answers a wrong key with 400.
  if (wire === "gemini" && status === 400 && /API_KEY_INVALID/.test(body)) return "unauthorized";
  if (status === 429) return "rate_limited";
  if (status === 503 || status === 529) return "overloaded";
  return status >= 500 ? "server_error" : "bad_request";
}

/** The same for an error that comes in the middle of a stream, where there is no status. */
export function classifyFailure(wire: Wire, { code, message }: { code: string; message: string }): Failed {
  const text = `${code} ${message}`;
  const detail = plainText(text.trim(), MAX_DETAIL);
  if (wire === "gemini" ? GEMINI_QUOTA.test(text) : QUOTA.test(text)) return { end: "quota", detail };
  if (/rate_?limit|RESOURCE_EXHAUSTED|^429/i.test(text)) return { end: "rate_limited", detail };
  if (/overloaded|UNAVAILABLE|^503|^529/i.test(text)) return { end: "overloaded", detail };
  if (/authentication|permission|invalid_api_key|UNAUTHENTICATED|^401|^403/i.test(code)) {
    return { end: "unauthorized", detail };
  }
  if (/invalid|context_length|bad_request|^400/i.test(code)) return { end: "bad_request", detail };
  return { end: "server_error", detail };
}

/** Milliseconds that the provider asks to wait, from whichever place it says so. */
function retryAfter(headers: FailedAnswer["headers"], error: JsonObject, nowMs: number): number | undefined {
  const exact = number(headers["retry-after-ms"]);
  if (exact !== undefined) return Math.round(exact);
  const header = headers["retry-after"];
  const seconds = number(header);
  if (seconds !== undefined) return Math.round(seconds * 1000);
  const date = Date.parse(String(header ?? ""));
  if (!Number.isNaN(date)) return Math.max(0, date - nowMs);
  return waitInBody(error, nowMs);
}

function waitInBody(error: JsonObject, nowMs: number): number | undefined {
  // Gemini: details[] with "retryDelay": "34.1s". OpenAI's usage limits: resets_in_seconds, resets_at.
  for (const detail of objectsIn(error.details)) {
    const delay = /^([\d.]+)s$/.exec(stringIn(detail.retryDelay) ?? "")?.[1];
    if (delay !== undefined) return Math.round(Number(delay) * 1000);
  }
  const inSeconds = countIn(error.resets_in_seconds);
  if (inSeconds !== undefined) return inSeconds * 1000;
  const at = countIn(error.resets_at);
  return at === undefined ? undefined : Math.max(0, at * 1000 - nowMs);
}

function number(header: string | string[] | undefined): number | undefined {
  const text = String(header ?? "").trim();
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
