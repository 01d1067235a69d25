/** The paths and the manners of each wire: what may be asked, where the key goes, how an error looks. */

import type { Wire } from "../core/provider.ts";

/** What a request wants. `call`: a model answers, which costs. `side`: a list of models or a count of tokens, which is free. */
export type Wanted =
  | { readonly kind: "call"; readonly wire: Wire; readonly path: string; readonly model?: string }
  | { readonly kind: "side"; readonly wire: Wire; readonly path: string }
  | { readonly kind: "hello" };

const OPENAI_CALL = /^(?:\/v1)?(\/chat\/completions|\/responses)$/;
const OPENAI_MODELS = /^(?:\/v1)?(\/models(?:\/[\w.@:~/-]+)?)$/;
const ANTHROPIC_CALL = /^\/v1\/messages$/;
const ANTHROPIC_SIDE = /^\/v1\/(?:messages\/count_tokens|models(?:\/[\w.@:~-]+)?)$/;
const GEMINI_CALL = /^\/v1(?:beta|alpha)?\/models\/([\w.@~-]+):(?:generateContent|streamGenerateContent)$/;
const GEMINI_SIDE = /^\/v1(?:beta|alpha)?\/models(?:\/[\w.@~-]+(?::countTokens)?)?$/;

/**
 * Undefined: not let through. The true key opens everything a provider sells (files, batches, images, fine-tuning), so only
 * what is metered or free passes.
 */
export function wanted(method: string, path: string, isAnthropic: boolean): Wanted | undefined {
  if (path === "" || path === "/") return ["GET", "HEAD"].includes(method) ? { kind: "hello" } : undefined;
  return method === "POST"
    ? wantedByPost(path)
    : method === "GET"
      ? wantedByGet(path, isAnthropic)
      : undefined;
}

function wantedByPost(path: string): Wanted | undefined {
  const openai = OPENAI_CALL.exec(path)?.[1];
  if (openai !== undefined) {
    const wire = openai === "/responses" ? "openai_responses" : "openai_chat";
    return { kind: "call", wire, path: openai };
  }
  if (ANTHROPIC_CALL.test(path)) return { kind: "call", wire: "anthropic", path };
  if (ANTHROPIC_SIDE.test(path) && path.endsWith("/count_tokens"))
    return { kind: "side", wire: "anthropic", path };
  const model = GEMINI_CALL.exec(path)?.[1];
  if (model !== undefined) return { kind: "call", wire: "gemini", path, model };
  return GEMINI_SIDE.test(path) && path.endsWith(":countTokens")
    ? { kind: "side", wire: "gemini", path }
    : undefined;
}

function wantedByGet(path: string, isAnthropic: boolean): Wanted | undefined {
  if (isAnthropic && ANTHROPIC_SIDE.test(path)) return { kind: "side", wire: "anthropic", path };
  const openai = OPENAI_MODELS.exec(path)?.[1];
  if (openai !== undefined) return { kind: "side", wire: "openai_chat", path: openai };
  return GEMINI_SIDE.test(path) ? { kind: "side", wire: "gemini", path } : undefined;
}

/** Where the key goes. */
export function keyHeader(wire: Wire, key: string): Record<string, string> {
  if (wire === "anthropic") return { "x-api-key": key };
  if (wire === "gemini") return { "x-goog-api-key": key };
  return { authorization: `Bearer ${key}` };
}

/** An error in the words of the wire, so that its clients show the message. */
export function errorBody(wire: Wire | undefined, status: number, message: string): string {
  if (wire === "anthropic") {
    const type =
      status === 404 ? "not_found_error" : status === 403 ? "permission_error" : "invalid_request_error";
    return JSON.stringify({
      type: "error",
      error: { type: status === 402 ? "billing_error" : type, message },
    });
  }
  if (wire === "gemini") {
    const name = status === 404 ? "NOT_FOUND" : status === 400 ? "INVALID_ARGUMENT" : "PERMISSION_DENIED";
    return JSON.stringify({ error: { code: status, message, status: name } });
  }
  const code = status === 402 ? "nightlab_budget_spent" : "nightlab_refused";
  return JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code } });
}
