import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InfrastructureError, UsageError } from "../../src/core/errors.ts";
import type { LedgerEvent } from "../../src/core/ledger.ts";
import { newerWriter } from "../../src/ledger/line-row.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { currentHolder, takeWriterLock } from "../../src/ledger/writer-lock.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvent, sampleEvents } from "../../src/testing/sample-events.ts";

const clock = new FakeClock(77);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ledger-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const path = () => join(folder, "ledger.db");
const open = (mode: "read" | "write", at = folder) => openLedger({ folder: at, clock, mode });

function query(sql: string): unknown[] {
  const database = new DatabaseSync(path());
  const rows = sql.startsWith("select") || sql.startsWith("pragma") ? database.prepare(sql).all() : [];
  if (rows.length === 0) database.exec(sql);
  database.close();
  return rows.map((row) => ({ ...row }));
}

async function write(events: readonly LedgerEvent[]): Promise<void> {
  const ledger = await open("write");
  await ledger.append(events);
  await ledger.close();
}

/** A folder as a killed writer leaves it after `count` appends, with the log not yet folded into the file. */
async function killedAfter(count: number): Promise<{ folder: string; log: string }> {
  const ledger = await open("write");
  for (let index = 0; index < count; index++) await ledger.append([sampleEvent(`line ${index}`)]);
  const killed = join(folder, "killed");
  mkdirSync(killed);
  for (const name of ["ledger.db", "ledger.db-wal"]) copyFileSync(join(folder, name), join(killed, name));
  await ledger.close();
  return { folder: killed, log: join(killed, "ledger.db-wal") };
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => "no failure",
    (error: unknown) => error,
  );

describe("a log damaged in its middle", () => {
  it("stops reader and writer, and stays as it is for whoever repairs it", async () => {
    const killed = await killedAfter(8);
    const bytes = readFileSync(killed.log);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(killed.log, bytes);
    for (const mode of ["read", "write"] as const) {
      const failure = await failureOf(open(mode, killed.folder));
      expect(String(failure)).toContain(`${killed.log} is damaged: acknowledged lines in it cannot be read`);
    }
    expect(readFileSync(killed.log).equals(bytes)).toBe(true);
    expect(currentHolder(killed.folder)).toBeUndefined();
  });

  it("is not sought while a writer lives: its log moves", async () => {
    const writer = await open("write");
    for (let index = 0; index < 8; index++) await writer.append([sampleEvent(`line ${index}`)]);
    const log = `${path()}-wal`;
    const whole = readFileSync(log);
    const bytes = Buffer.from(whole);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(log, bytes);
    const reader = await open("read");
    writeFileSync(log, whole);
    expect(await reader.read(0)).toHaveLength(8);
    await writer.close();
  });
});

describe("an opening that fails", () => {
  it("gives the lock back, so that the repaired ledger opens in the same process", async () => {
    await write([sampleEvent("a")]);
    query("pragma user_version = 99");
    await expect(open("write")).rejects.toThrow(
      `${path()} was written by a newer nightlab: its tables are of version 99`,
    );
    await expect((await open("read")).read(0)).rejects.toThrow(
      "its tables are of version 99. Update nightlab, then continue",
    );
    expect(currentHolder(folder)).toBeUndefined();
    query("pragma user_version = 1");
    const ledger = await open("write");
    expect(await ledger.read(0)).toHaveLength(1);
    await ledger.close();
  });

  it("reports what a migration ran into", async () => {
    await write([sampleEvent("a")]);
    toFirstVersion("alter table lines rename to other; create view lines as select 1");
    const failure = await failureOf(open("write"));
    expect(String(failure)).toContain("Cannot add a column to a view");
    expect(query("pragma user_version")).toEqual([{ user_version: 1 }]);
    expect(currentHolder(folder)).toBeUndefined();
  });

  it("because a first writer was killed before the tables had their name does not stop the next one", async () => {
    writeFileSync(`${path()}.new`, "half written");
    expect(await (await open("read")).read(0)).toEqual([]);
    await write([sampleEvent("a")]);
    expect(await (await open("read")).read(0)).toHaveLength(1);
    expect(readdirSync(folder)).not.toContain("ledger.db.new");
  });

  it("of tables that no version made is damage, to reader and writer", async () => {
    query("create table lines (number integer)");
    for (const mode of ["read", "write"] as const) {
      const failure = await failureOf(open(mode).then((ledger) => ledger.read(0)));
      expect(failure).toMatchObject({ message: `${path()} is damaged: it holds no tables` });
    }
    expect(currentHolder(folder)).toBeUndefined();
  });
});

/** Makes the ledger one of the first version, as far as `sql` and its record of migrations tell. */
function toFirstVersion(sql: string): void {
  query(`delete from kysely_migration where name like '0002%'; pragma user_version = 1; ${sql}`);
}

describe("a ledger of the first version", () => {
  it("is read as it is, and brought up to date by a writer", async () => {
    await write([sampleEvent("a"), sampleEvent("b")]);
    toFirstVersion("alter table lines drop column own_checksum");
    const before = readFileSync(path());
    expect(await (await open("read")).read(0)).toHaveLength(2);
    expect(await (await open("read")).read(1)).toHaveLength(1);
    expect(readFileSync(path()).equals(before)).toBe(true);
    await write([sampleEvent("c")]);
    expect(query("pragma user_version")).toEqual([{ user_version: 2 }]);
    expect(query("select own_checksum is null as is_old from lines order by number")).toEqual([
      { is_old: 1 },
      { is_old: 1 },
      { is_old: 0 },
    ]);
    expect(await (await open("read")).read(0)).toHaveLength(3);
  });

  it("whose migration was cut short before it was noted gets the rest", async () => {
    await write([sampleEvent("a")]);
    toFirstVersion("");
    expect(query("pragma user_version")).toEqual([{ user_version: 1 }]);
    await write([sampleEvent("b")]);
    expect(query("pragma user_version")).toEqual([{ user_version: 2 }]);
    expect(await (await open("read")).read(0)).toHaveLength(2);
  });
});

describe("what is written", () => {
  it("repeats kind and experiment beside the event, indexed for searching", async () => {
    await write(sampleEvents);
    const wanted = sampleEvents.map((event) => ({
      kind: event.kind,
      experiment: "experiment" in event ? (event.experiment ?? null) : null,
    }));
    expect(query("select kind, experiment from lines order by number")).toEqual(wanted);
    expect(wanted.some(({ experiment }) => experiment !== null)).toBe(true);
    expect(
      query("select name from sqlite_schema where type = 'index' and tbl_name = 'lines'"),
    ).toContainEqual({
      name: "lines_by_experiment",
    });
  });

  it("is not touched by an append of nothing", async () => {
    const ledger = await open("write");
    await ledger.append([sampleEvent("a")]);
    const before = readFileSync(`${path()}-wal`);
    expect(await ledger.append([])).toEqual([]);
    expect(readFileSync(`${path()}-wal`).equals(before)).toBe(true);
    await ledger.close();
  });

  it("is named by the tag of the run, by nothing where none was given", async () => {
    const ledger = await openLedger({ folder, clock, mode: "write", holder: "night-7" });
    expect(currentHolder(folder)).toEqual({ pid: process.pid, startedAtMs: 77, run: "night-7" });
    await ledger.close();
    const other = await open("write");
    expect(currentHolder(folder)).toMatchObject({ run: "" });
    await other.close();
    expect(readdirSync(folder)).not.toContain("holder.json");
  });
});

/** Replaces the only line by one with this kind and text, its checksum right. */
function forge(kind: string, event: string): void {
  const checksum = crc32(`1\n77\n${kind}\n\n${event}\n`, 0);
  query(`update lines set kind = '${kind}', event = '${event}', checksum = ${checksum};
    update tip set checksum = ${checksum}`);
}

describe("lines that carry the right checksum", () => {
  it("are damage where they are no JSON or do not fit the schema", async () => {
    await write([sampleEvent("a")]);
    forge("warning", "{nonsense");
    await expect((await open("read")).read(0)).rejects.toThrow(/damaged: line 1 is not JSON/);
    forge("warning", '{"kind":"warning"}');
    await expect((await open("read")).read(0)).rejects.toThrow(
      /damaged: line 1 \(warning\) does not fit: .*expected string/s,
    );
  });

  it("are damage where they are not the ones written last", async () => {
    await write([sampleEvent("a"), sampleEvent("b")]);
    query("update tip set checksum = checksum + 1");
    await expect((await open("read")).read(0)).rejects.toThrow(
      "line 2 is not the line that was written last",
    );
    query("update tip set checksum = checksum - 1, number = 1");
    await expect((await open("read")).read(0)).rejects.toThrow(
      "line 2 is not the line that was written last",
    );
    await expect(open("write")).rejects.toThrow("damaged");
  });

  it("of a newer version say how to go on", () => {
    expect(newerWriter("/x", "it is odd")).toBeInstanceOf(InfrastructureError);
    expect(newerWriter("/x", "it is odd").message).toBe(
      "/x was written by a newer nightlab: it is odd. Update nightlab, then continue",
    );
  });
});

describe("a reader", () => {
  it("refuses work after it was closed", async () => {
    await write([sampleEvent("a")]);
    const reader = await open("read");
    expect(await reader.read(0)).toHaveLength(1);
    await reader.close();
    await reader.close();
    await expect(reader.read(0)).rejects.toThrow("the ledger is closed");
  });

  it("leaves no file open behind it", async () => {
    await write([sampleEvent("a")]);
    const reader = await open("read");
    const descriptors = () => readdirSync("/proc/self/fd").length;
    await reader.read(0);
    const before = descriptors();
    for (let read = 0; read < 20; read++) await reader.read(0);
    expect(descriptors()).toBeLessThan(before + 10);
  });

  it("takes an empty file and one whose tables are gone as damaged", async () => {
    writeFileSync(path(), "");
    await expect(open("read")).rejects.toThrow(`${path()} is damaged: it is empty`);
    rmSync(path());
    await write([]);
    query("drop table tip");
    await expect((await open("read")).read(0)).rejects.toThrow(`${path()} is damaged: no such table: tip`);
  });
});

describe("the writer lock", () => {
  const holder = { pid: process.pid, startedAtMs: 5, run: "night-1" };

  it("may be released twice, and the second time takes nothing from the next writer", () => {
    const first = takeWriterLock(folder, holder);
    first.release();
    const second = takeWriterLock(folder, { ...holder, run: "night-2" });
    first.release();
    expect(currentHolder(folder)).toMatchObject({ run: "night-2" });
    second.release();
    expect(currentHolder(folder)).toBeUndefined();
  });

  it("names its holder and what to type when it is taken", () => {
    const first = takeWriterLock(folder, holder);
    let failure: unknown;
    try {
      takeWriterLock(folder, holder);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(UsageError);
    expect(failure).toMatchObject({
      message: `this study is being written by run night-1 (process ${process.pid})`,
      next: "nightlab status shows it, nightlab stop ends it",
      place: folder,
      cause: { errcode: 5 },
    });
    first.release();
  });

  it("that is no lock file is a failure, not a lock", () => {
    writeFileSync(join(folder, "lock.db"), "x".repeat(4096));
    expect(() => takeWriterLock(folder, holder)).toThrow(/not a database/);
    expect(() => currentHolder(folder)).toThrow(/not a database/);
  });

  it.each([
    ["is no JSON", "{"],
    ["lacks its process", '{"startedAtMs":1,"run":"x"}'],
    ["names a process that cannot be", '{"pid":-1,"startedAtMs":1,"run":"x"}'],
    ["names a process that is gone", '{"pid":2000000000,"startedAtMs":1,"run":"x"}'],
  ])("whose record %s is held by someone without a name", (_, record) => {
    const lock = takeWriterLock(folder, holder);
    writeFileSync(join(folder, "holder.json"), record);
    expect(currentHolder(folder)).toBeUndefined();
    expect(() => takeWriterLock(folder, holder)).toThrow("written by another nightlab");
    lock.release();
  });

  it("believes a record that appears while it waits for one", () => {
    const lock = takeWriterLock(folder, holder);
    writeFileSync(join(folder, "holder.json"), JSON.stringify({ ...holder, pid: 1 }));
    expect(currentHolder(folder)).toMatchObject({ pid: 1 });
    lock.release();
  });
});
