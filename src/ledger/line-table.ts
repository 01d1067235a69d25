/** Reading and appending lines through Kysely. Knows the tables, neither files nor locks. */

import type { Kysely, Transaction } from "kysely";
import type { LedgerEvent, LedgerLine } from "../core/ledger.ts";
import { EMPTY_TIP, lineOf, rowAfter, type Tip, verifyRows } from "./line-row.ts";
import type { LedgerTables, LinesTable } from "./schema.ts";
import { damage } from "./storage-error.ts";

const TIP_ID = 1;
/** Rows of one statement: SQLite takes 32,766 values at most. */
const ROWS_AT_ONCE = 500;

/** Appends all events or none. Throws a ZodError, having written nothing, when an event does not fit the schema. */
export async function appendLines(
  db: Kysely<LedgerTables>,
  events: readonly LedgerEvent[],
  now: () => number,
): Promise<LedgerLine[]> {
  return db.transaction().execute(async (transaction) => {
    const lines: LedgerLine[] = [];
    let tip = await readTip(transaction);
    for (const event of events) {
      const row = rowAfter(tip, now(), event);
      await transaction.insertInto("lines").values(row).execute();
      lines.push(lineOf(row));
      tip = row;
    }
    await writeTip(transaction, tip);
    return lines;
  });
}

/** Puts rows whose chain is right into empty tables, all or none. */
export async function insertRows(db: Kysely<LedgerTables>, rows: readonly LinesTable[]): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
      await transaction
        .insertInto("lines")
        .values(rows.slice(at, at + ROWS_AT_ONCE))
        .execute();
    await writeTip(transaction, rows.at(-1) ?? EMPTY_TIP);
  });
}

/** Verified lines above `after`. The line `after` is read too: the chain goes on from its checksum. */
export async function readLines(
  db: Kysely<LedgerTables>,
  after: number,
  path: string,
): Promise<LedgerLine[]> {
  const { rows, tip } = await db.transaction().execute(async (transaction) => ({
    rows: await transaction
      .selectFrom("lines")
      .selectAll()
      .where("number", ">=", after)
      .orderBy("number")
      .execute(),
    tip: await readTip(transaction),
  }));
  if (rows.length === 0 && tip.number < after) return [];
  const start = after === 0 ? EMPTY_TIP : rows[0];
  if (start?.number !== after) throw damage(path, `line ${after} is missing`);
  const lines = verifyRows(after === 0 ? rows : rows.slice(1), start, path);
  const last = rows.at(-1) ?? EMPTY_TIP;
  if (last.number < tip.number) throw damage(path, `line ${last.number + 1} is missing`);
  if (last.number > tip.number || last.checksum !== tip.checksum)
    throw damage(path, `line ${last.number} is not the line that was written last`);
  return lines;
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
