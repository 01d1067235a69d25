import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { repairLedger } from "../../src/ledger/repair-ledger.ts";
import { headMoveTo } from "../../src/loop/lost-move.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvents } from "../../src/testing/sample-events.ts";
import { diceOf, lay, type OnDisk, writtenLedger } from "./corruption.ts";

const clock = new FakeClock();
const fixture = join(import.meta.dirname, "repairing.ts");
let folder: string;
let whole: OnDisk;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "nightlab-repair-"));
  const [start, ...others] = sampleEvents;
  if (start === undefined) throw new Error("no samples");
  const more = Array.from({ length: 40 }, () => others.filter(({ kind }) => kind === "measured")).flat();
  const events = [start, ...others, ...more];
  const lines: LedgerLine[] = events.map((event, index) => ({
    number: index + 1,
    atMs: 1000 + index,
    event,
  }));
  whole = await writtenLedger(join(folder, "whole"), lines, 30);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Damages line 20 wherever a copy of it is; a repair loses that line and no other. */
function damagedBytes(): { file: Buffer; log: Buffer } {
  const [file, log] = [Buffer.from(whole.file), Buffer.from(whole.log)];
  const event = whole.rows[19]?.event ?? "";
  for (const bytes of [file, log])
    for (let at = bytes.indexOf(event); at !== -1; at = bytes.indexOf(event, at + 1)) bytes[at + 12] = 0x21;
  return { file, log };
}

async function repairAndKill(damaged: string, delayMs: number): Promise<void> {
  const child = spawn(process.execPath, [fixture, damaged], { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  await once(child.stdout, "data");
  child.stdin.write("go\n");
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  child.kill("SIGKILL");
  await closed;
}

async function read(damaged: string): Promise<readonly LedgerLine[]> {
  return await (await openLedger({ folder: damaged, clock, mode: "read" })).read(0);
}

it("a repair that is killed at any instant is finished by the next one, and the damaged file is kept", async () => {
  const damaged = join(folder, "damaged");
  lay(damaged, damagedBytes());
  await repairLedger({ folder: damaged, clock, lostMove: headMoveTo });
  const wanted = (await read(damaged)).map(({ atMs, event }) => ({ atMs, kind: event.kind }));
  expect(wanted.length).toBeGreaterThan(50);
  const dice = diceOf(11);
  const states = new Set<string>();
  for (let round = 0; round < 30; round += 1) {
    lay(damaged, damagedBytes());
    await repairAndKill(damaged, dice(120));
    states.add(
      readdirSync(damaged)
        .map((name) => name.replace(/damaged-.*/, "damaged-"))
        .sort()
        .join(),
    );
    await repairLedger({ folder: damaged, clock, lostMove: headMoveTo });
    const lines = (await read(damaged)).map(({ atMs, event }) => ({ atMs, kind: event.kind }));
    expect(lines, `round ${round}`).toEqual(wanted);
    expect(readdirSync(damaged).filter((name) => name.startsWith("ledger.damaged-")).length).toBeGreaterThan(
      0,
    );
  }
  expect(states.size).toBeGreaterThan(1);
});
