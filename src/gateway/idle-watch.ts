/** Notices silence: a provider that keeps a connection open and says nothing. */

import type { Clock } from "../core/clock.ts";

export class IdleWatch {
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  #heardMs: number;

  /** Calls `onSilent` once, when nothing was heard for `idleMs`. */
  constructor(clock: Clock, idleMs: number, onSilent: () => void) {
    this.#clock = clock;
    this.#heardMs = clock.now();
    void this.#watch(idleMs, onSilent);
  }

  heard(): void {
    this.#heardMs = this.#clock.now();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #watch(idleMs: number, onSilent: () => void): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const silentMs = this.#clock.now() - this.#heardMs;
      if (silentMs >= idleMs) {
        onSilent();
        return;
      }
      await this.#clock.delay(idleMs - silentMs, signal);
    }
  }
}
