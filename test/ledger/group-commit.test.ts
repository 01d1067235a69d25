/** Calls that wait in line share a transaction; one by one each has its own, and each is whole or absent. */

import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Ledger, LedgerEvent } from "../../src/core/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvent } from "../../src/testing/sample-events.ts";

let folder: string;
let ledger: Ledger;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "nightlab-group-")));
  ledger = await openLedger({ folder, clock: new FakeClock(), mode: "write" });
});
afterEach(async () => {
  await ledger.close();
  await rm(folder, { recursive: true, force: true });
});

/** Transactions in the log, by its frames: the last of each tells the size of the database. */
async function transactions(): Promise<number> {
  const log = await readFile(join(folder, "ledger.db-wal"));
  if (log.length === 0) return 0; // a ledger that was opened and not yet written to
  const frameBytes = 24 + log.readUInt32BE(8);
  let count = 0;
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes)
    if (log.readUInt32BE(at + 4) !== 0) count += 1;
  return count;
}

const warn = (text: string) => ledger.append([sampleEvent(text)]);

it("writes 50 calls made at once in two transactions, in the order of the calls", async () => {
  const before = await transactions();
  const numbers = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => (await warn(`${index}`))[0]?.number),
  );
  expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  expect((await transactions()) - before).toBeLessThanOrEqual(2);
});

it("writes calls that wait for each other one by one", async () => {
  const before = await transactions();
  for (const text of ["a", "b", "c"]) await warn(text);
  expect((await transactions()) - before).toBe(3);
});

it("rejects a bad call among others alone, and numbers go on without a gap", async () => {
  const bad = { kind: "warning", run: "", text: "bad" } as unknown as LedgerEvent;
  const calls = [warn("a"), ledger.append([sampleEvent("half"), bad]), warn("b")];
  const ends = await Promise.allSettled(calls);
  expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(
    (await ledger.read(0)).map(({ number, event }) => [number, event.kind === "warning" && event.text]),
  ).toEqual([
    [1, "a"],
    [2, "b"],
  ]);
});

it("finishes what is being written before it closes", async () => {
  const last = warn("last");
  await ledger.close();
  expect((await last)[0]?.number).toBe(1);
});
