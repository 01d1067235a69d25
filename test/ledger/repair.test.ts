import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { LedgerEvent } from "../../src/core/ledger.ts";
import { rowAfter } from "../../src/ledger/line-row.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { repairLedger } from "../../src/ledger/repair-ledger.ts";
import { headMoveTo } from "../../src/loop/lost-move.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvents } from "../../src/testing/sample-events.ts";

const clock = new FakeClock();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ledger-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const path = (name: string) => join(folder, name);
const repair = () => repairLedger({ folder, clock, lostMove: headMoveTo });

async function write(events: readonly LedgerEvent[]): Promise<void> {
  const ledger = await openLedger({ folder, clock, mode: "write" });
  await ledger.append(events);
  await ledger.close();
}

async function readKinds(): Promise<string[]> {
  const ledger = await openLedger({ folder, clock, mode: "read" });
  return (await ledger.read(0)).map(({ event }) => event.kind);
}

/** Vacuumed, since older copies of a row stay in the file otherwise, and a repair finds them. */
function alter(sql: string): void {
  const database = new DatabaseSync(path("ledger.db"));
  database.exec(`${sql}; vacuum`);
  database.close();
}

const damagedFolders = () => readdirSync(folder).filter((name) => name.startsWith("ledger.damaged"));
const kinds = sampleEvents.map(({ kind }) => kind);
const warned = [...kinds, "warning"];

it("finds nothing to do where there is no ledger, and in a whole one", async () => {
  expect(await repairLedger({ folder: path("absent"), clock, lostMove: headMoveTo })).toMatchObject({
    kind: "absent",
  });
  expect(await repair()).toMatchObject({ kind: "absent" });
  await write(sampleEvents);
  expect(await repair()).toMatchObject({ kind: "whole", lines: kinds.length });
  expect(damagedFolders()).toEqual([]);
});

it.each([
  ["the checksum of a line", "update lines set own_checksum = 1, checksum = 1 where number = 3"],
  ["the chain of all lines", "update lines set checksum = checksum + 1"],
  ["the record of the last line", "update tip set checksum = 7"],
  ["the record of the last line, which is gone", "delete from tip"],
  ["the version", "pragma user_version = 70000"],
  ["the version, which is gone", "pragma user_version = 0"],
])("keeps every line when %s is damaged", async (name, sql) => {
  await write(sampleEvents);
  alter(sql);
  await expect(readKinds()).rejects.toThrow("is damaged");
  const isOneLost = name === "the checksum of a line";
  expect(await repair()).toMatchObject({ kind: "repaired", lost: isOneLost ? [3] : [], unfit: [] });
  expect(await readKinds()).toEqual(isOneLost ? warned.toSpliced(2, 1) : warned);
});

it("says how many lines are gone from the end, as far as the ledger still knows", async () => {
  await write(sampleEvents);
  alter(`delete from lines where number > ${kinds.length - 2}`);
  expect(await repair()).toMatchObject({ lost: [kinds.length - 1, kinds.length] });
});

it("finishes a repair that was killed after the new ledger was complete, whatever of the old one is left", async () => {
  await write(sampleEvents);
  for (const name of ["ledger.db-wal", "ledger.db"]) {
    copyFileSync(path("ledger.db"), path("ledger.repaired"));
    if (name === "ledger.db") rmSync(path(name));
    else writeFileSync(path(name), "left over");
    await expect(readKinds()).rejects.toThrow("a repair of it was cut short");
    expect(await repair()).toMatchObject({ kind: "whole" });
    expect(await readKinds()).toEqual(kinds);
  }
});

it("keeps the damaged files as they were, and starts afresh after a repair that was killed before", async () => {
  await write(sampleEvents);
  alter("delete from lines where number = 2");
  const damaged = readFileSync(path("ledger.db"));
  writeFileSync(path("ledger.repaired.new"), "half written");
  const { keptIn = "" } = await repair();
  expect(readFileSync(join(keptIn, "ledger.db")).equals(damaged)).toBe(true);
  await write([{ kind: "warning", run: "night-1", text: "later" } as LedgerEvent]);
  expect(readFileSync(join(keptIn, "ledger.db")).equals(damaged)).toBe(true);
  expect(readdirSync(folder)).not.toContain("ledger.repaired.new");
});

it("does not count the time up to the repair as work of the run", async () => {
  await write(sampleEvents.slice(0, 3));
  alter("delete from lines where number = 2");
  await clock.advance(3_600_000);
  await repair();
  const ledger = await openLedger({ folder, clock, mode: "read" });
  const times = (await ledger.read(0)).map(({ atMs }) => atMs);
  expect(new Set(times).size).toBe(1);
});

it("leaves alone what a newer nightlab wrote, and says so", async () => {
  await write(sampleEvents);
  alter("pragma user_version = 9");
  await expect(repair()).rejects.toThrow("written by a newer nightlab");
  expect(damagedFolders()).toEqual([]);
});

it("repairs a ledger whose lock file is noise", async () => {
  await write(sampleEvents);
  writeFileSync(path("lock.db"), "noise ".repeat(2000));
  await expect(openLedger({ folder, clock, mode: "write" })).rejects.toThrow("lock.db is damaged");
  expect(await repair()).toMatchObject({ kind: "whole" });
  expect(await readKinds()).toEqual(kinds);
});

it("goes on with a ledger of the first version, and repairs it by the chain of its lines", async () => {
  await write(sampleEvents);
  alter(
    "alter table lines drop column own_checksum; delete from kysely_migration where name like '0002%'; pragma user_version = 1",
  );
  expect(await readKinds()).toEqual(kinds);
  alter("update lines set at_ms = at_ms + 1 where number = 3");
  expect(await repair()).toMatchObject({ lost: [3] });
  await write([{ kind: "warning", run: "night-1", text: "later" } as LedgerEvent]);
  expect(await readKinds()).toEqual([...warned.toSpliced(2, 1), "warning"]);
});

it("tells a whole row by its own checksum", () => {
  const [event] = sampleEvents;
  if (event === undefined) throw new Error("no sample");
  const row = rowAfter({ number: 4, checksum: 99 }, 5, event);
  expect(rowAfter({ number: 4, checksum: 98 }, 5, event).own_checksum).toBe(row.own_checksum);
  expect(rowAfter({ number: 5, checksum: 99 }, 5, event).own_checksum).not.toBe(row.own_checksum);
});
