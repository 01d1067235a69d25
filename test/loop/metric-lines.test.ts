import { expect, it } from "vitest";
import { readMetricLines, readProgressLine } from "../../src/loop/metric-lines.ts";

it.each<[string, number | undefined]>([
  ["loss: 2.31", 2.31],
  ["loss:-1e-3", -0.001],
  ["loss: 1_000", 1000],
  ["loss: .5", 0.5],
  ["loss: 5.", 5],
  ["METRIC loss = 4", 4],
  ["METRIC loss=4", 4],
  ["loss = 4", undefined],
  ["loss: NaN", Number.NaN],
  ["loss: +Infinity", Number.POSITIVE_INFINITY],
  [" loss: 3", undefined],
  ["loss: 3 s", undefined],
  ["loss: 1.2.3", undefined],
  ["loss: ", undefined],
])("reads `%s`", (line, value) => {
  expect(readMetricLines(line).get("loss")).toEqual(value);
});

it("reads progress lines, and no others", () => {
  expect(readProgressLine("step=10 loss=2.5, lr=1e-3")).toEqual({
    step: 10,
    values: { loss: 2.5, lr: 0.001 },
  });
  for (const line of ["loss=2", "step=nan loss=2", "a step=1", ""])
    expect(readProgressLine(line), line).toBeUndefined();
});

it("takes no time over lines made to hurt", () => {
  const digits = `loss: ${"1".repeat(1_000_000)}x`;
  expect(readMetricLines(digits).size).toBe(0);
  expect(readProgressLine(`step=1 ${"a".repeat(1_000_000)}`)).toBeUndefined();
  expect(readMetricLines(`loss: ${"1".repeat(4000)}x\n`.repeat(250)).size).toBe(0);
});
