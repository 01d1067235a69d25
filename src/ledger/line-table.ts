/** Reading and appending lines through Kysely. Knows the tables, neither files nor locks. */

import type { Kysely, Transaction } from "kysely";
import type { LedgerEvent, LedgerLine } from "../core/ledger.ts";
import { EMPTY_TIP, lineOf, rowAfter, type Tip, verifyRows } from "./line-row.ts";
import type { LedgerTables, LinesTable } from "./schema.ts";
import { damage } from "./storage-error.ts";

const TIP_ID = 1;
/** Rows of one statement: SQLite takes 32,766 values at most. */
const ROWS_AT_ONCE = 500;
const ROWS_PER_PAGE = 1000;

/** What one caller wants to append, and the way to tell it how that went. */
export interface Entry {
  readonly events: readonly LedgerEvent[];
  readonly resolve: (lines: readonly LedgerLine[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Appends several entries in one transaction, in order. Each is written whole or not at all: one with an event that does
 * not fit the schema is rejected with a ZodError, and the others go on. Gives what to tell the others once it is durable.
 */
export async function appendEntries(
  db: Kysely<LedgerTables>,
  entries: readonly Entry[],
  now: () => number,
): Promise<() => void> {
  return db.transaction().execute(async (transaction) => {
    const before = await readTip(transaction);
    const written: { entry: Entry; rows: LinesTable[] }[] = [];
    let tip = before;
    for (const entry of entries) {
      const rows = rowsOrReason(tip, entry, now);
      if (rows instanceof Error) entry.reject(rows);
      else {
        written.push({ entry, rows });
        tip = rows.at(-1) ?? tip;
      }
    }
    const rows = written.flatMap((one) => one.rows);
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
      await transaction
        .insertInto("lines")
        .values(rows.slice(at, at + ROWS_AT_ONCE))
        .execute();
    if (tip.number > before.number) await writeTip(transaction, tip);
    return () => {
      for (const { entry, rows } of written) entry.resolve(rows.map(lineOf));
    };
  });
}

function rowsOrReason(before: Tip, { events }: Entry, now: () => number): LinesTable[] | Error {
  const rows: LinesTable[] = [];
  try {
    for (const event of events) rows.push(rowAfter(rows.at(-1) ?? before, now(), event));
    return rows;
  } catch (error) {
    return error as Error;
  }
}

/**
 * Verified lines above `after`. The line `after` is read too: the chain goes on from its checksum. Rows are taken a page
 * at a time, so that those of a long ledger are not held beside its lines.
 */
export async function readLines(
  db: Kysely<LedgerTables>,
  after: number,
  path: string,
): Promise<LedgerLine[]> {
  return db.transaction().execute(async (transaction) => {
    const tip = await readTip(transaction);
    const before = after === 0 ? EMPTY_TIP : await rowAt(transaction, after);
    if (before === undefined && tip.number < after) return [];
    if (before === undefined) throw damage(path, `line ${after} is missing`);
    const lines: LedgerLine[] = [];
    let last = before;
    for (let rows = await pageAfter(transaction, last); rows.length > 0; ) {
      for (const line of verifyRows(rows, last, path)) lines.push(line);
      last = rows.at(-1) ?? last;
      rows = await pageAfter(transaction, last);
    }
    if (last.number < tip.number) throw damage(path, `line ${last.number + 1} is missing`);
    if (last.number > tip.number || last.checksum !== tip.checksum)
      throw damage(path, `line ${last.number} is not the line that was written last`);
    return lines;
  });
}

function rowAt(transaction: Transaction<LedgerTables>, number: number): Promise<Tip | undefined> {
  return transaction.selectFrom("lines").selectAll().where("number", "=", number).executeTakeFirst();
}

function pageAfter(transaction: Transaction<LedgerTables>, { number }: Tip): Promise<LinesTable[]> {
  return transaction
    .selectFrom("lines")
    .selectAll()
    .where("number", ">", number)
    .orderBy("number")
    .limit(ROWS_PER_PAGE)
    .execute();
}

/** Throws when the last line is not the one written last. Does not look at the lines before it. */
export async function checkEnd(db: Kysely<LedgerTables>, path: string): Promise<void> {
  const { number } = await readTip(db);
  await readLines(db, number, path);
}

async function readTip(db: Kysely<LedgerTables>): Promise<Tip> {
  const tip = await db
    .selectFrom("tip")
    .select(["number", "checksum"])
    .where("id", "=", TIP_ID)
    .executeTakeFirst();
  return tip ?? EMPTY_TIP;
}

async function writeTip(db: Transaction<LedgerTables>, { number, checksum }: Tip): Promise<void> {
  await db
    .insertInto("tip")
    .values({ id: TIP_ID, number, checksum })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ number, checksum }))
    .execute();
}
