/** The chat seam on the AI SDK: three wires, streamed, one call at a time. Loaded only when a model is asked. */

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { isStepCount, type LanguageModel, type ModelMessage, streamText, type ToolSet, tool } from "ai";
import type { Clock } from "../../core/clock.ts";
import { CallFailure, type Chat, type ChatAnswer, type ChatOptions, type ChatTool } from "./chat.ts";
import { callFailure } from "./failure.ts";

type Effort = "low" | "medium" | "high";

export interface SdkChatOptions extends ChatOptions {
  readonly languageModel: LanguageModel;
  readonly clock: Clock;
  /** A call that gives nothing for so long is called off. */
  readonly idleMs: number;
  /** Of one answer, reasoning included. Where it is left out, the provider's own limit holds. */
  readonly maxOutputTokens?: number;
  readonly effort?: Effort;
  readonly temperature?: number;
}

export interface Endpoint {
  readonly wire: "openai_chat" | "openai_responses" | "anthropic";
  /** As core's ModelAccess gives it: without /v1 for Anthropic. */
  readonly baseUrl: string;
  readonly key: string;
  readonly model: string;
}

export function languageModel({ wire, baseUrl: baseURL, key: apiKey, model }: Endpoint): LanguageModel {
  switch (wire) {
    case "openai_chat":
      return createOpenAICompatible({ name: "openaiCompatible", baseURL, apiKey, includeUsage: true })(model);
    case "openai_responses":
      return createOpenAI({ baseURL, apiKey }).responses(model);
    case "anthropic":
      return createAnthropic({ baseURL: `${baseURL}/v1`, apiKey })(model);
    default:
      return wire satisfies never;
  }
}

// Its warnings go to the terminal, which belongs to the display of the run.
globalThis.AI_SDK_LOG_WARNINGS = false;

/** Anthropic caches up to a mark; the others cache what is the same as before by themselves. */
const CACHE_MARK = { anthropic: { cacheControl: { type: "ephemeral" } } } as const;

export function sdkChat(options: SdkChatOptions): Chat {
  const messages: ModelMessage[] = [];
  const tools = toolSet(options.tools);
  return {
    say(text) {
      messages.push({ role: "user", content: text });
    },
    async answer(signal) {
      const { made, answer } = await oneCall(options, { messages, tools }, signal);
      messages.push(...made);
      return answer;
    },
  };
}

async function oneCall(
  options: SdkChatOptions,
  { messages, tools }: { messages: readonly ModelMessage[]; tools: ToolSet },
  signal: AbortSignal,
): Promise<{ made: ModelMessage[]; answer: ChatAnswer }> {
  const watch = idleWatch(options.clock, options.idleMs);
  const { effort, temperature } = options;
  try {
    const result = streamText({
      model: options.languageModel,
      instructions: { role: "system", content: options.instructions, providerOptions: CACHE_MARK },
      messages: marked(messages),
      tools,
      stopWhen: isStepCount(1),
      // Retries wait by the clock of the lab, between calls: see converse.ts.
      maxRetries: 0,
      abortSignal: AbortSignal.any([signal, watch.signal]),
      onError: () => undefined,
      ...(options.maxOutputTokens === undefined ? {} : { maxOutputTokens: options.maxOutputTokens }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(effort === undefined ? {} : { providerOptions: effortOptions(effort) }),
    });
    for await (const part of result.stream) {
      watch.heard();
      if (part.type === "error") throw part.error;
      if (part.type === "abort") throw new CallFailure("called off", { end: "cancelled" });
    }
    const [text, calls, { messages: made }, reason] = await Promise.all([
      result.text,
      result.toolCalls,
      result.response,
      result.finishReason,
    ]);
    if (reason === "error" || (text === "" && calls.length === 0))
      throw new CallFailure(`the answer ended without a word (${reason})`, { end: "cut" });
    return { made, answer: { text, toolCalls: calls.length } };
  } catch (error) {
    if (watch.signal.aborted) {
      const seconds = Math.round(options.idleMs / 1000);
      throw new CallFailure(`the model said nothing for ${seconds} s`, { end: "cut" });
    }
    if (signal.aborted) throw new CallFailure("called off", { end: "cancelled" });
    throw callFailure(error, options.clock.now());
  } finally {
    watch.end();
  }
}

/** The last message is marked too: in a loop of tools all before it is read from the cache. */
function marked(messages: readonly ModelMessage[]): ModelMessage[] {
  return messages.map((message, index) =>
    index === 0 || index === messages.length - 1 ? { ...message, providerOptions: CACHE_MARK } : message,
  );
}

function effortOptions(effort: Effort) {
  return {
    openaiCompatible: { reasoningEffort: effort },
    openai: { reasoningEffort: effort },
    anthropic: { effort },
  };
}

function toolSet(tools: readonly ChatTool[]): ToolSet {
  const entries = tools.map(({ name, description, schema, run }) => {
    const execute = async (input: unknown) => await run(input);
    return [name, tool({ description, inputSchema: schema, execute })] as const;
  });
  return Object.fromEntries(entries);
}

/** Aborts its signal once nothing was heard for `idleMs`. */
function idleWatch(clock: Clock, idleMs: number) {
  const [idle, ended] = [new AbortController(), new AbortController()];
  let heardAtMs = clock.now();
  const watch = async () => {
    for (;;) {
      const leftMs = heardAtMs + idleMs - clock.now();
      if (ended.signal.aborted) return;
      if (leftMs <= 0) return idle.abort();
      await clock.delay(leftMs, ended.signal);
    }
  };
  void watch();
  return {
    signal: idle.signal,
    heard: () => {
      heardAtMs = clock.now();
    },
    end: () => ended.abort(),
  };
}
