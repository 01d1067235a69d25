/** Which wire a path belongs to, and what each wire says about errors and lists of models. */

import type { Wire } from "../../core/provider.ts";
import { anthropic } from "./anthropic.ts";
import { gemini } from "./gemini.ts";
import type { WireFormat } from "./model-request.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";

export const FORMATS: Readonly<Record<Wire, WireFormat>> = {
  openai_chat: openaiChat,
  openai_responses: openaiResponses,
  anthropic,
  gemini,
};

/** Undefined: no call to a model. */
export function wireOf(method: string, path: string): Wire | undefined {
  if (method !== "POST") return undefined;
  if (path.endsWith("/chat/completions")) return "openai_chat";
  if (path.endsWith("/responses")) return "openai_responses";
  if (path.endsWith("/messages")) return "anthropic";
  if (/\/models\/[^/]+:(?:generateContent|streamGenerateContent)$/.test(path)) return "gemini";
  return undefined;
}

const CODES: Readonly<Record<Wire, readonly (readonly [number, string])[]>> = {
  openai_chat: [
    [401, "invalid_api_key"],
    [429, "rate_limit_exceeded"],
    [500, "server_error"],
  ],
  openai_responses: [
    [401, "invalid_api_key"],
    [429, "rate_limit_exceeded"],
    [500, "server_error"],
  ],
  anthropic: [
    [401, "authentication_error"],
    [403, "permission_error"],
    [429, "rate_limit_error"],
    [529, "overloaded_error"],
    [500, "api_error"],
  ],
  gemini: [
    [401, "UNAUTHENTICATED"],
    [403, "PERMISSION_DENIED"],
    [429, "RESOURCE_EXHAUSTED"],
    [503, "UNAVAILABLE"],
    [500, "INTERNAL"],
  ],
};

export function errorCode(wire: Wire, status: number): string {
  const known = CODES[wire].find(([one]) => one === status)?.[1];
  if (known !== undefined) return known;
  return wire === "gemini" ? "INVALID_ARGUMENT" : status >= 500 ? "server_error" : "invalid_request_error";
}

/** Answers to what clients ask beside calls to a model; undefined: not known here. */
export function sideAnswer(method: string, path: string, models: readonly string[]): unknown {
  if (path.endsWith("/count_tokens")) return { input_tokens: 1_000 };
  if (path.endsWith(":countTokens")) return { totalTokens: 1_000 };
  if (method === "GET" && /\/v1beta\/models$/.test(path)) {
    return { models: models.map((name) => ({ name: `models/${name}`, displayName: name })) };
  }
  const entry = (id: string) => ({
    id,
    object: "model",
    type: "model",
    display_name: id,
    owned_by: "scripted",
  });
  if (method === "GET" && path.endsWith("/models")) {
    return { object: "list", data: models.map(entry), has_more: false };
  }
  const named = /\/models\/([^/]+)$/.exec(path)?.[1];
  if (method === "GET" && named !== undefined) return entry(decodeURIComponent(named));
  return path === "/" ? {} : undefined;
}
