/** Names why an agent brought nothing, and says when, or after what, it is worth asking again. Pure. */

import type { CallEnd, ModelCall } from "../../core/provider.ts";
import type { Exit } from "../../core/sandbox.ts";
import type { Said } from "./said.ts";
import type { Stop } from "./watch.ts";

/** `retryAfterMs` is what the provider asked for. */
export interface Cause {
  readonly kind: CallEnd | "stalled" | "too_long" | "ended";
  readonly words: string;
  readonly retryAfterMs?: number;
}

/** What is left of an agent that was at work. */
export interface Worked {
  readonly said: Said;
  readonly exit: Exit;
  /** Of an ACP turn that did not end by itself. */
  readonly turnProblem?: string;
}

export interface Evidence extends Worked {
  readonly stop: Stop | undefined;
  readonly calls: readonly ModelCall[];
}

/**
 * The gateway knows best, then our own watch, then what the agent says. Undefined: nothing stands against looking at what it
 * changed. A failure that it got over is none: only the last call counts.
 */
export function causeOf({ stop, calls, said, exit, turnProblem }: Evidence): Cause | undefined {
  const last = calls.findLast(({ end }) => end !== "cancelled");
  if (stop?.kind === "provider") return causeOfCall(stop.call);
  if (last !== undefined && last.end !== "ok") return causeOfCall(last);
  if (stop !== undefined) return causeOfStop(stop);
  if (said.error !== undefined) {
    const found = causeInWords(said.error);
    if (found !== undefined) return found;
  }
  const { ending } = exit;
  if (turnProblem !== undefined) return causeInWords(turnProblem) ?? { kind: "ended", words: turnProblem };
  switch (ending.kind) {
    case "not_started":
      return { kind: "ended", words: `it could not be started: ${ending.reason}` };
    case "timed_out":
      return { kind: "too_long", words: "it took too long" };
    case "out_of_memory":
    case "out_of_disk":
      return { kind: "ended", words: `it was ended: ${ending.kind.replaceAll("_", " ")}` };
    default:
      return undefined;
  }
}

/** What went wrong beside an answer that may hold a change all the same. */
export function complaintOf({ said, exit }: Evidence): string | undefined {
  if (said.error !== undefined) return said.error.slice(0, MAX_WORDS);
  const { ending, outputTail } = exit;
  const lastLine = outputTail.trimEnd().split("\n").at(-1)?.slice(0, MAX_WORDS) ?? "";
  if (ending.kind === "exited" && ending.code !== 0) return `exit code ${ending.code}: ${lastLine}`;
  return ending.kind === "signalled" ? `killed by ${ending.signal}` : undefined;
}

const MAX_WORDS = 300;

const WORDS: Readonly<Record<CallEnd, string>> = {
  ok: "",
  unauthorized: "the provider refused the key (401)",
  rate_limited: "the provider limits the rate (429)",
  quota: "the allowance of the provider is used up",
  overloaded: "the provider is overloaded",
  server_error: "the provider has a fault of its own",
  bad_request: "the provider refused the request",
  cut: "the answer of the provider broke off",
  unreachable: "the provider cannot be reached",
  over_budget: "the budget for models is spent",
  cancelled: "the call was cancelled",
};

function causeOfCall({ end, retryAfterMs, detail }: ModelCall): Cause {
  const more = detail === undefined || end === "over_budget" ? "" : `: ${detail.slice(0, MAX_WORDS)}`;
  return { kind: end, words: WORDS[end] + more, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function causeOfStop(stop: Exclude<Stop, { kind: "provider" }>): Cause {
  const seconds = Math.round(stop.afterMs / 1000);
  switch (stop.kind) {
    case "no_start":
      return { kind: "stalled", words: `stalled: no sign of life in the first ${seconds} s` };
    case "idle":
      return { kind: "stalled", words: `stalled: no sign of life for ${seconds} s` };
    case "too_long":
      return { kind: "too_long", words: `it was not done after ${seconds} s` };
  }
}

/** In this order: "429 … quota" is a quota, and a page of an error 500 may speak of anything. */
const SPOKEN: readonly (readonly [CallEnd, RegExp])[] = [
  [
    "unauthorized",
    /\b401\b|unauthori[sz]ed|unauthenticated|authenticat|invalid.?api.?key|not logged in|log ?in\b/i,
  ],
  ["quota", /quota|usage limit|limit reached|insufficient|out of credits|credit balance|billing/i],
  ["rate_limited", /\b429\b|rate.?limit|too many requests/i],
  ["overloaded", /overloaded|\b(?:529|503)\b/i],
  ["server_error", /\b50[0-9]\b|server error/i],
  ["unreachable", /ECONNREFUSED|ENOTFOUND|network error|error sending request|fetch failed/i],
];

function causeInWords(words: string): Cause | undefined {
  const kind = SPOKEN.find(([, pattern]) => pattern.test(words))?.[0];
  if (kind === undefined) return undefined;
  const retryAfterMs = waitIn(words);
  const line = words.replace(/\s+/g, " ").slice(0, MAX_WORDS);
  return { kind, words: `${WORDS[kind]}: ${line}`, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** "try again in 20s", "in 3 hours". */
function waitIn(words: string): number | undefined {
  const [, number, unit] = /\bin (\d+(?:\.\d+)?) ?(s|m|h)/i.exec(words) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return Number(number) * UNIT_MS[unit.toLowerCase() as keyof typeof UNIT_MS];
}
