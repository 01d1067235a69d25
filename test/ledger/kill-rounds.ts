/** Writers that follow each other on one ledger, each killed while it appends; the reader checks after each. */

import { expect } from "vitest";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { currentHolder } from "../../src/ledger/writer-lock.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { WriterProcess } from "./writer-process.ts";

export async function killRounds(folder: string, rounds: number): Promise<void> {
  const writers = Array.from({ length: rounds }, () => new WriterProcess({ folder })); // started together, used in turn
  try {
    let acknowledged = 0;
    for (const [round, writer] of writers.entries()) {
      writer.start();
      const enough = acknowledged + 1 + ((round * 7) % 30);
      await writer.until(() => writer.acknowledged >= enough);
      await writer.kill();
      acknowledged = writer.acknowledged;
      const numbers = await readNumbers(folder);
      expect(numbers).toEqual(consecutive(numbers.length));
      expect(numbers.length).toBeGreaterThanOrEqual(acknowledged);
      expect(currentHolder(folder)).toBeUndefined();
    }
  } finally {
    await Promise.all(writers.map((writer) => writer.kill()));
  }
}

export async function readNumbers(folder: string): Promise<number[]> {
  const reader = await openLedger({ folder, clock: new FakeClock(), mode: "read" });
  return (await reader.read(0)).map((line) => line.number);
}

export function consecutive(length: number): number[] {
  return Array.from({ length }, (_, index) => index + 1);
}
