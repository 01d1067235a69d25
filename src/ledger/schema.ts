/** Tables of the ledger and how they came to be. Portable SQL only: no dialect may be seen here. */

import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** One row per line, never updated. `kind` and `experiment` repeat what is in `event`, to be searched by. */
export interface LinesTable {
  number: number;
  at_ms: number;
  kind: string;
  experiment: string | null;
  /** JSON text of the event. */
  event: string;
  /** CRC-32 of this row, chained over all rows before it. */
  checksum: number;
  /** CRC-32 of this row alone: tells a whole row whose neighbours are lost. Null in rows of the first version. */
  own_checksum: number | null;
}

/** Steps by name, in order; only ever add. Each may meet its own half-done work (SQLite steps are not transactional). */
export const migrations: Readonly<Record<string, Migration>> = {
  "0001_lines": { up: createLines },
  "0002_own_checksum": { up: addOwnChecksum },
};

export const SCHEMA_VERSION = Object.keys(migrations).length;

async function createLines(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("lines")
    .ifNotExists()
    .addColumn("number", "integer", (column) => column.primaryKey())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("experiment", "text")
    .addColumn("event", "text", (column) => column.notNull())
    .addColumn("checksum", "bigint", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("lines_by_experiment").ifNotExists().on("lines").column("experiment").execute();
  // One row (`id` 1) that repeats the last line: rows lost from the end by damage would otherwise go unseen.
  await db.schema
    .createTable("tip")
    .ifNotExists()
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("checksum", "bigint", (column) => column.notNull())
    .execute();
}

async function addOwnChecksum(db: Kysely<unknown>): Promise<void> {
  const tables = await db.introspection.getTables();
  const columns = tables.find(({ name }) => name === "lines")?.columns ?? [];
  if (columns.some(({ name }) => name === "own_checksum")) return; // killed after this step, before it was noted
  await db.schema.alterTable("lines").addColumn("own_checksum", "bigint").execute();
}
