import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvent } from "../../src/testing/sample-events.ts";
import { consecutive, killRounds, readNumbers } from "./kill-rounds.ts";

const LINES = 20;
const clock = new FakeClock();
const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ledger-"));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

it("keeps every acknowledged line when its writer is killed at any instant", async () => {
  await killRounds(newFolder(), 2);
});

it("opens with the lines before the cut when the end of the log is torn off", async () => {
  const folder = newFolder();
  const writer = await openLedger({ folder, clock, mode: "write" });
  for (let index = 0; index < LINES; index++) await writer.append([sampleEvent(`line ${index}`)]);
  const logBytes = statSync(join(folder, "ledger.db-wal")).size;
  const lengths: number[] = [];
  for (const cutBytes of [0, 1, 100, 4_096, 5_000, 20_000, 60_000]) {
    const copy = newFolder();
    for (const name of ["ledger.db", "ledger.db-wal"]) copyFileSync(join(folder, name), join(copy, name));
    truncateSync(join(copy, "ledger.db-wal"), logBytes - cutBytes);
    const numbers = await readNumbers(copy);
    expect(numbers).toEqual(consecutive(numbers.length));
    const next = await openLedger({ folder: copy, clock, mode: "write" });
    expect(await next.read(0)).toHaveLength(numbers.length);
    await next.close();
    lengths.push(numbers.length);
  }
  await writer.close();
  expect(lengths.slice(0, 2)).toEqual([LINES, LINES - 1]); // one cut byte costs the last line only
  expect(lengths).toEqual(lengths.toSorted((left, right) => right - left));
  expect(lengths.at(-1)).toBeLessThan(LINES - 2); // 15 pages of 4 KiB, of which a line takes about three
});
