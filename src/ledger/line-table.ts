/** Reading and appending lines in SQL. Knows the tables, neither files nor locks; loads no query builder. */

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { LedgerEvent, LedgerLine } from "../core/ledger.ts";
import { type ChainedRow, EMPTY_TIP, lineOf, rowAfter, type Tip, verifyRows } from "./line-row.ts";
import type { LinesTable } from "./schema.ts";
import { damage } from "./storage-error.ts";

const TIP_ID = 1;
const ROWS_PER_PAGE = 1000;

const CHAINED_COLUMNS = [
  "number",
  "at_ms",
  "kind",
  "experiment",
  "event",
  "checksum",
] as const satisfies readonly (keyof ChainedRow)[];
const COLUMNS = [...CHAINED_COLUMNS, "own_checksum"] as const satisfies readonly (keyof LinesTable)[];
/** Reads tables of any version: only a repair looks at the own checksum of a row. */
const SELECT = `select ${CHAINED_COLUMNS.join(", ")} from lines`;
const INSERT = `insert into lines (${COLUMNS.join(", ")}) values (${COLUMNS.map(() => "?").join(", ")})`;

/** What one caller wants to append, and the way to tell it how that went. */
export interface Entry {
  readonly events: readonly LedgerEvent[];
  readonly resolve: (lines: readonly LedgerLine[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The statements of one open database, prepared when they are first needed. */
export class LineTable {
  readonly #database: DatabaseSync;
  readonly #path: string;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  readonly #prepared = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  /**
   * Appends several entries in one transaction, in order. Each is written whole or not at all: one with an event that does
   * not fit the schema is rejected with a ZodError, and the others go on. Gives what to tell the others once it is durable.
   */
  append(entries: readonly Entry[], now: () => number): () => void {
    return this.#inTransaction("begin immediate", () => {
      const written: { entry: Entry; rows: LinesTable[] }[] = [];
      let tip = this.#tip();
      for (const entry of entries) {
        const rows = rowsOrReason(tip, entry, now);
        if (rows instanceof Error) entry.reject(rows);
        else written.push({ entry, rows });
        if (!(rows instanceof Error)) tip = rows.at(-1) ?? tip;
      }
      const rows = written.flatMap((one) => one.rows);
      this.#insert(rows);
      if (rows.length > 0) this.#writeTip(tip);
      return () => {
        for (const { entry, rows } of written) entry.resolve(rows.map(lineOf));
      };
    });
  }

  /** Puts rows whose chain is right into empty tables, all or none. */
  fill(rows: readonly LinesTable[]): void {
    this.#inTransaction("begin immediate", () => {
      this.#insert(rows);
      this.#writeTip(rows.at(-1) ?? EMPTY_TIP);
    });
  }

  /**
   * Verified lines above `after`. The line `after` is read too: the chain goes on from its checksum. Rows are taken a
   * page at a time, so that those of a long ledger are not held beside its lines.
   */
  read(after: number): LedgerLine[] {
    return this.#inTransaction("begin", () => {
      const tip = this.#tip();
      const before = after === 0 ? EMPTY_TIP : this.#rows(`${SELECT} where number = ?`, after)[0];
      if (before === undefined && tip.number < after) return [];
      if (before === undefined) throw damage(this.#path, `line ${after} is missing`);
      const lines: LedgerLine[] = [];
      let last: Tip = before;
      for (let rows = this.#pageAfter(last); rows.length > 0; rows = this.#pageAfter(last)) {
        for (const line of verifyRows(rows, last, this.#path)) lines.push(line);
        last = rows.at(-1) ?? last;
      }
      if (last.number < tip.number) throw damage(this.#path, `line ${last.number + 1} is missing`);
      if (last.number > tip.number || last.checksum !== tip.checksum)
        throw damage(this.#path, `line ${last.number} is not the line that was written last`);
      return lines;
    });
  }

  /** Throws when the last line is not the one written last. Does not look at the lines before it. */
  checkEnd(): void {
    this.read(this.#tip().number);
  }

  #insert(rows: readonly LinesTable[]): void {
    const insert = this.#prepare(INSERT);
    for (const row of rows) insert.run(...COLUMNS.map((name) => row[name]));
  }

  #pageAfter({ number }: Tip): ChainedRow[] {
    return this.#rows(`${SELECT} where number > ? order by number limit ${ROWS_PER_PAGE}`, number);
  }

  /** Made here, rows are objects of one shape; those that SQLite would make take three times as long. */
  #rows(sql: string, ...parameters: SQLInputValue[]): ChainedRow[] {
    const statement = this.#prepare(sql);
    statement.setReturnArrays(true);
    return (statement.all(...parameters) as unknown as unknown[][]).map(
      ([number, at_ms, kind, experiment, event, checksum]) =>
        ({ number, at_ms, kind, experiment, event, checksum }) as ChainedRow,
    );
  }

  #tip(): Tip {
    const tip = this.#prepare("select number, checksum from tip where id = ?").get(TIP_ID);
    return tip === undefined ? EMPTY_TIP : (tip as unknown as Tip);
  }

  #writeTip({ number, checksum }: Tip): void {
    const sql = `insert into tip (id, number, checksum) values (?, ?, ?)
      on conflict (id) do update set number = excluded.number, checksum = excluded.checksum`;
    this.#prepare(sql).run(TIP_ID, number, checksum);
  }

  #inTransaction<Result>(begin: string, work: () => Result): Result {
    this.#prepare(begin).run();
    try {
      const result = work();
      this.#prepare("commit").run();
      return result;
    } catch (error) {
      // SQLite has already rolled back by itself after some failures, a full disk among them.
      if (this.#database.isTransaction) this.#prepare("rollback").run();
      throw error;
    }
  }

  #prepare(sql: string): ReturnType<DatabaseSync["prepare"]> {
    const ready = this.#prepared.get(sql) ?? this.#database.prepare(sql);
    this.#prepared.set(sql, ready);
    return ready;
  }
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
