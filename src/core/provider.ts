/** Seam: how a researcher reaches models, and what a call to one cost. */

import { z } from "zod";

/** The language a client speaks to its provider. */
export const WIRES = ["openai_chat", "openai_responses", "anthropic", "gemini"] as const;
export type Wire = (typeof WIRES)[number];

/** How a call ended. `over_budget`: refused before it was made. `cut`: the answer broke off. */
export const CALL_ENDS = [
  ...["ok", "unauthorized", "rate_limited", "quota", "overloaded", "server_error", "bad_request"],
  ...["cut", "unreachable", "over_budget", "cancelled"],
] as const;
export type CallEnd = (typeof CALL_ENDS)[number];

const count = z.number().int().nonnegative();

export const modelCallSchema = z.object({
  /** Absent where the researcher reported its own usage. */
  wire: z.enum(WIRES).exactOptional(),
  model: z.string(),
  end: z.enum(CALL_ENDS),
  usage: z.object({
    /** Input that no cache held. */
    freshTokens: count,
    cachedTokens: count,
    cacheWriteTokens: count,
    /** Reasoning included. */
    outputTokens: count,
    reasoningTokens: count,
  }),
  /** US dollars; absent when the price is not known. */
  usd: z.number().nonnegative().exactOptional(),
  wallMs: z.number(),
  retryAfterMs: z.number().exactOptional(),
  detail: z.string().exactOptional(),
  /** The provider did not say what it counted: a cut answer. */
  isEstimated: z.boolean().exactOptional(),
});

export type ModelCall = z.output<typeof modelCallSchema>;
export type TokenUsage = ModelCall["usage"];

export function tokensOf({ freshTokens, cachedTokens, cacheWriteTokens, outputTokens }: TokenUsage): number {
  return freshTokens + cachedTokens + cacheWriteTokens + outputTokens;
}

/**
 * One experiment's way to the models, metered. Contract: a call is in `calls` and in the ledger before its last byte reaches
 * the client; the budget is asked before each call; after `close` nothing is answered any more.
 */
export interface ModelAccess {
  /** What a client of that wire takes as its base URL: the OpenAI ones end in /v1. */
  baseUrl(wire: Wire): string;
  /** What the client gives as its key; the true one is put in its place. */
  readonly key: string;
  readonly calls: readonly ModelCall[];
  close(): void;
}
