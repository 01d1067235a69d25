/** Tokens per second over the last minutes. */

import type { Clock } from "../core/clock.ts";
import { type TokenUsage, tokensOf } from "../core/provider.ts";

interface TokenRate {
  readonly freshPerSecond: number;
  readonly cachedPerSecond: number;
  readonly outputPerSecond: number;
  /** Cache writes included. */
  readonly totalPerSecond: number;
}

/** By minutes. */
export type Throughput = Readonly<Record<1 | 5 | 60, TokenRate>>;

const MINUTE_MS = 60_000;
const KEPT_MS = 60 * MINUTE_MS;

interface Counted {
  readonly atMs: number;
  readonly usage: TokenUsage;
}

/** A call counts when it ends. A window longer than the meter is old is as long as the meter is old. */
export class ThroughputMeter {
  readonly #clock: Clock;
  readonly #openedMs: number;
  #counted: Counted[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#openedMs = clock.now();
  }

  /** Calls still remembered. */
  get kept(): number {
    return this.#counted.length;
  }

  add(usage: TokenUsage): void {
    const atMs = this.#clock.now();
    const oldest = this.#counted[0];
    if (oldest !== undefined && oldest.atMs <= atMs - 2 * KEPT_MS) this.#forget(atMs);
    this.#counted.push({ atMs, usage });
  }

  read(): Throughput {
    const nowMs = this.#clock.now();
    this.#forget(nowMs);
    return { 1: this.#rate(nowMs, 1), 5: this.#rate(nowMs, 5), 60: this.#rate(nowMs, 60) };
  }

  #forget(nowMs: number): void {
    this.#counted = this.#counted.filter(({ atMs }) => atMs > nowMs - KEPT_MS);
  }

  #rate(nowMs: number, minutes: number): TokenRate {
    const windowMs = minutes * MINUTE_MS;
    const seconds = Math.max(1, Math.min(windowMs, nowMs - this.#openedMs) / 1000);
    const usages = this.#counted.filter(({ atMs }) => atMs > nowMs - windowMs).map(({ usage }) => usage);
    const perSecond = (count: (usage: TokenUsage) => number): number =>
      usages.reduce((sum, usage) => sum + count(usage), 0) / seconds;
    return {
      freshPerSecond: perSecond(({ freshTokens }) => freshTokens),
      cachedPerSecond: perSecond(({ cachedTokens }) => cachedTokens),
      outputPerSecond: perSecond(({ outputTokens }) => outputTokens),
      totalPerSecond: perSecond(tokensOf),
    };
  }
}
