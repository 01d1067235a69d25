/** What a call is written down as, once it has ended. */

import type { CallEnd, ModelCall, TokenUsage } from "../core/provider.ts";
import { classifyFailure } from "./classify.ts";
import { type BilledUsage, costOf, type Prices } from "./prices.ts";
import type { Relayed } from "./relay.ts";
import { type AskedCall, listPriceOf, tokensInBytes } from "./request.ts";

const NOTHING: TokenUsage = {
  freshTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
};

/** A call that no provider saw. */
export function unmadeCall(
  asked: AskedCall,
  end: CallEnd,
  more: { wallMs: number; detail?: string },
): ModelCall {
  return { wire: asked.wire, model: asked.model, end, usage: NOTHING, usd: 0, ...more };
}

export function meteredCall(
  asked: AskedCall,
  relayed: Relayed,
  { prices, wallMs }: { prices: Prices | undefined; wallMs: number },
): ModelCall {
  const { end, detail, retryAfterMs } = endOf(asked, relayed);
  const { usage, isEstimated } = usageOf(asked, relayed);
  const { freshTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage;
  const price = listPriceOf(asked, relayed.seen.model, prices);
  const isFree = usage === NOTHING;
  const usd = isFree ? 0 : price === undefined ? undefined : costOf(usage, price);
  return {
    wire: asked.wire,
    model: asked.model,
    end,
    usage: { freshTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens },
    ...(usd === undefined ? {} : { usd }),
    wallMs,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(detail === undefined ? {} : { detail }),
    ...(isEstimated ? { isEstimated: true } : {}),
  };
}

interface Ended {
  readonly end: CallEnd;
  readonly detail?: string;
  readonly retryAfterMs?: number;
}

function endOf({ wire }: AskedCall, { seen, how, failed, detail }: Relayed): Ended {
  if (failed !== undefined) return failed;
  if (seen.failure !== undefined) return classifyFailure(wire, seen.failure);
  // Whatever happened after the answer was there does not matter.
  if (seen.isComplete) return { end: "ok" };
  switch (how) {
    case "client":
      return { end: "cancelled", detail: "the client went away" };
    case "closed":
      return { end: "cancelled", detail: "the access was closed" };
    case "silent":
      return { end: "cut", detail: "the provider was silent for too long" };
    case "unreachable":
      return { end: "unreachable", ...(detail === undefined ? {} : { detail }) };
    case "ended":
    case "broken":
      return { end: "cut", detail: detail ?? "the answer broke off" };
  }
}

/** What the provider counted; else what can be told from the bytes, on the safe side: it may bill what it did not report. */
function usageOf(
  asked: AskedCall,
  { seen, how, failed }: Relayed,
): { usage: BilledUsage; isEstimated: boolean } {
  if (seen.usage !== undefined && seen.isCounted) return { usage: seen.usage, isEstimated: false };
  const saidNothing = seen.saidBytes === 0 && seen.usage === undefined;
  const isRefused =
    failed !== undefined || how === "unreachable" || (seen.failure !== undefined && saidNothing);
  if (isRefused) return { usage: NOTHING, isEstimated: false };
  const counted = seen.usage ?? { ...NOTHING, freshTokens: tokensInBytes(asked.plain.length) };
  const outputTokens = Math.max(counted.outputTokens, tokensInBytes(seen.saidBytes));
  return { usage: { ...counted, outputTokens }, isEstimated: true };
}
