import { describe, expect, it } from "vitest";
import { ThroughputMeter } from "../../src/gateway/throughput.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

const usage = (freshTokens: number) => ({
  freshTokens,
  cachedTokens: 2 * freshTokens,
  cacheWriteTokens: freshTokens,
  outputTokens: 3 * freshTokens,
  reasoningTokens: freshTokens,
});

describe("tokens per second", () => {
  it("are those of the last minute, five and sixty, kind by kind", async () => {
    const clock = new FakeClock();
    const meter = new ThroughputMeter(clock);
    meter.add(usage(36_000));
    await clock.advance(56 * 60_000);
    meter.add(usage(300));
    await clock.advance(4 * 60_000 - 1_000);
    meter.add(usage(60));
    const { 1: one, 5: five, 60: sixty } = meter.read();
    const sixtySeconds = 3_599;
    expect(one).toEqual({ freshPerSecond: 1, cachedPerSecond: 2, outputPerSecond: 3, totalPerSecond: 7 });
    expect(five.freshPerSecond).toBeCloseTo(360 / 300);
    expect(sixty.freshPerSecond).toBeCloseTo(36_360 / sixtySeconds);
    await clock.advance(61 * 60_000);
    expect(meter.read()[60].totalPerSecond).toBe(0);
  });

  it("of a young meter are over the time it has lived", async () => {
    const clock = new FakeClock();
    const meter = new ThroughputMeter(clock);
    meter.add(usage(10));
    expect(meter.read()[60].freshPerSecond).toBe(10);
    await clock.advance(10_000);
    expect(meter.read()[60].freshPerSecond).toBe(1);
  });

  it("take no more memory as a night goes on", async () => {
    const clock = new FakeClock();
    const meter = new ThroughputMeter(clock);
    for (let hour = 0; hour < 8; hour += 1) {
      for (let call = 0; call < 1000; call += 1) meter.add(usage(1));
      await clock.advance(3_600_000);
    }
    meter.add(usage(1));
    expect(meter.kept).toBeLessThanOrEqual(3000);
  });
});
