import { describe, expect, it } from "vitest";
import { gainOver } from "../../src/core/metric.ts";

describe("a gain", () => {
  it("is positive where the candidate is better", () => {
    expect([gainOver("minimize", 3, 5), gainOver("maximize", 3, 5)]).toEqual([2, -2]);
  });

  it("ends at the largest number there is", () => {
    expect(gainOver("maximize", 1e308, -1e308)).toBe(Number.MAX_VALUE);
    expect(gainOver("minimize", 1e308, -1e308)).toBe(-Number.MAX_VALUE);
    expect(gainOver("maximize", 1e308, 0)).toBe(1e308);
  });
});
