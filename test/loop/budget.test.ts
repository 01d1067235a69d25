import { expect, test } from "vitest";
import {
  measuringLimit,
  modelLimit,
  partLeft,
  searchLimit,
  searchTimeLeftMs,
} from "../../src/loop/budget.ts";

const NOTHING = { experiments: 0, measurements: 0, workedMs: 0, startedAtMs: 0, nowMs: 0, tokens: 0, usd: 0 };
const NO_RESERVE = { measurements: 0, timeMs: 0 };

test("the last experiment that the budget pays for may measure to its end", () => {
  const spent = { ...NOTHING, experiments: 5 };
  expect(searchLimit({ experiments: 5 }, spent, NO_RESERVE)).toBe("5 experiments are done");
  expect(measuringLimit({ experiments: 5 }, spent, NO_RESERVE)).toBeUndefined();
});

test("an open experiment stops measuring where the part kept for proof begins", () => {
  const spent = { ...NOTHING, measurements: 80 };
  expect(measuringLimit({ measurements: 100 }, spent, { measurements: 20, timeMs: 0 })).toContain(
    "kept for proof",
  );
  expect(measuringLimit({ measurements: 101 }, spent, { measurements: 20, timeMs: 0 })).toBeUndefined();
});

test("a night that a corrected clock puts before the start of its run keeps its part for proof", () => {
  const [nowMs, deadlineMs, startedAtMs] = [21, 22, 23].map((hour) => hour * 3_600_000) as [
    number,
    number,
    number,
  ];
  const left = searchTimeLeftMs({ deadlineMs }, { ...NOTHING, nowMs, startedAtMs }, NO_RESERVE);
  expect(left).toBe(0.9 * (deadlineMs - nowMs));
});

test("dollars and tokens spent on models end only what they pay for, unless they are the only limit", () => {
  const spent = { ...NOTHING, usd: 12, tokens: 900 };
  expect(modelLimit({ usd: 12 }, spent)).toBe("12 US dollars are spent on models");
  expect(modelLimit({ usd: 12.01, tokens: 900 }, spent)).toBe("900 tokens are spent on models");
  expect(modelLimit({ usd: 12.01, tokens: 901 }, spent)).toBeUndefined();
  expect(searchLimit({ usd: 12, timeMs: 1000 }, spent, NO_RESERVE)).toBeUndefined();
  expect(searchLimit({ usd: 12 }, spent, NO_RESERVE)).toContain("12 US dollars");
  expect(partLeft({ usd: 24 }, spent)).toBe(0.5);
  expect(partLeft({ usd: 24, experiments: 10 }, spent)).toBe(1);
});
