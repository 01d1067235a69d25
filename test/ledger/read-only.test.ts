import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { InfrastructureError } from "../../src/core/errors.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvent } from "../../src/testing/sample-events.ts";
import { WriterProcess } from "./writer-process.ts";

const clock = new FakeClock();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ledger-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const open = (mode: "read" | "write", at = folder) => openLedger({ folder: at, clock, mode });

it("reads a study without a ledger as empty and makes nothing", async () => {
  const reader = await open("read", join(folder, "absent"));
  expect(await reader.read(0)).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

it("sees the ledger that a writer makes after the reader was opened", async () => {
  const reader = await open("read");
  const writer = await open("write");
  await writer.append([sampleEvent("a")]);
  expect(await reader.read(0)).toHaveLength(1);
  await writer.append([sampleEvent("b")]);
  expect(await reader.read(1)).toHaveLength(1);
  await writer.close();
  expect(await reader.read(0)).toHaveLength(2);
});

it("leaves the folder as it was", async () => {
  const writer = await open("write");
  await writer.append([sampleEvent("a")]);
  await writer.close();
  const before = readdirSync(folder);
  expect(await (await open("read")).read(0)).toHaveLength(1);
  expect(readdirSync(folder)).toEqual(before);
});

it("refuses to append", async () => {
  await expect((await open("read")).append([sampleEvent("a")])).rejects.toThrow("opened for reading");
});

/** Root may write anywhere, so the work is done as a user who may not. */
async function asOrdinaryUser<Result>(work: () => Promise<Result>): Promise<Result> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

it("reads from a folder that may not be written, and says what to do when asked to write there", async () => {
  const writer = await open("write");
  await writer.append([sampleEvent("a")]);
  await writer.close();
  chmodSync(folder, 0o555);
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o444);
  await asOrdinaryUser(async () => {
    expect(await (await open("read")).read(0)).toHaveLength(1);
    const failure = await open("write").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InfrastructureError);
    expect(String(failure)).toContain("that you may write in it");
  });
  chmodSync(folder, 0o755);
});

it("says what to do when the disk is full, and keeps what was acknowledged", async () => {
  const writer = new WriterProcess({ folder, textBytes: 20_000, fileLimitBytes: 600_000 });
  writer.start();
  await writer.ended();
  expect(writer.printed.at(-1)).toMatch(
    /^error InfrastructureError: cannot use .*nothing acknowledged is lost$/,
  );
  expect(writer.acknowledged).toBeGreaterThan(0);
  expect((await (await open("read")).read(0)).length).toBe(writer.acknowledged);
});
