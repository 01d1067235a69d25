import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decimalsFor,
  formatDuration,
  formatGain,
  formatP,
  formatPercent,
  formatValue,
  sparkline,
} from "../../src/view/words.ts";

const noise = (sdRun: number) => ({
  isDeterministic: sdRun === 0,
  sdRepeat: 0,
  sdRun,
  degreesOfFreedom: 3,
  mean: 1,
});

describe("words", () => {
  it("prints two significant digits of the noise", () => {
    expect([0.006, 0.21, 1.1, 120, 0.00042].map((sd) => decimalsFor(noise(sd), []))).toEqual([4, 2, 1, 0, 5]);
  });

  it("prints a deterministic metric with the digits its values need", () => {
    expect(decimalsFor(noise(0), [152344])).toBe(0);
    expect(decimalsFor(noise(0), [1.25, 0.5])).toBe(2);
    expect(decimalsFor(undefined, [])).toBe(0);
    expect(decimalsFor(undefined, [1 / 3])).toBe(7);
  });

  it("signs gains, and zero has no sign", () => {
    expect([0.01234, -0.5, 0, -0.000001, 0.000001].map((gain) => formatGain(gain, 3))).toEqual([
      "+0.012",
      "-0.500",
      "0.000",
      "0.000",
      "0.000",
    ]);
  });

  it("writes percents and p with the digits that matter", () => {
    expect([0.0186, 0.123, -0.00042, 0].map((part) => formatPercent(part, true))).toEqual([
      "+1.9 %",
      "+12 %",
      "-0.04 %",
      "0 %",
    ]);
    expect([1e307, Number.NaN].map((part) => formatPercent(part))).toEqual(["?", "?"]);
    expect([0.00003, 0.00084, 0.0213, 0.3412].map(formatP)).toEqual([
      "p < 0.0001",
      "p = 0.00084",
      "p = 0.021",
      "p = 0.34",
    ]);
  });

  it("writes durations in two units, never sixty of one", () => {
    const durations = [0, 4_240, 59_600, 185_000, 3_599_700, 3_780_000, 187_200_000];
    expect(durations.map(formatDuration)).toEqual([
      "0.0s",
      "4.2s",
      "1m 00s",
      "3m 05s",
      "1h 00m",
      "1h 03m",
      "2d 04h",
    ]);
  });

  it("never prints a value that reads as another number", () => {
    const value = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 12 }), (number, decimals) => {
        const rounding = decimals > 9 ? Math.abs(number) * 6e-4 : 0.5001 * 10 ** -decimals;
        const error = Math.abs(Number(formatValue(number, decimals)) - number);
        expect(error).toBeLessThanOrEqual(rounding + Math.abs(number) * 1e-15);
      }),
    );
  });

  it("draws a sparkline of the latest values with gaps, in ASCII too", () => {
    expect(sparkline([1, 2, undefined, 3, 4])).toBe("▁▃·▆█");
    expect(sparkline([1, 2, undefined, 3, 4], { ascii: true, width: 3 })).toBe(" _#");
    expect(sparkline([2, 2, 2])).toBe("▄▄▄");
    expect(sparkline([])).toBe("");
  });
});
