/** What every ledger must do, as a Vitest suite. Knows the seam alone; durability is each adapter's own test. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Ledger, type LedgerEvent, ledgerEventSchema } from "../core/ledger.ts";
import { FakeClock } from "./fake-clock.ts";
import { sampleEvent, sampleEvents } from "./sample-events.ts";

/** An empty study: `open` gives a writer on what earlier, closed writers left. */
export interface LedgerStudy {
  open(): Promise<Ledger>;
  dispose(): Promise<void>;
}

export function ledgerConformance(name: string, make: (clock: FakeClock) => Promise<LedgerStudy>): void {
  describe(`ledger contract: ${name}`, () => {
    let clock: FakeClock;
    let study: LedgerStudy;
    let ledger: Ledger;

    beforeEach(async () => {
      clock = new FakeClock(1_000);
      study = await make(clock);
      ledger = await study.open();
    });

    afterEach(async () => {
      await ledger.close();
      await study.dispose();
    });

    const texts = async (after = 0): Promise<unknown[]> =>
      (await ledger.read(after)).map(({ event }) => (event.kind === "warning" ? event.text : event.kind));
    const warn = (...words: string[]) => ledger.append(words.map(sampleEvent));

    it("is empty at first", async () => {
      expect(await ledger.read(0)).toEqual([]);
      expect(await ledger.read(5)).toEqual([]);
    });

    it("gives back every kind of event as it was written", async () => {
      expect(new Set(sampleEvents.map((event) => event.kind))).toEqual(
        new Set(ledgerEventSchema.options.map((option) => option.shape.kind.value)),
      );
      const written = await ledger.append(sampleEvents);
      expect(written.map((line) => line.event)).toStrictEqual(sampleEvents);
      expect(await ledger.read(0)).toStrictEqual(written);
    });

    it("numbers lines from 1 without a gap and stamps them with the clock", async () => {
      await warn("a", "b");
      await clock.advance(500);
      await warn("c");
      const stamps = (await ledger.read(0)).map(({ number, atMs }) => [number, atMs]);
      expect(stamps).toEqual([
        [1, 1_000],
        [2, 1_000],
        [3, 1_500],
      ]);
    });

    it("reads only the lines above a number", async () => {
      await warn("a", "b", "c");
      expect(await texts(1)).toEqual(["b", "c"]);
      expect(await texts(3)).toEqual([]);
      expect(await texts(9)).toEqual([]);
    });

    it("writes nothing of a call with one bad event", async () => {
      await warn("a");
      const bad = { kind: "warning", run: "", text: "b" } as unknown as LedgerEvent;
      await expect(ledger.append([sampleEvent("b"), bad])).rejects.toThrow();
      expect(await texts()).toEqual(["a"]);
      expect((await warn("c"))[0]?.number).toBe(2);
    });

    it("refuses numbers that are not numbers", async () => {
      const noise = { isDeterministic: true, sdRepeat: Number.NaN, sdRun: 0, degreesOfFreedom: 1, mean: 0 };
      const bad = { kind: "calibrated", run: "r", noise } as unknown as LedgerEvent;
      await expect(ledger.append([bad])).rejects.toThrow();
      expect(await ledger.read(0)).toEqual([]);
    });

    it("appends nothing for no events", async () => {
      expect(await ledger.append([])).toEqual([]);
      expect(await ledger.read(0)).toEqual([]);
    });

    it("keeps calls made at the same time whole and in order", async () => {
      const calls = Array.from({ length: 10 }, (_, index) => warn(`${index}a`, `${index}b`));
      const numbers = (await Promise.all(calls)).map((lines) => lines.map((line) => line.number));
      expect(numbers).toEqual(calls.map((_, index) => [2 * index + 1, 2 * index + 2]));
      expect((await texts()).slice(0, 4)).toEqual(["0a", "0b", "1a", "1b"]);
    });

    it("is not changed by what callers do with their objects", async () => {
      const event = sampleEvent("a") as { text: string };
      const [returned] = await ledger.append([event as unknown as LedgerEvent]);
      event.text = "changed";
      (returned?.event as unknown as { text: string }).text = "changed";
      ((await ledger.read(0))[0]?.event as unknown as { text: string }).text = "changed";
      expect(await texts()).toEqual(["a"]);
    });

    it("goes on numbering where the last writer stopped", async () => {
      for (const word of ["a", "b", "c"]) {
        await warn(word);
        await ledger.close();
        ledger = await study.open();
      }
      expect((await warn("d"))[0]?.number).toBe(4);
      expect(await texts()).toEqual(["a", "b", "c", "d"]);
    });

    it("refuses work after it was closed, and may be closed twice", async () => {
      await ledger.close();
      await ledger.close();
      await expect(warn("a")).rejects.toThrow("closed");
      await expect(ledger.read(0)).rejects.toThrow("closed");
    });
  });
}
