/** What an agent says of itself on its output: text, usage, errors. Its word about success is not asked. */

import type { TokenUsage } from "../../core/provider.ts";

export interface Said {
  /** Its last words to the user. */
  readonly text: string;
  /** The error it ended with; one it got over is none. */
  readonly error?: string;
  readonly model?: string;
  /** Calls to models that it tells of, and what they used in all. */
  readonly calls: number;
  readonly usage: TokenUsage;
}

/** Takes the lines of stdout, in order. Never throws: what it does not know, it leaves out. */
export interface Reader {
  line(text: string): void;
  said(): Said;
}

export const NO_USAGE: TokenUsage = {
  freshTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
};

export function sumOf(left: TokenUsage, right: TokenUsage): TokenUsage {
  return {
    freshTokens: left.freshTokens + right.freshTokens,
    cachedTokens: left.cachedTokens + right.cachedTokens,
    cacheWriteTokens: left.cacheWriteTokens + right.cacheWriteTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    reasoningTokens: left.reasoningTokens + right.reasoningTokens,
  };
}

/** What an event of an agent changes; `usage` is added, unless `isTotal`. */
export interface Heard {
  /** Begins the last words anew, or goes on with them. */
  readonly text?: string;
  readonly more?: string;
  /** An empty text: it got over the last one. */
  readonly error?: string;
  readonly model?: string;
  readonly usage?: TokenUsage;
  readonly isTotal?: boolean;
  readonly calls?: number;
}

/** A reader of events that come as JSON, one a line. Other lines are kept as last words of an agent that says nothing else. */
export function jsonReader(hear: (event: Json) => Heard | undefined): Reader {
  let plain = "";
  let text = "";
  let error = "";
  let model: string | undefined;
  let calls = 0;
  let usage = NO_USAGE;
  return {
    line(written) {
      const event = jsonOf(written);
      if (event === undefined) {
        plain = `${plain}\n${written}`.slice(-PLAIN_CHARACTERS);
        return;
      }
      const heard = hear(event) ?? {};
      text = ((heard.text ?? text) + (heard.more ?? "")).slice(-TEXT_CHARACTERS);
      error = heard.error ?? error;
      model = heard.model ?? model;
      calls = heard.isTotal ? (heard.calls ?? calls) : calls + (heard.calls ?? 0);
      if (heard.usage !== undefined) usage = heard.isTotal ? heard.usage : sumOf(usage, heard.usage);
    },
    said: () => ({
      text: text.trim() || plain.trim(),
      calls,
      usage,
      ...(error === "" ? {} : { error }),
      ...(model === undefined ? {} : { model }),
    }),
  };
}

const PLAIN_CHARACTERS = 4000;
const TEXT_CHARACTERS = 40_000;

// --- JSON of which nothing is known ---

export interface Json {
  readonly [key: string]: unknown;
}

function jsonOf(line: string): Json | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return objectOf(JSON.parse(line));
  } catch {
    return undefined; // cut, or no JSON after all
  }
}

export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A count of tokens; whatever is none is 0. */
export function countOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}

/** Words of an error that may be a text or an object with a message, itself or inside. */
export function errorWords(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  const { message, error, data, name, statusCode } = objectOf(value);
  const status = typeof statusCode === "number" ? `${statusCode}: ` : "";
  const words = textOf(message) || errorWords(error) || errorWords(data) || textOf(name);
  return words === "" ? "" : status + words;
}
