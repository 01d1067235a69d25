import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Generated, Kysely, sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeSqliteDialect } from "../../src/ledger/node-sqlite-dialect.ts";

interface Tables {
  notes: { id: Generated<number>; text: string };
}

let database: DatabaseSync;
let db: Kysely<Tables>;

beforeEach(async () => {
  database = new DatabaseSync(":memory:");
  db = new Kysely<Tables>({ dialect: new NodeSqliteDialect(database) });
  await sql`create table notes (id integer primary key, text text not null unique)`.execute(db);
});

afterEach(async () => {
  await db.destroy();
});

const texts = async () =>
  (await db.selectFrom("notes").select("text").orderBy("id").execute()).map(({ text }) => text);

describe("Kysely on the SQLite inside Node", () => {
  it("gives rows to questions, and counts and ids to changes", async () => {
    const inserted = await db
      .insertInto("notes")
      .values([{ text: "a" }, { text: "b" }])
      .executeTakeFirstOrThrow();
    expect(inserted.insertId).toBe(2n);
    expect(inserted.numInsertedOrUpdatedRows).toBe(2n);
    expect(await texts()).toEqual(["a", "b"]);
    const deleted = await db.deleteFrom("notes").where("text", "=", "a").executeTakeFirstOrThrow();
    expect(deleted.numDeletedRows).toBe(1n);
    const back = await db.insertInto("notes").values({ text: "c" }).returning("id").executeTakeFirstOrThrow();
    expect(back.id).toBe(3);
  });

  it("commits a transaction that succeeds and takes back one that fails", async () => {
    await db.transaction().execute((one) => one.insertInto("notes").values({ text: "kept" }).execute());
    const failing = db.transaction().execute(async (one) => {
      await one.insertInto("notes").values({ text: "lost" }).execute();
      expect(database.isTransaction).toBe(true);
      throw new Error("changed my mind");
    });
    await expect(failing).rejects.toThrow("changed my mind");
    expect(database.isTransaction).toBe(false);
    expect(await texts()).toEqual(["kept"]);
  });

  it("reports the first failure where SQLite has already rolled back by itself", async () => {
    await db.insertInto("notes").values({ text: "a" }).execute();
    const failing = db.transaction().execute(async (one) => {
      await one.insertInto("notes").values({ text: "b" }).execute();
      await sql`insert or rollback into notes (text) values ('a')`.execute(one);
    });
    await expect(failing).rejects.toThrow(/UNIQUE/);
    expect(await texts()).toEqual(["a"]);
  });

  it("streams rows one by one, undisturbed by the same question asked meanwhile", async () => {
    await db
      .insertInto("notes")
      .values([{ text: "a" }, { text: "b" }, { text: "c" }])
      .execute();
    const question = db.selectFrom("notes").select("text").where("text", ">=", "b").orderBy("id");
    const connection = new NodeSqliteDialect(database).createDriver();
    await connection.init?.();
    const lent = await connection.acquireConnection();
    const seen: unknown[] = [];
    for await (const { rows } of lent.streamQuery<{ text: string }>(question.compile(), 1)) {
      expect(rows).toHaveLength(1);
      seen.push(rows[0]?.text);
      const again = await lent.executeQuery<{ text: string }>(question.compile());
      expect(again.rows.map(({ text }) => text)).toEqual(["b", "c"]);
    }
    expect(seen).toEqual(["b", "c"]);
  });

  it("prepares a statement once, and lets go of all when there are 200", async () => {
    const prepared: string[] = [];
    const prepare = database.prepare.bind(database);
    database.prepare = (text) => {
      prepared.push(text);
      return prepare(text);
    };
    const ask = (number: number) => sql.raw(`select ${number}`).execute(db);
    await ask(0);
    await ask(0);
    expect(prepared).toEqual(["select 0"]);
    // The table's own statement is the first of the 200.
    for (let number = 1; number <= 198; number++) await ask(number);
    await ask(0);
    expect(prepared).toHaveLength(199);
    await ask(199);
    await ask(0);
    expect(prepared.slice(199)).toEqual(["select 199", "select 0"]);
  });

  it("knows the tables there are", async () => {
    expect((await db.introspection.getTables()).map(({ name }) => name)).toEqual(["notes"]);
  });

  it("closes the database when it is destroyed, even if that was closed before", async () => {
    await db.destroy();
    expect(database.isOpen).toBe(false);
    const folder = mkdtempSync(join(tmpdir(), "dialect-"));
    const other = new DatabaseSync(join(folder, "x.db"));
    const again = new Kysely<Tables>({ dialect: new NodeSqliteDialect(other) });
    await sql`select 1`.execute(again);
    other.close();
    await again.destroy();
    rmSync(folder, { recursive: true });
  });
});
