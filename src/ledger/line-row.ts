/** A ledger line as a table row and back: schema at the edge, chained checksum. Knows no database. */

import { crc32 } from "node:zlib";
import { z } from "zod";
import { InfrastructureError } from "../core/errors.ts";
import { type LedgerEvent, type LedgerLine, ledgerEventSchema } from "../core/ledger.ts";
import { quickCheck } from "./fits.ts";
import type { LinesTable } from "./schema.ts";
import { damage } from "./storage-error.ts";

/** The end of the chain: number and checksum of the last line. */
export interface Tip {
  readonly number: number;
  readonly checksum: number;
}

/** A row as far as the chain goes over it: all that tables of the first version have. */
export type ChainedRow = Omit<LinesTable, "own_checksum">;

export const EMPTY_TIP: Tip = { number: 0, checksum: 0 };

/** Saves half of the time that a long ledger takes to read. */
const fitsQuickly = quickCheck(ledgerEventSchema);

const knownKinds: ReadonlySet<string> = new Set(
  ledgerEventSchema.options.map((option) => option.shape.kind.value),
);

/** The row that follows `tip`. Throws a ZodError for an event that does not satisfy the schema: a bug of the caller. */
export function rowAfter(tip: Tip, atMs: number, event: LedgerEvent): LinesTable {
  const valid = ledgerEventSchema.parse(event);
  const experiment = "experiment" in valid ? (valid.experiment ?? null) : null;
  const row = {
    number: tip.number + 1,
    at_ms: atMs,
    kind: valid.kind,
    experiment,
    event: JSON.stringify(valid),
  };
  return { ...row, checksum: checksumOf(row, tip.checksum), own_checksum: checksumOf(row, 0) };
}

/** True when the row is what was written, by itself alone. Rows of the first version cannot tell: false. */
export function isWhole(row: LinesTable): boolean {
  return row.own_checksum !== null && row.own_checksum === checksumOf(row, 0);
}

/** True when the row is what was written after a row with the checksum `previous`. */
export function follows(row: ChainedRow, previous: number): boolean {
  // Damage may be anything, also a number where text was.
  const isChecksum = Number.isInteger(previous) && previous >= 0 && previous <= 0xffff_ffff;
  return isChecksum && typeof row.event === "string" && row.checksum === checksumOf(row, previous);
}

/** The line in a row whose text this process wrote or has verified. */
export function lineOf(row: ChainedRow): LedgerLine {
  return { number: row.number, atMs: row.at_ms, event: JSON.parse(row.event) as LedgerEvent };
}

/** Verifies the rows that follow `tip` and returns their lines. Throws DamageError naming the line at fault. */
export function verifyRows(rows: readonly ChainedRow[], tip: Tip, path: string): LedgerLine[] {
  let last = tip;
  return rows.map((row) => {
    const expected = last.number + 1;
    if (row.number !== expected) throw damage(path, `line ${expected} is missing`);
    if (!follows(row, last.checksum)) throw damage(path, `line ${expected} was altered`);
    last = row;
    return parseRow(row, path);
  });
}

/** The line in a row whose checksum holds. Throws InfrastructureError when only a newer nightlab can have written it. */
export function parseRow(row: ChainedRow, path: string): LedgerLine {
  if (!knownKinds.has(row.kind))
    throw newerWriter(path, `line ${row.number} is of the unknown kind "${row.kind}"`);
  const event = parseJson(row, path);
  if (fitsQuickly(event)) return { number: row.number, atMs: row.at_ms, event: event as LedgerEvent };
  const parsed = ledgerEventSchema.safeParse(event);
  // The schema only checks; its copies, kept for a long ledger, would double the time to read it.
  if (parsed.success) return { number: row.number, atMs: row.at_ms, event: event as LedgerEvent };
  throw damage(path, `line ${row.number} (${row.kind}) does not fit: ${z.prettifyError(parsed.error)}`);
}

/** For what only a later version can have written; its checksum is right, so it is not damage. */
export function newerWriter(path: string, what: string): InfrastructureError {
  return new InfrastructureError(
    `${path} was written by a newer nightlab: ${what}. Update nightlab, then continue`,
  );
}

function parseJson(row: ChainedRow, path: string): unknown {
  try {
    return JSON.parse(row.event);
  } catch (error) {
    throw damage(path, `line ${row.number} is not JSON`, error);
  }
}

/** CRC-32 finds every change of up to 32 neighbouring bits. It is against rot, not against forgery. */
function checksumOf(row: Omit<ChainedRow, "checksum">, previous: number): number {
  const { number, at_ms, kind, experiment, event } = row;
  // In three parts: joined they would be copied first.
  return crc32("\n", crc32(event, crc32(`${number}\n${at_ms}\n${kind}\n${experiment ?? ""}\n`, previous)));
}
