/** Makes the file of the ledger and brings older ones up to date. Knows tables and files, no lines and no locks. */

import { renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { syncPath } from "./durable-files.ts";
import { newerWriter } from "./line-row.ts";
import { LineTable } from "./line-table.ts";
import { type LinesTable, migrations, SCHEMA_VERSION } from "./schema.ts";
import { damage } from "./storage-error.ts";

/** Versions beyond this are not from a newer nightlab: a bit has fallen over. */
const LAST_CREDIBLE_VERSION = 1000;

/** Asks one pragma when nothing is to do: the Migrator takes many times the rest of opening. */
export async function migrate(database: DatabaseSync, path: string): Promise<void> {
  if (versionOf(database, path) === SCHEMA_VERSION) return;
  const [{ Kysely }, { Migrator }, { NodeSqliteDialect }] = await Promise.all([
    import("kysely"),
    import("kysely/migration"),
    import("./node-sqlite-dialect.ts"),
  ]);
  const db = new Kysely<unknown>({ dialect: new NodeSqliteDialect(database) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  database.exec(`pragma user_version = ${SCHEMA_VERSION}`);
}

/** Version of the tables; 0 before there are any. Throws for a file of a newer nightlab. */
export function versionOf(database: DatabaseSync, path: string): number {
  const version = Number(database.prepare("pragma user_version").get()?.user_version);
  if (version > LAST_CREDIBLE_VERSION || version < 0) throw damage(path, `its version reads ${version}`);
  if (version > SCHEMA_VERSION) throw newerWriter(path, `its tables are of version ${version}`);
  return version;
}

/** A database at `path` that holds `rows`, and is complete and on disk before it has that name. */
export async function writeDatabase(path: string, rows: readonly LinesTable[]): Promise<void> {
  const draft = `${path}.new`;
  for (const end of ["", "-journal", "-wal", "-shm"]) rmSync(`${draft}${end}`, { force: true });
  const database = new DatabaseSync(draft);
  try {
    database.exec("pragma journal_mode = memory; pragma synchronous = off"); // synced once, as a whole, below
    await migrate(database, draft);
    new LineTable(database, draft).fill(rows);
  } finally {
    database.close();
  }
  syncPath(draft);
  renameSync(draft, path);
  syncPath(dirname(path));
}
