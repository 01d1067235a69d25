import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { currentHolder } from "../../src/ledger/writer-lock.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvent } from "../../src/testing/sample-events.ts";
import { WriterProcess } from "./writer-process.ts";

const clock = new FakeClock(5_000);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ledger-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const openWriter = (holder = "night-2") => openLedger({ folder, clock, mode: "write", holder });

it("refuses a second writer, naming the first and what to type", async () => {
  const first = await openWriter("night-1");
  const refusal = await openWriter().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(UsageError);
  expect(refusal).toMatchObject({
    message: expect.stringContaining(`run night-1 (process ${process.pid})`),
    next: expect.stringMatching(/nightlab status.*nightlab stop/),
  });
  await first.append([sampleEvent("still the writer")]);
  await first.close();
  await (await openWriter()).close();
});

it("tells who writes, and nobody after the writer has closed", async () => {
  expect(currentHolder(folder)).toBeUndefined();
  const writer = await openWriter("night-1");
  expect(currentHolder(folder)).toEqual({ pid: process.pid, startedAtMs: 5_000, run: "night-1" });
  await writer.close();
  expect(currentHolder(folder)).toBeUndefined();
});

it("lets a reader in another process see each line while the writer holds the lock, and frees it by kill -9", async () => {
  const writer = new WriterProcess({ folder, appends: 3 });
  try {
    writer.start();
    await writer.until(() => writer.acknowledged === 6);
    expect(currentHolder(folder)).toMatchObject({ pid: writer.pid, run: "night-1" });
    await expect(openWriter()).rejects.toThrow(`process ${writer.pid}`);
    const reader = await openLedger({ folder, clock, mode: "read" });
    expect((await reader.read(4)).map((line) => line.number)).toEqual([5, 6]);
  } finally {
    await writer.kill();
  }
  expect(JSON.parse(readFileSync(join(folder, "holder.json"), "utf8"))).toMatchObject({ pid: writer.pid });
  expect(currentHolder(folder)).toBeUndefined();
  const next = await openWriter();
  expect((await next.append([sampleEvent("a")]))[0]?.number).toBe(7);
  await next.close();
});

it("believes the lock and not the record: a living pid in a leftover record holds nothing", async () => {
  await (await openWriter()).close();
  writeFileSync(
    join(folder, "holder.json"),
    JSON.stringify({ pid: process.pid, startedAtMs: 1, run: "old" }),
  );
  expect(currentHolder(folder)).toBeUndefined();
});

it("says that a writer is there even when its record is gone", async () => {
  const first = await openWriter("night-1");
  rmSync(join(folder, "holder.json"));
  await expect(openWriter()).rejects.toThrow("written by another nightlab");
  await first.close();
});
