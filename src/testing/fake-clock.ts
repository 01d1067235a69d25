/** A clock that stands still until a test moves it. */

import type { Clock } from "../core/clock.ts";

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** `now` is set by hand; a `delay` ends when `advance` reaches its time, or at once when its signal aborts. */
export class FakeClock implements Clock {
  #nowMs: number;
  #sleepers: Sleeper[] = [];

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  /** Delays that have not ended: what the code under test is waiting for. */
  get pendingDelays(): number {
    return this.#sleepers.length;
  }

  now(): number {
    return this.#nowMs;
  }

  delay(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener("abort", wake);
        this.#sleepers = this.#sleepers.filter((other) => other.wake !== wake);
        resolve();
      };
      const sleeper: Sleeper = { dueMs: this.#nowMs + ms, wake };
      this.#sleepers.push(sleeper);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  /** Moves time forward, ending delays in the order of their times; what wakes may sleep again and is woken again. */
  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    for (let next = this.#nextDue(end); next !== undefined; next = this.#nextDue(end)) {
      this.#nowMs = next.dueMs;
      next.wake();
      await settle();
    }
    this.#nowMs = end;
    await settle();
  }

  /** Sets the clock to another time, as a time server does: delays keep their length. */
  jump(ms: number): void {
    this.#nowMs += ms;
    this.#sleepers = this.#sleepers.map((sleeper) => ({ ...sleeper, dueMs: sleeper.dueMs + ms }));
  }

  #nextDue(end: number): Sleeper | undefined {
    const due = this.#sleepers.filter((sleeper) => sleeper.dueMs <= end);
    return due.sort((left, right) => left.dueMs - right.dueMs)[0];
  }
}

/** Lets promise chains started by a wake-up run dry. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
