/** What a ledger is at, cheaply: for those who keep something made from it. Reads no line and checks none. */

import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

/** The last line by number and chained checksum: ledgers that agree in both hold the same lines. */
export interface TipMark {
  readonly number: number;
  readonly checksum: number;
}

/** The tip that is recorded in `folder` now; undefined where that cannot be told. Changes nothing. */
export function tipMark(folder: string): TipMark | undefined {
  const url = pathToFileURL(join(folder, "ledger.db"));
  // Without a log SQLite would create one, and its index, beside the file (read-only-ledger.ts).
  if (logBytesOf(folder) === 0) url.search = "?immutable=1";
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(url, { readOnly: true });
    return database.prepare("select number, checksum from tip").get() as unknown as TipMark | undefined;
  } catch {
    return undefined; // busy, damaged, of an unknown kind or not there: who reads it in full will say
  } finally {
    database?.close();
  }
}

/** Changes when anybody writes the file of the ledger. Undefined while lines are in the log, and before a repair is done. */
export function restingMark(folder: string): string | undefined {
  const isAtRest = logBytesOf(folder) === 0 && sizeOf(join(folder, "ledger.repaired")) === undefined;
  const file = statSync(join(folder, "ledger.db"), { bigint: true, throwIfNoEntry: false });
  return isAtRest && file !== undefined
    ? `${file.ino} ${file.size} ${file.mtimeNs} ${file.ctimeNs}`
    : undefined;
}

function logBytesOf(folder: string): number {
  return sizeOf(join(folder, "ledger.db-wal")) ?? 0;
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
