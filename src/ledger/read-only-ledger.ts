/** Reads a ledger that another process may be writing. Never creates or changes a file of its own accord. */

import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { Ledger, LedgerLine } from "../core/ledger.ts";
import { versionOf } from "./database-file.ts";
import { LineTable } from "./line-table.ts";
import { damage, guardStorage } from "./storage-error.ts";

const BUSY_TIMEOUT_MS = 5_000;
const QUIET_ATTEMPTS = 3;

/**
 * Opens the file anew for every read, about a millisecond: so it sees a ledger that appears later, holds no lock between
 * reads, and chooses each time how to open. Without a log the file is opened as immutable, because SQLite would otherwise
 * create a log and its index beside it; with a log those are there already.
 */
export class ReadOnlyLedger implements Ledger {
  readonly #path: string;
  #isClosed = false;

  constructor(path: string) {
    this.#path = path;
  }

  async append(): Promise<never> {
    throw new Error("the ledger was opened for reading");
  }

  async read(after: number): Promise<readonly LedgerLine[]> {
    if (this.#isClosed) throw new Error("the ledger is closed");
    return guardStorage(this.#path, () => this.#read(after));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  async #read(after: number): Promise<LedgerLine[]> {
    for (let attempt = 0; attempt < QUIET_ATTEMPTS; attempt++) {
      const before = stateOf(this.#path);
      if (before === undefined) return [];
      if (before.logBytes > 0) break;
      const result = await settle(readFile(this.#path, after, true));
      // An immutable file is read without locks: what was read counts only if nobody wrote meanwhile.
      if (stateOf(this.#path)?.signature === before.signature) return result();
    }
    return readFile(this.#path, after, false);
  }
}

async function readFile(path: string, after: number, isImmutable: boolean): Promise<LedgerLine[]> {
  const url = pathToFileURL(path);
  if (isImmutable) url.search = "?immutable=1";
  const database = new DatabaseSync(url, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    if (versionOf(database, path) === 0) throw damage(path, "it holds no tables");
    return new LineTable(database, path).read(after);
  } finally {
    database.close();
  }
}

function stateOf(path: string): { signature: string; logBytes: number } | undefined {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (file === undefined) return undefined;
  const logBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  return { signature: `${file.ino} ${file.size} ${file.mtimeNs} ${logBytes}`, logBytes };
}

/** The result or failure of `work`, to be taken when it is known to count. */
async function settle<Result>(work: Promise<Result>): Promise<() => Result> {
  try {
    const result = await work;
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
