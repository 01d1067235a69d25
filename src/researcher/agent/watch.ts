/** Ends an agent that gives no sign of life, takes too long, or calls a provider in vain. */

import type { Clock } from "../../core/clock.ts";
import type { CallEnd, ModelCall } from "../../core/provider.ts";

export interface WatchLimits {
  /** Until the first sign of life, between two, and in all. */
  readonly firstMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** Why an agent was ended. */
export type Stop =
  | { readonly kind: "no_start" | "idle" | "too_long"; readonly afterMs: number }
  | { readonly kind: "provider"; readonly call: ModelCall };

const LOOK_MS = 500;
/** Agents try again by themselves: so long and so often before they are ended. */
const PATIENCE_MS = 60_000;
const PATIENCE_CALLS = 3;
/** A wait of this length is better spent with another researcher. */
const LONG_WAIT_MS = 60_000;
const HOPELESS: readonly CallEnd[] = ["over_budget", "quota"];

export class Watch {
  readonly #clock: Clock;
  readonly #limits: WatchLimits;
  readonly #calls: readonly ModelCall[];
  #signs = 0;
  #lastSignMs = 0;
  #failingSinceMs: number | undefined;
  stopped: Stop | undefined;

  constructor(clock: Clock, limits: WatchLimits, calls: readonly ModelCall[]) {
    this.#clock = clock;
    this.#limits = limits;
    this.#calls = calls;
  }

  /** A sign of life: a line, a message. Calls that succeed are noticed here. */
  heard(): void {
    this.#signs += 1;
    this.#lastSignMs = this.#clock.now();
  }

  /** Runs `work` with a signal that aborts when it is ended, here or by `signal`. */
  async over<Result>(work: (signal: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const [ended, stopping] = [new AbortController(), new AbortController()];
    const looking = this.#look(stopping, ended.signal);
    try {
      return await work(AbortSignal.any([stopping.signal, signal]));
    } finally {
      ended.abort();
      await looking;
    }
  }

  async #look(stopping: AbortController, ended: AbortSignal): Promise<void> {
    const startMs = this.#clock.now();
    let okCalls = 0;
    this.#lastSignMs = startMs;
    while (!ended.aborted) {
      const done = this.#calls.filter(({ end }) => end === "ok").length;
      if (done > okCalls) this.heard();
      okCalls = done;
      this.stopped = this.#reason(startMs);
      if (this.stopped !== undefined) return stopping.abort();
      await this.#clock.delay(LOOK_MS, ended);
    }
  }

  #reason(startMs: number): Stop | undefined {
    const nowMs = this.#clock.now();
    const { firstMs, idleMs, totalMs } = this.#limits;
    const call = this.#hopelessCall(nowMs);
    if (call !== undefined) return { kind: "provider", call };
    if (nowMs - startMs >= totalMs) return { kind: "too_long", afterMs: totalMs };
    if (this.#signs === 0) {
      return nowMs - startMs >= firstMs ? { kind: "no_start", afterMs: firstMs } : undefined;
    }
    return nowMs - this.#lastSignMs >= idleMs ? { kind: "idle", afterMs: idleMs } : undefined;
  }

  /** The call after which there is no use in going on. */
  #hopelessCall(nowMs: number): ModelCall | undefined {
    const calls = this.#calls.filter(({ end }) => end !== "cancelled");
    const failing = calls.slice(calls.findLastIndex(({ end }) => end === "ok") + 1);
    const last = failing.at(-1);
    if (last === undefined) {
      this.#failingSinceMs = undefined;
      return undefined;
    }
    this.#failingSinceMs ??= nowMs;
    if (HOPELESS.includes(last.end)) return last;
    if (failing.filter(({ end }) => end === "unauthorized").length >= 2) return last;
    if ((last.retryAfterMs ?? 0) > LONG_WAIT_MS) return last;
    const isLong = nowMs - this.#failingSinceMs >= PATIENCE_MS;
    return isLong && failing.length >= PATIENCE_CALLS ? last : undefined;
  }
}
