/** Experiments under way: how many, waiting for one to land, stopping all. Knows nothing of what they do. */

import type { Clock } from "../core/clock.ts";
import type { ExperimentId } from "../core/experiment.ts";

/** Experiments under way. The first one that rejects ends the search; the others are stopped and waited for. */
export class Flight {
  readonly #clock: Clock;
  readonly #abandoned = new AbortController();
  /** Aborts with the user's stop, or when the search ends by a failure. */
  readonly signal: AbortSignal;
  readonly #running = new Map<ExperimentId, Promise<void>>();
  #error: { readonly cause: unknown } | undefined;

  constructor(clock: Clock, stop: AbortSignal) {
    this.#clock = clock;
    this.signal = AbortSignal.any([stop, this.#abandoned.signal]);
  }

  get size(): number {
    return this.#running.size;
  }

  add(id: ExperimentId, task: Promise<unknown>): void {
    const settled = task
      .then(
        () => undefined,
        (cause: unknown) => {
          this.#error ??= { cause };
        },
      )
      .finally(() => this.#running.delete(id));
    this.#running.set(id, settled);
  }

  async next(): Promise<void> {
    await Promise.race(this.#running.values());
    this.#rethrow();
  }

  /** Waits for an experiment to land, at most `ms`, or until a signal aborts. */
  async nextOr(ms: number, signals: readonly AbortSignal[]): Promise<void> {
    const wake = new AbortController();
    const delay = this.#clock.delay(ms, AbortSignal.any([wake.signal, this.signal, ...signals]));
    await Promise.race([delay, ...this.#running.values()]);
    wake.abort();
    this.#rethrow();
    this.signal.throwIfAborted();
  }

  async land(): Promise<void> {
    await Promise.all(this.#running.values());
    this.#rethrow();
  }

  /** Stops what is still under way and waits until it is over. */
  async abandon(): Promise<void> {
    this.#abandoned.abort();
    await Promise.all(this.#running.values());
  }

  #rethrow(): void {
    if (this.#error !== undefined) throw this.#error.cause;
  }
}
