import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { EMPTY_TIP, rowAfter } from "../../src/ledger/line-row.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { DamageError } from "../../src/ledger/storage-error.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvent, sampleEvents } from "../../src/testing/sample-events.ts";

const clock = new FakeClock();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ledger-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const open = (mode: "read" | "write", at = folder) => openLedger({ folder: at, clock, mode });

async function writeLines(count: number): Promise<void> {
  const ledger = await open("write");
  for (let index = 0; index < count; index++) await ledger.append([sampleEvent(`line ${index}`)]);
  await ledger.close();
}

async function readAll(at = folder): Promise<unknown[]> {
  return [...(await (await open("read", at)).read(0))];
}

function alter(sql: string): void {
  const database = new DatabaseSync(join(folder, "ledger.db"));
  database.exec(sql);
  database.close();
}

it.each([
  [
    "a changed text",
    "update lines set event = replace(event, 'line 2', 'line 9') where number = 3",
    "line 3 was altered",
  ],
  ["a changed time", "update lines set at_ms = at_ms + 1 where number = 2", "line 2 was altered"],
  ["a missing line", "delete from lines where number = 3", "line 3 is missing"],
  ["a missing first line", "delete from lines where number = 1", "line 1 is missing"],
  ["missing last lines", "delete from lines where number > 3", "line 4 is missing"],
  ["an emptied table", "delete from lines", "line 1 is missing"],
  ["a dropped table", "drop table lines", "no such table"],
])("fails on %s, naming it and the way out", async (_, sql, message) => {
  await writeLines(5);
  alter(sql);
  const failure = await readAll().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DamageError);
  expect(failure).toMatchObject({
    place: join(folder, "ledger.db"),
    next: expect.stringMatching(/^nightlab doctor --repair/),
  });
  expect(String(failure)).toContain(message);
});

it("does not append to a ledger that has lost its end", async () => {
  await writeLines(5);
  alter("delete from lines where number = 5");
  await expect(open("write")).rejects.toThrow("line 5 is missing");
});

it("says so when a line or the tables come from a newer nightlab", async () => {
  await writeLines(0);
  const row = rowAfter(EMPTY_TIP, 1, sampleEvent("a"));
  const { crc32 } = await import("node:zlib");
  const event = '{"kind":"dreamed"}';
  const checksum = crc32(`1\n1\ndreamed\n\n${event}\n`, 0);
  expect(row.checksum).toBe(crc32(`1\n1\nwarning\n\n${row.event}\n`, 0));
  alter(`insert into lines values (1, 1, 'dreamed', null, '${event}', ${checksum}, null);
    update tip set number = 1, checksum = ${checksum}`);
  await expect(readAll()).rejects.toThrow(/newer nightlab: line 1 .*"dreamed"/);
  alter("pragma user_version = 99");
  await expect(readAll()).rejects.toThrow("newer nightlab");
  await expect(open("write")).rejects.toThrow("newer nightlab");
});

/** Every way to damage `name` at one of its bytes: the outcome is all lines or an error, never fewer. */
async function flipBytes(name: string, options: { step: number; mask: number }): Promise<number> {
  const copy = join(folder, "copy");
  mkdirSync(copy, { recursive: true });
  const whole = JSON.stringify(await readAll());
  const bytes = readFileSync(join(folder, name));
  let failures = 0;
  for (let at = 0; at < bytes.length; at += options.step) {
    for (const file of ["ledger.db", "ledger.db-wal"]) copyIfThere(file, copy);
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ options.mask;
    writeFileSync(join(copy, name), damaged);
    const outcome = await readAll(copy).catch((error: unknown) => error);
    if (outcome instanceof DamageError) failures += 1;
    else expect(JSON.stringify(outcome), `byte ${at}`).toBe(whole);
  }
  return failures;
}

function copyIfThere(name: string, target: string): void {
  rmSync(join(target, `${name}-shm`), { force: true });
  try {
    copyFileSync(join(folder, name), join(target, name));
  } catch {
    rmSync(join(target, name), { force: true });
  }
}

it("never reads fewer or other lines when one byte of the file is flipped", async () => {
  const ledger = await open("write");
  await ledger.append(sampleEvents);
  await ledger.close();
  expect(await flipBytes("ledger.db", { step: 197, mask: 0x04 })).toBeGreaterThan(10);
});

it("fails when a byte in the middle of the log is flipped", async () => {
  const ledger = await open("write");
  for (let index = 0; index < 6; index++) await ledger.append([sampleEvent(`line ${index}`)]);
  const log = readFileSync(join(folder, "ledger.db-wal"));
  const file = readFileSync(join(folder, "ledger.db"));
  await ledger.close();
  const killed = join(folder, "killed");
  mkdirSync(killed);
  const restore = (bytes: Buffer) => {
    rmSync(join(killed, "ledger.db-shm"), { force: true });
    writeFileSync(join(killed, "ledger.db"), file);
    writeFileSync(join(killed, "ledger.db-wal"), bytes);
  };
  restore(log);
  expect(await readAll(killed)).toHaveLength(6);
  // The last two transactions are left out: damage there cannot be told from a torn tail.
  for (let at = 0; at < log.length - 6 * 4_120; at += 1_009) {
    const damaged = Buffer.from(log);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    restore(damaged);
    const outcome = await readAll(killed).catch((error: unknown) => error);
    if (Array.isArray(outcome)) expect(outcome, `byte ${at}`).toHaveLength(6);
    else expect(outcome).toBeInstanceOf(DamageError);
  }
});
