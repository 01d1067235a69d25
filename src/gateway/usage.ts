/** What each provider says it counted, in one form. Sources: the providers' API references, as of 2026-11. */

import type { Wire } from "../core/provider.ts";
import { countIn, type JsonObject, objectIn, objectsIn, stringIn } from "./json.ts";
import type { BilledUsage } from "./prices.ts";

/** What was read of an answer so far. */
export interface Seen {
  usage?: BilledUsage;
  /** The usage is the final one. */
  isCounted: boolean;
  /** The model said that it is done. */
  isComplete: boolean;
  /** Bytes of text and of arguments to tools, for an estimate where no usage comes. */
  saidBytes: number;
  model?: string;
  failure?: { readonly code: string; readonly message: string };
}

export function nothingSeen(): Seen {
  return { isCounted: false, isComplete: false, saidBytes: 0 };
}

/** What a frame of a stream is to the client: `last` ends the answer, `usage` holds a count and nothing else. */
export type FrameRole = "part" | "last" | "usage";

/** Notes one frame of a stream, or a whole answer. */
export function note(wire: Wire, seen: Seen, data: JsonObject): FrameRole {
  const error = data.error;
  if (error !== undefined && error !== null) noteFailure(seen, objectIn(error));
  switch (wire) {
    case "openai_chat":
      return noteChat(seen, data);
    case "openai_responses":
      return noteResponses(seen, data);
    case "anthropic":
      return noteAnthropic(seen, data);
    case "gemini":
      return noteGemini(seen, data);
  }
}

function noteFailure(seen: Seen, error: JsonObject): void {
  const code =
    stringIn(error.code) ?? stringIn(error.status) ?? stringIn(error.type) ?? String(error.code ?? "");
  seen.failure = { code, message: stringIn(error.message) ?? "" };
}

function noteModel(seen: Seen, model: unknown): void {
  const name = stringIn(model);
  if (name !== undefined && name !== "") seen.model = name;
}

function say(seen: Seen, ...texts: unknown[]): void {
  for (const text of texts) if (typeof text === "string") seen.saidBytes += Buffer.byteLength(text);
}

function count(seen: Seen, usage: BilledUsage, isFinal: boolean): void {
  seen.usage = usage;
  seen.isCounted ||= isFinal;
}

function noteChat(seen: Seen, data: JsonObject): FrameRole {
  noteModel(seen, data.model);
  const choices = objectsIn(data.choices);
  for (const choice of choices) {
    const said = objectIn(choice.delta ?? choice.message);
    say(seen, said.content, said.reasoning_content, said.reasoning);
    for (const call of objectsIn(said.tool_calls)) say(seen, objectIn(call.function).arguments);
    if (typeof choice.finish_reason === "string") seen.isComplete = true;
  }
  // Moonshot puts the usage of a stream into its last choice.
  const usage = data.usage ?? choices.find((choice) => choice.usage !== undefined)?.usage;
  if (usage === undefined || usage === null) return "part";
  count(seen, chatUsage(objectIn(usage)), true);
  return choices.length === 0 ? "usage" : "part";
}

function chatUsage(usage: JsonObject): BilledUsage {
  const details = objectIn(usage.prompt_tokens_details);
  const prompt = countIn(usage.prompt_tokens) ?? 0;
  // DeepSeek and Moonshot name the cached part elsewhere.
  const cached =
    countIn(details.cached_tokens) ??
    countIn(usage.prompt_cache_hit_tokens) ??
    countIn(usage.cached_tokens) ??
    0;
  const written = countIn(details.cache_write_tokens) ?? 0;
  const said = countIn(usage.completion_tokens) ?? 0;
  // xAI leaves reasoning out of what it calls completion; the total holds it.
  const outputTokens = Math.max(said, (countIn(usage.total_tokens) ?? 0) - prompt);
  const reasoning = countIn(objectIn(usage.completion_tokens_details).reasoning_tokens) ?? 0;
  return {
    freshTokens: Math.max(0, prompt - cached - written),
    cachedTokens: cached,
    cacheWriteTokens: written,
    outputTokens,
    reasoningTokens: Math.min(reasoning, outputTokens),
  };
}

const RESPONSE_ENDS = ["response.completed", "response.incomplete", "response.failed"];

function noteResponses(seen: Seen, data: JsonObject): FrameRole {
  const type = stringIn(data.type) ?? "";
  if (type.endsWith(".delta")) say(seen, data.delta);
  if (type === "error") noteFailure(seen, data);
  // A whole answer is the response itself.
  const response = data.object === "response" ? data : objectIn(data.response);
  noteModel(seen, response.model);
  const isEnd = RESPONSE_ENDS.includes(type) || data.object === "response";
  if (!isEnd) return type === "error" ? "last" : "part";
  seen.isComplete = true;
  if (response.error !== undefined && response.error !== null) noteFailure(seen, objectIn(response.error));
  if (response.usage !== undefined && response.usage !== null) {
    count(seen, responsesUsage(objectIn(response.usage)), true);
  }
  return "last";
}

function responsesUsage(usage: JsonObject): BilledUsage {
  const details = objectIn(usage.input_tokens_details);
  const input = countIn(usage.input_tokens) ?? 0;
  const cached = countIn(details.cached_tokens) ?? 0;
  const written = countIn(details.cache_write_tokens) ?? 0;
  const outputTokens = countIn(usage.output_tokens) ?? 0;
  const reasoning = countIn(objectIn(usage.output_tokens_details).reasoning_tokens) ?? 0;
  return {
    freshTokens: Math.max(0, input - cached - written),
    cachedTokens: cached,
    cacheWriteTokens: written,
    outputTokens,
    reasoningTokens: Math.min(reasoning, outputTokens),
  };
}

function noteAnthropic(seen: Seen, data: JsonObject): FrameRole {
  const type = stringIn(data.type) ?? "";
  const message = type === "message" ? data : objectIn(data.message);
  noteModel(seen, message.model);
  const delta = objectIn(data.delta);
  say(seen, delta.text, delta.partial_json, delta.thinking);
  const usage = message.usage ?? data.usage;
  const isFinal = type === "message" || type === "message_delta";
  if (usage !== undefined && usage !== null) {
    count(seen, anthropicUsage(objectIn(usage), seen.usage), isFinal);
  }
  if (type === "message" || type === "message_stop") seen.isComplete = true;
  return type === "message_stop" || type === "error" ? "last" : "part";
}

/** Counts of a stream are running totals; a later frame may leave out what an earlier one said. */
function anthropicUsage(usage: JsonObject, before: BilledUsage | undefined): BilledUsage {
  const outputTokens = countIn(usage.output_tokens) ?? before?.outputTokens ?? 0;
  const thinking =
    countIn(objectIn(usage.output_tokens_details).thinking_tokens) ?? before?.reasoningTokens ?? 0;
  const long =
    countIn(objectIn(usage.cache_creation).ephemeral_1h_input_tokens) ?? before?.longCacheWriteTokens;
  return {
    freshTokens: countIn(usage.input_tokens) ?? before?.freshTokens ?? 0,
    cachedTokens: countIn(usage.cache_read_input_tokens) ?? before?.cachedTokens ?? 0,
    cacheWriteTokens: countIn(usage.cache_creation_input_tokens) ?? before?.cacheWriteTokens ?? 0,
    outputTokens,
    reasoningTokens: Math.min(thinking, outputTokens),
    ...(long === undefined ? {} : { longCacheWriteTokens: long }),
  };
}

function noteGemini(seen: Seen, data: JsonObject): FrameRole {
  noteModel(seen, data.modelVersion);
  const candidates = objectsIn(data.candidates);
  for (const part of candidates.flatMap(({ content }) => objectsIn(objectIn(content).parts))) {
    say(seen, part.text);
    if (part.functionCall !== undefined) say(seen, JSON.stringify(objectIn(part.functionCall).args ?? {}));
  }
  const isBlocked = stringIn(objectIn(data.promptFeedback).blockReason) !== undefined;
  const isEnd = isBlocked || candidates.some(({ finishReason }) => typeof finishReason === "string");
  if (isEnd) seen.isComplete = true;
  if (data.usageMetadata !== undefined)
    count(seen, geminiUsage(objectIn(data.usageMetadata)), seen.isComplete);
  return isEnd ? "last" : "part";
}

function geminiUsage(usage: JsonObject): BilledUsage {
  const prompt = (countIn(usage.promptTokenCount) ?? 0) + (countIn(usage.toolUsePromptTokenCount) ?? 0);
  const cached = countIn(usage.cachedContentTokenCount) ?? 0;
  const thoughts = countIn(usage.thoughtsTokenCount) ?? 0;
  return {
    freshTokens: Math.max(0, prompt - cached),
    cachedTokens: cached,
    cacheWriteTokens: 0,
    outputTokens: (countIn(usage.candidatesTokenCount) ?? 0) + thoughts,
    reasoningTokens: thoughts,
  };
}
