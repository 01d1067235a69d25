import { describe, expect, it } from "vitest";
import type { JudgeRule } from "../../src/core/judge.ts";
import { RULES } from "../../src/judge/rules.ts";
import { sequentialBoundary } from "../../src/judge/spread.ts";

/** The rows of the table of docs/verdict.md: boundary of tier 1, screen, runs, hold, promotion error, final pairs. */
const rowOf = (rule: JudgeRule) => [
  rule.control === "lord" ? `LORD++ at ${rule.alphaTentative}` : boundaryOf(rule),
  `${rule.screenSds} s.e.`,
  `${rule.minRuns} to ${rule.maxRuns}`,
  `${rule.holdSds} s.e.`,
  rule.alphaPromotion,
  rule.finalPairs,
];
const boundaryOf = ({ alphaTentative, maxRuns }: JudgeRule) =>
  Number(sequentialBoundary(alphaTentative, maxRuns).toFixed(2));

describe("the rule of a risk", () => {
  it.each([
    ["strict", ["LORD++ at 0.2", "1 s.e.", "3 to 8", "1 s.e.", 0.02, 8]],
    ["cautious", [1.58, "1 s.e.", "2 to 6", "1 s.e.", 0.02, 8]],
    ["balanced", [0.75, "0.5 s.e.", "1 to 4", "0.15 s.e.", 0.03, 5]],
    ["bold", [0.33, "0.5 s.e.", "1 to 3", "0.15 s.e.", 0.03, 5]],
  ] as const)("%s is what is written of it", (risk, row) => {
    expect(rowOf(RULES[risk])).toEqual(row);
  });

  it("differs in nothing else but the head's runs under strict, and the error of durations", () => {
    const rules = Object.entries(RULES);
    expect(rules.map(([risk]) => risk)).toEqual(["strict", "cautious", "balanced", "bold"]);
    expect(rules.map(([, { anchorRuns }]) => anchorRuns)).toEqual([3, 2, 2, 2]);
    expect(rules.map(([, { alphaTiming }]) => alphaTiming)).toEqual([0.1, 0.1, 0.2, 0.2]);
    for (const [, rule] of rules) {
      const { control, promotionPairs, keepsPerPromotion, budgetPerPromotion } = rule;
      expect([promotionPairs, keepsPerPromotion, budgetPerPromotion]).toEqual([10, 4, 0.5]);
      expect(control).toBe(rule === RULES.strict ? "lord" : "per_test");
    }
  });
});
