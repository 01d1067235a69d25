import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderExplanation } from "../../src/cli/terminal/explain.ts";
import type { Goal } from "../../src/core/metric.ts";
import { SAMPLE_PROGRAM } from "../../src/testing/sample-program.ts";
import { explainVerdict } from "../../src/view/explain.ts";
import { progressSvg } from "../../src/view/progress-svg.ts";
import { reportHtml } from "../../src/view/report-html.ts";
import { reportMarkdown } from "../../src/view/report-markdown.ts";
import { resultsTsv } from "../../src/view/results-tsv.ts";
import { makeStudyView } from "../../src/view/study-view.ts";
import {
  type Bench,
  createBench,
  events,
  type LabOptions,
  lossIn,
  noisyScript,
  plainScript,
  runThrough,
  staff,
  statuses,
} from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.remove());

const LOOK = { colour: false, columns: 100 };
type Script = NonNullable<LabOptions["script"]>;

/** Huge losses differ from seed to seed by a thousandth, others by 0.05. */
const noisy: Script = async (command) => {
  const loss = await lossIn(command.read);
  if (Math.abs(loss) < 1e100) return await noisyScript(0.05)(command);
  return { stdout: `loss: ${loss * (1 - (command.seed % 100) * 1e-5)}\n` };
};

/** A night of four candidates; the third is honest. */
async function night(goal: Goal, script: Script, honest: string) {
  const made = await bench.lab({
    script,
    program: { metric: { ...SAMPLE_PROGRAM.metric, goal } },
    parts: { staff: staff("1e308\n", "-1e308\n", honest, "4.5\n"), budget: { measurements: 120 } },
  });
  expect((await runThrough(made)).kind).toBe("ended");
  const { study } = made.lab;
  const view = makeStudyView(study, made.clock.now());
  const ids = ["e1", "e2", "e3", "e4"].map((id) => renderExplanation(explainVerdict(study, id), LOOK).join());
  for (const text of [reportMarkdown(view), reportHtml(view), progressSvg(view), resultsTsv(view), ...ids])
    expect(text).not.toMatch(/NaN|Infinity/);
  return { ends: statuses(made).slice(0, 4), made };
}

describe("a night in which candidates print the largest numbers there are", () => {
  it("goes on where the metric is noisy, and proves the honest gain alone", async () => {
    for (const [goal, honest, worse, better] of [
      ["maximize", "9\n", 1, 0],
      ["minimize", "1\n", 0, 1],
    ] as const) {
      const { ends, made } = await night(goal, noisy, honest);
      const [first, second] = [ends[better], ends[worse]];
      expect([first, second, ends[2], ends[3]]).toEqual(["inconclusive", "discarded", "kept", "discarded"]);
      const reasons = events(made, "judged").map(({ verdict }) => verdict.reasons.join());
      expect(reasons.slice(0, 2)).toEqual(Array(2).fill(expect.stringContaining("cannot be compared")));
      expect(made.lab.run.stack).toEqual(["e3"]);
      expect(made.lab.run.verified).toBe(made.lab.run.head);
      expect(made.lab.run.final?.verdict).toMatchObject({ kind: "keep" });
    }
  });

  it("goes on where the metric is deterministic: what a number can say is a gain", async () => {
    const up = await night("maximize", plainScript, "9\n");
    expect(up.ends).toEqual(["kept", "discarded", "discarded", "discarded"]);
    expect(up.made.lab.run.headGain).toBe(1e308);
    const down = await night("minimize", plainScript, "1\n");
    expect(down.ends).toEqual(["discarded", "kept", "discarded", "discarded"]);
    expect(down.made.lab.run.headGain).toBe(1e308);
  });

  it("goes on from a huge head, noisy or not, which nothing replaces that cannot be compared with it", async () => {
    for (const script of [noisy, plainScript])
      for (const sign of [1, -1])
        for (const goal of ["maximize", "minimize"] as const) {
          const { made } = await night(
            goal,
            async (command) => {
              const loss = await lossIn(command.read);
              const read = async (path: string) =>
                loss === 10 ? (path === "a.txt" ? `${sign}e308` : "0") : await command.read(path);
              return await script({ ...command, read });
            },
            "9\n",
          );
          const [judged] = events(made, "calibrated");
          expect(judged?.noise.mean).toBeCloseTo(sign * 1e308, -306);
          const isOpposite = (sign === 1) === (goal === "minimize");
          const gains = made.lab.run.stack.length;
          // A deterministic gain from 1e308 to 9 is one; a noisy one has no error to be held against.
          expect(gains > 0).toBe(script === plainScript && isOpposite);
        }
  });
});
