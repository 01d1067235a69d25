import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut, textTable, widthOf, wrap } from "../../../src/cli/terminal/cells.ts";
import { renderProgress } from "../../../src/cli/terminal/progress.ts";
import { renderExperiment, renderLog } from "../../../src/cli/terminal/show.ts";
import { renderStatus } from "../../../src/cli/terminal/status.ts";
import { UsageError } from "../../../src/core/errors.ts";
import { emptyStudy, replay } from "../../../src/core/study.ts";
import { makeStudyView } from "../../../src/view/study-view.ts";
import { fullStudy, START_MS, StudyWriter } from "../../view/fixture-study.ts";

/** The full study as it stood with experiment 19 under way. */
function midway() {
  const lines = fullStudy().lines.slice(0, 120);
  const nowMs = (lines.at(-1)?.atMs ?? 0) + 25_000;
  const budget = { experiments: 30, timeMs: 28_800_000 };
  return makeStudyView(replay(lines), nowMs, { budget });
}

const plain = { columns: 100, colour: false };
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for colour codes
const ANSI = /\u001b/;

describe("live progress", () => {
  it("reads as approved", () => {
    expect(`\n${renderProgress(midway(), plain).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      nightlab mar8  running                                                19 experiments, 4 kept  1h 02m
      ━━━━━━━━━━━━━━━━━━━━━━━━━───────────────  19 of 30 experiments (11 left)

      val_bpb ███▆▇█······▄▄▄▂▃▃▁  base 2.3412 lower is better
      tentative  +0.0533 (+2.3 %)
      verified   +0.0366 (+1.6 %) [0.0234, 0.0498], p = 0.0021

      · e19  measuring, run 2    2m 30s  RMSNorm before attention, again with half the step  claude/theor…

      ✓ e13  +0.0135    Batch 24 instead of 16  tuner
      ✗ e14  -0.0025    Gradient clipping at 0.5  claude/architect
      ✗ e15  -0.0022    Two heads instead of four  tuner
      ✓ e16  +0.0112    Label smoothing 0.05  claude/theorist
      ✗ e17  -0.0028    Query-key normalisation  tuner
      ✗ e18  -0.0032    Initialise residual output at zero  claude/theorist
      warning: quota of claude reached, waiting until 03:10
      "
    `);
  });

  it("reads as approved in ASCII on 72 columns", () => {
    expect(
      `\n${renderProgress(midway(), { columns: 72, colour: false, ascii: true }).join("\n")}\n`,
    ).toMatchInlineSnapshot(`
      "
      nightlab mar8  running                    19 experiments, 4 kept  1h 02m
      ########################..............  19 of 30 experiments (11 left)

      val_bpb ###=*#      ---.,,_  base 2.3412 lower is better
      tentative  +0.0533 (+2.3 %)
      verified   +0.0366 (+1.6 %) [0.0234, 0.0498], p = 0.0021

      . e19  measuring, run 2    2m 30s  RMSNorm before attention, again wi...

      + e13  +0.0135    Batch 24 instead of 16  tuner
      x e14  -0.0025    Gradient clipping at 0.5  claude/architect
      x e15  -0.0022    Two heads instead of four  tuner
      + e16  +0.0112    Label smoothing 0.05  claude/theorist
      x e17  -0.0028    Query-key normalisation  tuner
      x e18  -0.0032    Initialise residual output at zero  claude/theorist
      warning: quota of claude reached, waiting until 03:10
      "
    `);
  });

  it("never writes a line wider than the terminal, whatever its width and the titles", () => {
    const title = fc.string({ unit: fc.constantFrom(..."ab 漢字é👩‍👩‍👧ﬀ\u0301"), maxLength: 60 });
    fc.assert(
      fc.property(title, fc.integer({ min: 1, max: 130 }), fc.boolean(), (text, columns, colour) => {
        const writer = new StudyWriter().start().calibrate();
        writer.experiment(text, { title: text, why: text }, { gain: 0.03, verdict: "keep" });
        writer.propose(writer.open(text), { title: text, why: text });
        const view = makeStudyView(writer.study, writer.nowMs, { budget: { experiments: 9 } });
        const look = { columns, colour };
        for (const lines of [renderProgress(view, look), renderStatus(view, look), renderLog(view, look)])
          expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
      }),
      { numRuns: 40 },
    );
  });

  it("writes no ANSI code without colour and closes every colour it opens", () => {
    expect(renderProgress(midway(), plain).join("")).not.toMatch(ANSI);
    for (const line of renderProgress(midway(), { columns: 60, colour: true })) {
      const codes = line.match(/\[\d+m/g) ?? [];
      expect(codes.length === 0 || codes.at(-1) === "[0m").toBe(true);
    }
  });

  it("has something to say before anything was measured", () => {
    expect(renderProgress(makeStudyView(emptyStudy(), START_MS), plain)).toEqual([
      "nightlab: nothing has been measured yet",
    ]);
    const writer = new StudyWriter().start();
    const lines = renderProgress(makeStudyView(writer.study, writer.nowMs), plain);
    expect(lines[0]).toContain("calibrating");
    expect(lines.join("\n")).not.toMatch(/NaN|undefined/);
  });
});

describe("status", () => {
  it("reads as approved", () => {
    expect(`\n${renderStatus(midway(), plain).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      nightlab mar8  running                                                19 experiments, 4 kept  1h 02m
      metric     val_bpb, lower is better
      baseline   2.3412 (7e7b599)
      noise      one run varies by 0.0060 (standard deviation, 3 degrees of freedom), repeats of one seed…
      tentative  +0.0533 (+2.3 %)
      verified   +0.0366 (+1.6 %) [0.0234, 0.0498], p = 0.0021
      tried      4 kept, 8 not better, 1 crashed, 1 ran out of time, 1 stopped early
                 1 changed what it may not, 1 researcher gave up, 1 tried before, 1 under way
      proof      1 promotion: 1 held
      forecasts  claude/theorist: said 44 %, kept 40 % of 5 (Brier 0.30)
                 tuner: said 32 %, kept 20 % of 5 (Brier 0.19)
      budget     19 of 30 experiments (11 left)
                 1h 02m of 8h 00m of work (6h 57m left)
      outlook    17 experiments an hour; ends in about 35m 54s with 28 experiments
      now        e19 claude/theorist: RMSNorm before attention, again with half the step (measuring, run …
      warning    quota of claude reached, waiting until 03:10
      "
    `);
  });

  it("says why a run ended and what it proved", () => {
    const { study, nowMs } = fullStudy();
    const text = renderStatus(makeStudyView(study, nowMs), plain).join("\n");
    expect(text).toContain("reason     30 experiments are done");
    expect(text).toContain("verified   +0.0432 (+1.8 %) [0.0324, 0.0540], p = 0.00084");
  });
});

describe("show and log", () => {
  it("shows one experiment as approved", () => {
    expect(
      `\n${renderExperiment(midway(), "e1", { ...plain, columns: 80 }).join("\n")}\n`,
    ).toMatchInlineSnapshot(`
      "
      ✓ e1 RMSNorm before attention
        kept, in verified
        by claude/theorist, 2026-03-08 22:46 UTC, took 6m 05s
        commit 74a3070 on head 7e7b599
        gain +0.0155 [0.0110, 0.0200] over its head, +0.0155 over the baseline
        forecast +0.0090, 20 %

      Why
        Small models at this budget are limited by optimisation, not by capacity.

      Files
        train.ts +8 -2

      Measured
        side       seed  val_bpb    head     gain  time  channel
        candidate    11   2.3314  2.3525  +0.0211   41s  artifact
        candidate    12   2.3126  2.3321  +0.0196   41s  artifact
        candidate    13   2.3369  2.3426  +0.0057   40s  artifact

        Channel: artifact (strong): scored by the evaluator of the base commit on what
        the candidate left behind; the candidate's code never runs where the number is
        made.

      Verdict
        gain 0.0155 ± 0.00346 (paired, 3 runs), above 1.61 standard errors and the
        smallest useful gain 0.002
      "
    `);
  });

  it("shows the end of a crash's log", () => {
    const text = renderExperiment(midway(), "e7", plain).join("\n");
    expect(text).toContain(
      "End of the log\n  Traceback (most recent call last):\n    File train.py, line 88",
    );
  });

  it("names the next command when the experiment does not exist", () => {
    expect(() => renderExperiment(midway(), "e99", plain)).toThrow(UsageError);
  });

  it("lists experiments one per line, only those asked for", () => {
    expect(renderLog(midway(), plain)).toHaveLength(20);
    const kept = renderLog(midway(), { ...plain, statuses: ["kept"] });
    expect(kept.slice(1).every((line) => line.startsWith("✓"))).toBe(true);
    expect(kept).toHaveLength(5);
    expect(renderLog(midway(), { ...plain, statuses: ["no_metric"] })).toEqual([
      "no experiments are no_metric",
    ]);
  });
});

describe("columns of a terminal", () => {
  it("counts what a character takes on the screen", () => {
    expect(["abc", "漢字", "e\u0301", "👩‍👩‍👧", "\u001b[31mab\u001b[0m", "✓"].map(widthOf)).toEqual([
      3, 4, 1, 2, 2, 1,
    ]);
  });

  it("cuts between characters and closes colours", () => {
    expect(cut("漢字漢字", 5)).toBe("漢字…");
    expect(cut("\u001b[31mabcdef\u001b[0m", 4)).toBe("\u001b[31mabc…\u001b[0m");
    expect(cut("abc", 0)).toBe("");
  });

  it("wraps at blanks without losing a word", () => {
    const words = fc.array(fc.string({ unit: fc.constantFrom(..."abc"), minLength: 1, maxLength: 8 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(words, (list) => {
        const lines = wrap(list.join(" "), 10);
        expect(lines.join(" ")).toBe(list.join(" "));
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(10);
      }),
    );
  });

  it("lets only the stretching column of a table give way", () => {
    const columns = [{ name: "id" }, { name: "idea" }, { name: "gain", isNumber: true }];
    const rows = [["e1", "a long title of an idea", "+0.1"]];
    expect(textTable(columns, rows, { columns: 24, stretch: "idea" })).toEqual([
      "id  idea            gain",
      "e1  a long title …  +0.1",
    ]);
  });
});
