/** What can still be read of a damaged ledger, line by line. Reads bytes; asks SQLite only what was written last. */

import { existsSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { LedgerLine } from "../core/ledger.ts";
import { EMPTY_TIP, follows, isWhole, parseRow } from "./line-row.ts";
import { scanRows } from "./row-scan.ts";
import type { LinesTable } from "./schema.ts";

/** More lines than this are not lost from the end: their number itself is damaged. */
const MOST_LOST_AT_END = 1_000_000;

export interface Salvage {
  /** Lines whose checksum holds, by number, with gaps where others were. */
  readonly lines: readonly LedgerLine[];
  /** Numbers up to the last one that was written, as far as that is known, of which nothing whole is left. */
  readonly lost: readonly number[];
  /** What is left of altered rows, for people to look at. */
  readonly altered: readonly LinesTable[];
}

/** Reads the ledger at `path` and its log. Throws InfrastructureError when a newer nightlab wrote a line of it. */
export function salvage(path: string): Salvage {
  const copies = new Map<number, LinesTable[]>();
  for (const row of scanRows(readIfThere(path), readIfThere(`${path}-wal`))) {
    const known = copies.get(row.number) ?? [];
    if (!known.some((other) => isSame(other, row))) copies.set(row.number, [...known, row]);
  }
  const whole = wholeRows(copies);
  const readable = [...whole.keys()].reduce((highest, number) => Math.max(highest, number), 0);
  const written = lastWritten(path);
  const last = written > readable + MOST_LOST_AT_END ? readable : Math.max(readable, written);
  const numbers = Array.from({ length: last }, (_, index) => index + 1);
  return {
    lines: numbers.flatMap((number) => {
      const row = whole.get(number);
      return row === undefined ? [] : [parseRow(row, path)];
    }),
    lost: numbers.filter((number) => !whole.has(number)),
    altered: [...copies].flatMap(([number, rows]) => (whole.has(number) ? [] : rows)),
  };
}

/**
 * One whole row per number. There can be two where a write was taken back and its bytes stayed: the one that the line
 * after it goes on from is right, and of the last ones the first found, since the file is looked at before the log.
 */
function wholeRows(copies: ReadonlyMap<number, readonly LinesTable[]>): Map<number, LinesTable> {
  const chosen = new Map<number, LinesTable>();
  for (const number of [...copies.keys()].sort((left, right) => left - right)) {
    const before = number === 1 ? [EMPTY_TIP] : (copies.get(number - 1) ?? []);
    const after = copies.get(number + 1) ?? [];
    const whole = (copies.get(number) ?? []).filter(
      (row) => isWhole(row) || before.some(({ checksum }) => follows(row, checksum)),
    );
    const previous = chosen.get(number - 1);
    const linked = whole.filter((row) => previous === undefined || follows(row, previous.checksum));
    const candidates = linked.length > 0 ? linked : whole;
    const row = candidates.find(({ checksum }) => after.some((next) => follows(next, checksum)));
    const best = row ?? candidates[0];
    if (best !== undefined) chosen.set(number, best);
  }
  return chosen;
}

function isSame(left: LinesTable, right: LinesTable): boolean {
  return (
    left.checksum === right.checksum &&
    left.own_checksum === right.own_checksum &&
    left.at_ms === right.at_ms &&
    left.kind === right.kind &&
    left.experiment === right.experiment &&
    left.event === right.event
  );
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

/** The number of the last line as the tip table tells it; 0 when it cannot be read. */
function lastWritten(path: string): number {
  let database: DatabaseSync | undefined;
  const url = pathToFileURL(path);
  if (!existsSync(`${path}-wal`)) url.search = "?immutable=1"; // SQLite would make a log otherwise
  try {
    database = new DatabaseSync(url, { readOnly: true });
    const number = database.prepare("select number from tip").get()?.number;
    return typeof number === "number" ? number : 0;
  } catch {
    return 0; // nothing in a damaged file is sure to be readable; the lines themselves tell enough
  } finally {
    database?.close();
  }
}
