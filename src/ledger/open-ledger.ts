/** The ledger in a folder: `ledger.db`, written by one process and read by any. Knows files and locks, not rows. */

import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../core/clock.ts";
import type { Ledger, LedgerEvent, LedgerLine } from "../core/ledger.ts";
import { migrate, versionOf, writeDatabase } from "./database-file.ts";
import { type Entry, LineTable } from "./line-table.ts";
import { LogSync } from "./log-sync.ts";
import { ReadOnlyLedger } from "./read-only-ledger.ts";
import { damage, guardStorage } from "./storage-error.ts";
import { hasTornMiddle } from "./wal-check.ts";
import { currentHolder, takeWriterLock, type WriterLock } from "./writer-lock.ts";

/** How long a writer waits for a reader of another process that rebuilds the index of the log. */
const BUSY_TIMEOUT_MS = 5_000;

export interface LedgerOptions {
  /** Holds `ledger.db`, `lock.db` and `holder.json`; made when writing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly mode: "write" | "read";
  /** What others are told about this writer: the tag of its run. */
  readonly holder?: string;
}

/**
 * Opens the ledger in `folder`. Reading never writes, and a folder without a ledger reads as empty. Writing takes the
 * lock until `close` or the end of the process. Throws UsageError when another writer has it, DamageError when
 * the ledger is damaged, InfrastructureError when it is newer than this nightlab or its disk fails.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const path = ledgerPath(options.folder);
  return guardStorage(path, async () =>
    options.mode === "read" ? openToRead(options, path) : openToWrite(options, path),
  );
}

export function ledgerPath(folder: string): string {
  return join(folder, "ledger.db");
}

/** Where a repaired ledger waits to take the place of the damaged one. */
export function repairedPath(folder: string): string {
  return join(folder, "ledger.repaired");
}

function openToRead({ folder }: LedgerOptions, path: string): Ledger {
  // A live writer knows its own log, and a moving log cannot be checked from outside.
  if (currentHolder(folder) === undefined) checkFiles(folder);
  return new ReadOnlyLedger(path);
}

async function openToWrite(options: LedgerOptions, path: string): Promise<Ledger> {
  const { folder, clock, holder = "" } = options;
  mkdirSync(folder, { recursive: true });
  const lock = takeWriterLock(folder, { pid: process.pid, startedAtMs: clock.now(), run: holder });
  try {
    checkFiles(folder); // before SQLite opens it: recovery overwrites what it could not read
    if (sizeOf(path) === undefined) await writeDatabase(path, []);
    return await openDatabase(path, { clock, lock });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Throws for damage that SQLite takes for something else. No file at all is a study that has not begun. */
export function checkFiles(folder: string): void {
  const path = ledgerPath(folder);
  if (sizeOf(repairedPath(folder)) !== undefined) throw damage(path, "a repair of it was cut short");
  const size = sizeOf(path);
  // A ledger gets its name once it has its tables: an empty file was not made by us.
  if (size === 0) throw damage(path, "it is empty");
  if (size === undefined && (sizeOf(`${path}-wal`) ?? 0) > 0)
    throw damage(path, "it is gone, its log is there");
  if (hasTornMiddle(`${path}-wal`)) throw damage(`${path}-wal`, "acknowledged lines in it cannot be read");
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

async function openDatabase(path: string, context: { clock: Clock; lock: WriterLock }): Promise<Ledger> {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    // Normal: SQLite leaves the sync after each transaction to us, who do it without standing still (log-sync.ts).
    database.exec("pragma journal_mode = wal; pragma synchronous = normal");
    if (versionOf(database, path) === 0) throw damage(path, "it holds no tables");
    await migrate(database, path);
    const table = new LineTable(database, path);
    table.checkEnd(); // lines appended after a lost one would hide the loss
    return new SqliteLedger(path, { ...context, database, table });
  } catch (error) {
    database.close();
    throw error;
  }
}

class SqliteLedger implements Ledger {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #lock: WriterLock;
  readonly #database: DatabaseSync;
  readonly #table: LineTable;
  readonly #log: LogSync;
  readonly #waiting: Entry[] = [];
  #writing: Promise<void> | undefined;
  #broken: { readonly cause: unknown } | undefined;
  #isClosed = false;

  constructor(
    path: string,
    parts: { clock: Clock; lock: WriterLock; database: DatabaseSync; table: LineTable },
  ) {
    this.#path = path;
    this.#clock = parts.clock;
    this.#lock = parts.lock;
    this.#database = parts.database;
    this.#table = parts.table;
    this.#log = new LogSync(`${path}-wal`);
  }

  /** Calls made while others are being written wait, and then share one transaction and one sync of the disk. */
  append(events: readonly LedgerEvent[]): Promise<readonly LedgerLine[]> {
    if (this.#isClosed) return Promise.reject(new Error("the ledger is closed"));
    if (events.length === 0) return Promise.resolve([]);
    const appended = new Promise<readonly LedgerLine[]>((resolve, reject) => {
      this.#waiting.push({ events, resolve, reject });
    });
    this.#writing ??= this.#writeAll();
    return appended;
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const entries = this.#waiting.splice(0);
      try {
        await guardStorage(this.#path, async () => {
          if (this.#broken !== undefined) throw this.#broken.cause;
          const acknowledge = this.#table.append(entries, () => this.#clock.now());
          await this.#sync();
          acknowledge();
        });
      } catch (error) {
        for (const { reject } of entries) reject(error);
      }
    }
    this.#writing = undefined;
  }

  /** What a disk did with a sync that failed nobody can tell: nothing is acknowledged after it. */
  async #sync(): Promise<void> {
    try {
      await this.#log.sync();
    } catch (cause) {
      this.#broken = { cause };
      throw cause;
    }
  }

  async read(after: number): Promise<readonly LedgerLine[]> {
    this.#assertOpen();
    return guardStorage(this.#path, async () => this.#table.read(after));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#writing;
      await guardStorage(this.#path, async () => this.#database.close());
    } finally {
      await this.#log.close();
      this.#lock.release(); // last: the next writer must find the log folded into the file
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error("the ledger is closed");
  }
}
