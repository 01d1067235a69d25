import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { widthOf } from "../../../src/cli/terminal/cells.ts";
import { renderExplanation } from "../../../src/cli/terminal/explain.ts";
import { UsageError } from "../../../src/core/errors.ts";
import { DECIDING_RULES, type Verdict } from "../../../src/core/judge.ts";
import type { MetricSpec } from "../../../src/core/metric.ts";
import { replay, type Study } from "../../../src/core/study.ts";
import { explainVerdict } from "../../../src/view/explain.ts";
import { fullStudy, type StudyWriter } from "../../view/fixture-study.ts";
import { JudgedWriter } from "../../view/judged-study.ts";

const TIMING: MetricSpec = { name: "seconds", goal: "minimize", unit: "s", seeded: false, timing: true };
const plain = { columns: 80, colour: false };
const ids = ["e1", "e2", "e3", "promotion-1", "promotion-2", "final"];

function golden(writer: StudyWriter, id: string, look = plain): string {
  return `${renderExplanation(explainVerdict(writer.study, id), look).join("\n")}\n`;
}

function stackOf(gains: readonly number[], linesSaved = 0): JudgedWriter {
  const writer = new JudgedWriter().start().calibrate() as JudgedWriter;
  for (const gain of gains) writer.try({ gain, linesSaved, title: "RMSNorm before attention" });
  return writer;
}

describe("a verdict explained", () => {
  it("reads as approved for a keep", async () => {
    await expect(golden(stackOf([0.02]), "e1")).toMatchFileSnapshot("snapshots/explain-keep.txt");
  });

  it("reads as approved for a disturbed duration on 60 columns in ASCII", async () => {
    const writer = new JudgedWriter({ metric: TIMING, mean: 12, sd: 0.2 })
      .start()
      .calibrate() as JudgedWriter;
    writer.try({ gain: 0.5, foreignCores: (run) => (run === 2 ? 1.5 : 0), title: "drop the second pass" });
    const look = { columns: 60, colour: false, ascii: true };
    await expect(golden(writer, "e1", look)).toMatchFileSnapshot("snapshots/explain-duration.txt");
  });

  it("reads as approved for a suspect stack and for a simplification, on 40 columns", async () => {
    const suspect = stackOf([0.05, 0.05, 0.05, 0.05]);
    suspect.promoteHead({ overVerified: -0.1 });
    await expect(golden(suspect, "p1")).toMatchFileSnapshot("snapshots/explain-suspect.txt");
    const simpler = stackOf([0, 0], 7);
    await expect(golden(simpler, "e1", { ...plain, columns: 40 })).toMatchFileSnapshot(
      "snapshots/explain-simpler.txt",
    );
  });

  it("writes no colour where none is wanted, and only ASCII of its own where nothing else can be shown", () => {
    const explanation = explainVerdict(stackOf([0.02]).study, "e1");
    const lines = renderExplanation(explanation, { columns: 80, colour: false, ascii: true });
    for (const line of lines) expect(line).toMatch(/^[ -~]*$/);
    expect(renderExplanation(explanation, { columns: 80, colour: true }).join("\n")).toContain("\u001b[1m");
  });

  it("shows what a candidate wrote as one harmless line", () => {
    const writer = new JudgedWriter().start().calibrate() as JudgedWriter;
    writer.try({
      gain: 0.05,
      title: "a\u001b[2J\nb\u202ec",
      brokenConstraints: ["x\u001b]0;owned\u0007: \u202emore"],
    });
    const text = golden(writer, "e1");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
    expect(text).toContain("  a bc\n");
    expect(text).toContain("constraint broken: x: more → discard");
  });
});

// --- nothing breaks it ---

const number = fc.oneof(
  fc.double({ min: -1e305, max: 1e305, noNaN: true }),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.constantFrom(0, -0, 1e300, -1e300, 5e-324, 0.002),
);
const positive = number.map((value) => Math.abs(value));
const whole = fc.integer({ min: 0, max: 40 });

const estimate = fc.record(
  {
    gain: number,
    low: number,
    high: number,
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    runs: whole,
    p: fc.double({ min: 0, max: 1, noNaN: true }),
  },
  { requiredKeys: ["gain", "runs"] },
);

const workings = fc.record(
  {
    rule: fc.constantFrom(...DECIDING_RULES),
    sd: positive,
    degreesOfFreedom: fc.oneof(whole, positive),
    pairing: fc.constantFrom("paired" as const, "unpaired" as const, "interleaved" as const),
    standardError: positive,
    boundary: number,
    smallest: number,
    alpha: fc.double({ min: 0, max: 1, noNaN: true }),
    margin: positive,
    gains: fc.array(number, { maxLength: 5 }),
  },
  { requiredKeys: ["rule"] },
);

const reason = fc.oneof(
  fc.string(),
  fc.constantFrom(
    "a first run must be 1 standard errors ahead",
    "unlikely to reach 0.01",
    "unlikely to reach ",
  ),
);

const verdict = fc.record(
  {
    kind: fc.constantFrom("keep" as const, "discard" as const, "inconclusive" as const),
    reasons: fc.array(reason, { minLength: 1, maxLength: 3 }),
    estimate,
    workings,
  },
  { requiredKeys: ["kind", "reasons"] },
) as fc.Arbitrary<Verdict>;

const metric = fc.record({
  name: fc.constant("loss"),
  goal: fc.constantFrom("minimize" as const, "maximize" as const),
  seeded: fc.boolean(),
  timing: fc.boolean(),
}) as fc.Arbitrary<MetricSpec>;

/** Three experiments, two promotions and a final test with whatever verdicts, on whatever values. */
const anyStudy = fc
  .record({
    metric,
    verdicts: fc.array(verdict, { minLength: 6, maxLength: 6 }),
    mean: fc.oneof(fc.constant(2.3), number),
    sd: fc.oneof(fc.constant(0.01), fc.constant(0), fc.constant(1e200)),
    left: whole,
    hasDrift: fc.boolean(),
  })
  .map(({ verdicts, left, hasDrift, ...options }): Study => {
    const writer = new JudgedWriter(options).start().calibrate() as JudgedWriter;
    const [first, second, third, promotion, again, last] = verdicts as [
      Verdict,
      Verdict,
      Verdict,
      Verdict,
      Verdict,
      Verdict,
    ];
    for (const each of [first, second, third]) writer.tell(each);
    if (hasDrift) writer.drift(0.1);
    const { run, head, baseline } = writer;
    for (const each of [promotion, again]) {
      writer.measure({ purpose: "promotion", commit: head, seed: 90 + writer.lines.length });
      writer.add({ kind: "promotion_judged", run, head, verified: baseline, verdict: each });
      if (each.kind === "discard")
        writer.add({ kind: "head_moved", run, from: head, to: baseline, reason: "suspect" });
    }
    writer.add({ kind: "final_judged", run, verified: head, baseline, isHeldOut: false, verdict: last });
    return replay(writer.lines.slice(0, writer.lines.length - (left > 20 ? left - 20 : 0)));
  });

describe("whatever a ledger holds", () => {
  it("is explained within the terminal, or refused with a next step, and no number is missing", () => {
    const look = fc.record({
      columns: fc.integer({ min: 1, max: 130 }),
      colour: fc.boolean(),
      ascii: fc.boolean(),
    });
    fc.assert(
      fc.property(anyStudy, look, (study, wanted) => {
        for (const id of ids) {
          const lines = linesOf(study, id, wanted);
          expect(lines.join("\n")).not.toMatch(/\bNaN\b|undefined|Infinity|\[object/);
          expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(wanted.columns);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("holds for every beginning of a run", () => {
    const { lines } = fullStudy();
    for (let length = 1; length <= lines.length; length += 3) {
      const study = replay(lines.slice(0, length));
      for (const id of [...ids, "e7", "e13", "promotion-3"])
        expect(linesOf(study, id, plain).join("\n")).not.toMatch(/NaN|undefined/);
    }
  });
});

/** The text, or that of the error that says what to type. */
function linesOf(study: Study, id: string, look: { columns: number; colour: boolean }): string[] {
  try {
    return renderExplanation(explainVerdict(study, id), look);
  } catch (error) {
    if (error instanceof UsageError && error.next !== "") return [];
    throw error;
  }
}
