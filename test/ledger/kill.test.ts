import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { consecutive, killRounds, readNumbers } from "./kill-rounds.ts";
import { WriterProcess } from "./writer-process.ts";

const clock = new FakeClock();
const folders: string[] = [];
const writers: WriterProcess[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ledger-"));
  folders.push(folder);
  return folder;
}

function newWriter(folder: string): WriterProcess {
  const writer = new WriterProcess({ folder });
  writers.push(writer);
  return writer;
}

afterEach(async () => {
  await Promise.all(writers.splice(0).map((writer) => writer.kill()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

it("keeps every acknowledged line when its writer is killed at any instant", async () => {
  await killRounds(newFolder(), 4);
});

it("opens with the lines before the cut when the end of the log is torn off", async () => {
  const folder = newFolder();
  const writer = newWriter(folder);
  writer.start();
  await writer.until(() => writer.acknowledged >= 20);
  await writer.kill();
  const written = (await readNumbers(folder)).length;
  const logBytes = statSync(join(folder, "ledger.db-wal")).size;
  const lengths: number[] = [];
  for (const cutBytes of [1, 100, 4_096, 5_000, 20_000, 60_000]) {
    const copy = newFolder();
    for (const name of ["ledger.db", "ledger.db-wal"]) copyFileSync(join(folder, name), join(copy, name));
    truncateSync(join(copy, "ledger.db-wal"), Math.max(0, logBytes - cutBytes));
    const numbers = await readNumbers(copy);
    expect(numbers).toEqual(consecutive(numbers.length));
    const next = await openLedger({ folder: copy, clock, mode: "write" });
    expect((await next.read(0)).length).toBe(numbers.length);
    await next.close();
    lengths.push(numbers.length);
  }
  expect(lengths).toEqual(lengths.toSorted((left, right) => right - left));
  expect(lengths.at(0)).toBeLessThanOrEqual(written);
  expect(lengths.at(-1)).toBeLessThan(written);
});
