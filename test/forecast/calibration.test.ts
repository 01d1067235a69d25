import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Status } from "../../src/core/experiment.ts";
import { calibrationOf, inOrderOfWorth, type Told, toldBy, worthOf } from "../../src/forecast/calibration.ts";

const told = (probability: number, wasKept: boolean, gain?: number, foreseen = 0.1): Told => ({
  forecast: { gain: foreseen, probability },
  wasKept,
  ...(gain === undefined ? {} : { gain }),
});
const times = (count: number, one: Told) => Array.from({ length: count }, () => one);

describe("what a forecast is told by", () => {
  const forecast = { gain: 0.1, probability: 0.5 };
  const tellings: [Status, number][] = [
    ...(["kept", "discarded", "inconclusive", "crashed"] as const).map((one): [Status, number] => [one, 1]),
    ...(["timed_out", "no_metric", "checks_failed"] as const).map((one): [Status, number] => [one, 1]),
    ...(["gave_up", "interrupted", "duplicate"] as const).map((one): [Status, number] => [one, 0]),
  ];
  it.each(tellings)("an end as %s tells of %i", (status, count) => {
    expect(toldBy({ forecast, status, gainOverHead: 0.2 })).toHaveLength(count);
  });
  it("nothing tells of an idea without a forecast, or of one that is open", () => {
    expect([...toldBy({ status: "kept" }), ...toldBy({ forecast, status: "open" })]).toEqual([]);
  });
});

describe("calibration", () => {
  it("scores chances by Brier and gains by their distance; what failed has no gain, and was not kept", () => {
    const all = [told(0.9, true, 0.3), told(0.5, false, -0.1), told(0.4, false)];
    const found = calibrationOf(all);
    expect(found).toMatchObject({ forecasts: 3, keptShare: 1 / 3 });
    expect(found?.brier).toBeCloseTo((0.01 + 0.25 + 0.16) / 3);
    expect(found?.gainError).toBeCloseTo((0.2 + 0.2) / 2);
    expect(found?.meanMeasuredGain).toBeCloseTo(0.1);
    expect(calibrationOf([told(0.5, false)])).not.toHaveProperty("gainError");
    expect(calibrationOf([])).toBeUndefined();
  });

  it("is best, of all constant chances, at the share that was kept (Brier is proper)", () => {
    const brierAt = (chance: number) =>
      calibrationOf([...times(3, told(chance, true)), ...times(7, told(chance, false))])?.brier ?? 1;
    const chances = Array.from({ length: 101 }, (_, at) => at / 100);
    expect(chances.toSorted((a, b) => brierAt(a) - brierAt(b))[0]).toBe(0.3);
  });
});

describe("what a forecast is worth", () => {
  const forecast = { gain: 0.1, probability: 0.6 };

  it("is as it was told while nothing is known", () => {
    expect(worthOf(forecast, [])).toBeCloseTo(0.06);
  });

  it("shrinks with forecasts that did not come true, little at first", () => {
    const worthAfter = (count: number) => worthOf(forecast, times(count, told(0.6, false, -0.01)));
    expect(worthAfter(1)).toBeGreaterThan(0.05);
    expect(worthAfter(8)).toBeCloseTo(0.03);
    expect(worthAfter(100)).toBeLessThan(0.006);
  });

  it("shrinks with gains that were smaller than foreseen", () => {
    const small = times(40, told(0.6, true, 0.01));
    const fair = times(40, told(0.6, true, 0.1));
    expect(worthOf(forecast, small)).toBeLessThan(worthOf(forecast, fair) / 2);
  });

  it("is finite, has the sign of the gain, and is at most twice what a sure one would be, whatever was told", () => {
    const any = fc.record({
      forecast: fc.record({
        gain: fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
        probability: fc.double({ noNaN: true, min: 0, max: 1 }),
      }),
      wasKept: fc.boolean(),
      gain: fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
    });
    fc.assert(
      fc.property(any, fc.array(any, { maxLength: 10 }), (one, past) => {
        const worth = worthOf(one.forecast, past);
        expect(Number.isFinite(worth)).toBe(true);
        expect(Math.abs(worth)).toBeLessThanOrEqual(2 * Math.abs(one.forecast.gain) + 1e-12);
        expect(worth * one.forecast.gain).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("the queue", () => {
  const idea = (name: string, gain?: number, probability = 0.5) =>
    gain === undefined ? { name } : { name, forecast: { gain, probability } };
  const names = (ideas: readonly { name: string }[]) => ideas.map(({ name }) => name);

  it("is in order of worth, and in the order written where nothing is foreseen", () => {
    const ideas = [idea("a"), idea("b", 0.1, 0.9), idea("c"), idea("d", 0.5, 0.5), idea("e", -0.1)];
    expect(names(inOrderOfWorth(ideas, () => []))).toEqual(["d", "b", "a", "c", "e"]);
    expect(names(inOrderOfWorth([idea("a"), idea("b"), idea("c")], () => []))).toEqual(["a", "b", "c"]);
  });

  it("lets ideas without a forecast pass those of a forecaster who promises too much", () => {
    const past = [...times(60, told(0.9, false, -0.1)), ...times(10, told(0.9, true, 0.05))];
    const ideas = [idea("foreseen", 0.02, 0.5), idea("plain")];
    expect(names(inOrderOfWorth(ideas, () => []))).toEqual(["foreseen", "plain"]);
    expect(names(inOrderOfWorth(ideas, () => past))).toEqual(["plain", "foreseen"]);
  });
});
