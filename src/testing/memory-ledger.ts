/** A ledger for tests: keeps its contract except that it dies with the process. */

import type { Clock } from "../core/clock.ts";
import { type Ledger, type LedgerEvent, type LedgerLine, ledgerEventSchema } from "../core/ledger.ts";

export class MemoryLedger implements Ledger {
  readonly #clock: Clock;
  readonly #lines: LedgerLine[];
  #isClosed = false;

  /** `disk`: where the lines are kept; give it to the next ledger to play a restart. */
  constructor(clock: Clock, disk: LedgerLine[] = []) {
    this.#clock = clock;
    this.#lines = disk;
  }

  async append(events: readonly LedgerEvent[]): Promise<readonly LedgerLine[]> {
    this.#assertOpen();
    const first = this.#lines.length + 1;
    const lines = events.map((event, index) => ({
      number: first + index,
      atMs: this.#clock.now(),
      event: asStored(event),
    }));
    this.#lines.push(...lines);
    return structuredClone(lines);
  }

  async read(after: number): Promise<readonly LedgerLine[]> {
    this.#assertOpen();
    return structuredClone(this.#lines.slice(after));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error("the ledger is closed");
  }
}

/** Through JSON as on disk: no aliasing, and what JSON cannot hold does not survive here either. */
function asStored(event: LedgerEvent): LedgerEvent {
  return JSON.parse(JSON.stringify(ledgerEventSchema.parse(event))) as LedgerEvent;
}
