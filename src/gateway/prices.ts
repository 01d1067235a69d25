/** What a call costs: a snapshot of price lists, under what the user says. A model found in neither has no price, never $0. */

import type { TokenUsage } from "../core/provider.ts";
import snapshot from "./prices.json" with { type: "json" };

/** US dollars per million tokens. What is absent costs what fresh input costs. */
interface TokenRates {
  readonly inputUsd: number;
  readonly cachedUsd?: number;
  readonly cacheWriteUsd?: number;
  readonly outputUsd: number;
}

export interface TokenPrice extends TokenRates {
  /** Where a call has more input than so many tokens, these hold for all of it. */
  readonly tiers?: readonly (TokenRates & { readonly inputTokensAbove: number })[];
}

/** By model name, with or without the provider before a slash. */
export type Prices = Readonly<Record<string, TokenPrice>>;

/** `longCacheWriteTokens`: the part of the cache writes that is kept for an hour, as Anthropic sells it. */
export interface BilledUsage extends TokenUsage {
  readonly longCacheWriteTokens?: number;
}

/** Day of the snapshot, for whoever shows a sum made of it. */
export const PRICES_DATE: string = snapshot.date;

const SNAPSHOT: Prices = snapshot.models;
/** Bare names; the maker of a model comes before those who resell it. */
const BARE = new Map<string, TokenPrice>();
for (const [name, price] of Object.entries(SNAPSHOT)) {
  const bare = name.slice(name.indexOf("/") + 1);
  if (!BARE.has(bare)) BARE.set(bare, price);
}

/** `-2026-11-10`, `-20251101`, `-2508`, `@20251101` and `-v1:0` behind a name, and what routers add after a colon. */
const SUFFIXES = [
  /[:@][\w.-]+$/,
  /-v\d+:\d+$/,
  /[-@]\d{4}-\d{2}-\d{2}$/,
  /[-@]\d{8}$/,
  /-\d{4}$/,
  /-latest$/,
];

/** Who sells: the same model has another price elsewhere. */
const PROVIDERS: ReadonlyMap<string, string> = new Map(Object.entries(snapshot.hosts));

export interface Seller {
  /** The user's own prices. */
  readonly own?: Prices | undefined;
  /** Where the call goes. */
  readonly baseUrl?: string;
}

/**
 * The price of a model: the user's own first, then the seller's, then that of whoever made it; each exactly, without the
 * provider before the slash, and without a date behind. Undefined: not known.
 */
export function priceOf(model: string, { own = {}, baseUrl }: Seller = {}): TokenPrice | undefined {
  const names = spellings(model);
  const seller = baseUrl === undefined ? undefined : PROVIDERS.get(URL.parse(baseUrl)?.host ?? "");
  const sold = seller === undefined ? [] : names.map((name) => `${seller}/${name}`);
  const lists = [names.map((name) => at(own, name)), sold.map((name) => at(SNAPSHOT, name))];
  const made = names.map((name) => at(SNAPSHOT, name) ?? BARE.get(name));
  return [...lists, made].flat().find((price) => price !== undefined);
}

function at(prices: Prices, name: string): TokenPrice | undefined {
  return Object.hasOwn(prices, name) ? prices[name] : undefined;
}

function spellings(model: string): string[] {
  const bare = model.slice(model.lastIndexOf("/") + 1);
  const names = model === bare ? [model] : [model, bare];
  const dateless = names.flatMap((name) =>
    SUFFIXES.filter((suffix) => suffix.test(name)).map((suffix) => name.replace(suffix, "")),
  );
  return [...names, ...dateless];
}

/** Anthropic's price list: a cache write for an hour costs twice what fresh input does. */
const LONG_WRITE_FACTOR = 2;

/** US dollars of a call. */
export function costOf(usage: BilledUsage, price: TokenPrice): number {
  const { freshTokens, cachedTokens, cacheWriteTokens, outputTokens, longCacheWriteTokens = 0 } = usage;
  const rates = ratesFor(freshTokens + cachedTokens + cacheWriteTokens, price);
  const shortWrites = cacheWriteTokens - longCacheWriteTokens;
  const dollars =
    freshTokens * rates.inputUsd +
    cachedTokens * (rates.cachedUsd ?? rates.inputUsd) +
    shortWrites * (rates.cacheWriteUsd ?? rates.inputUsd) +
    longCacheWriteTokens * rates.inputUsd * LONG_WRITE_FACTOR +
    outputTokens * rates.outputUsd;
  return dollars / 1e6;
}

/** The most that so many tokens can cost, whatever a cache does with the input. */
export function worstCostOf(inputTokens: number, outputTokens: number, price: TokenPrice): number {
  const rates = ratesFor(inputTokens, price);
  // Only where a write to the cache has a price of its own can it be one for an hour.
  const writeUsd = rates.cacheWriteUsd === undefined ? 0 : rates.inputUsd * LONG_WRITE_FACTOR;
  const inputUsd = Math.max(rates.inputUsd, rates.cacheWriteUsd ?? 0, writeUsd);
  return (inputTokens * inputUsd + outputTokens * rates.outputUsd) / 1e6;
}

function ratesFor(inputTokens: number, price: TokenPrice): TokenRates {
  const tiers = price.tiers?.filter(({ inputTokensAbove }) => inputTokens > inputTokensAbove) ?? [];
  return tiers.toSorted((left, right) => right.inputTokensAbove - left.inputTokensAbove)[0] ?? price;
}
