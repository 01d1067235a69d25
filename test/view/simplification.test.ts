import { describe, expect, it } from "vitest";
import { describeEvent } from "../../src/cli/terminal/describe-event.ts";
import { renderExperiment, renderLog } from "../../src/cli/terminal/show.ts";
import { renderStatus } from "../../src/cli/terminal/status.ts";
import { replay } from "../../src/core/study.ts";
import { reportHtml } from "../../src/view/report-html.ts";
import { reportMarkdown } from "../../src/view/report-markdown.ts";
import { headline, nextCommands } from "../../src/view/report-words.ts";
import { makeStudyView } from "../../src/view/study-view.ts";
import { JudgedWriter } from "./judged-study.ts";

const LOSS = { name: "loss", goal: "minimize", minEffect: 0.05, seeded: true, timing: false } as const;
const TIMING = { name: "seconds", goal: "minimize", unit: "s", seeded: false, timing: true } as const;
const look = { columns: 100, colour: false };

const started = (options: ConstructorParameters<typeof JudgedWriter>[0] = {}) =>
  new JudgedWriter(options).start().calibrate() as JudgedWriter;
const viewOf = (writer: JudgedWriter) => makeStudyView(writer.study, writer.nowMs);

/** Two changes that only delete lines, promoted as not worse. */
function simpler(): JudgedWriter {
  const writer = started({ metric: LOSS });
  for (const linesSaved of [7, 5]) writer.try({ gain: 0, linesSaved });
  expect(writer.promoteHead().workings?.rule).toBe("not_worse");
  return writer;
}

describe("less code that is not worse", () => {
  it("is claimed as such, and never as a gain", () => {
    const writer = simpler();
    const text = headline(viewOf(writer)).text;
    expect(text).toMatch(
      /^Simpler, no gain claimed: \w{7} has 12 lines fewer and is not worse by more than 0\.0250, shown on fresh pairs\.$/,
    );
    writer.finalTest();
    writer.end();
    const view = viewOf(writer);
    expect(view.run?.verifiedGain).toMatchObject({
      isProven: false,
      simpler: { linesSaved: 12, margin: 0.025 },
    });
    expect(headline(view).tone).toBe("proven");
    expect(headline(view).text).toMatch(
      /^Simpler, no gain claimed: .* The final test measured [-+]0\.00\d\d/,
    );
    expect(
      nextCommands(view)
        .map(({ command }) => command)
        .join(),
    ).toContain("git merge");
    for (const page of [reportMarkdown(view), reportHtml(view), renderStatus(view, look).join("\n")])
      expect(page).not.toMatch(/Verified gain \+|proven:/);
  });

  it("is named in log, show, status and events", () => {
    const writer = simpler();
    const view = viewOf(writer);
    expect(renderLog(view, look)[1]).toMatch(/ kept, simpler {2}idea of e1/);
    expect(renderExperiment(view, "e1", look)[1]).toBe("  kept, simpler, in verified");
    const status = renderStatus(view, look).join("\n");
    expect(status).toMatch(
      /verified {3}\w{7} 12 lines fewer and not worse by more than 0\.0250, no gain claimed/,
    );
    expect(status).toContain("2 of the kept simpler, not worse");
    const closed = writer.lines.findIndex(({ event }) => event.kind === "closed");
    const line = writer.lines[closed];
    if (line === undefined) throw new Error("nothing was closed");
    const told = describeEvent(line, replay(writer.lines.slice(0, closed + 1)));
    expect(told).toMatch(/^e1 kept \(idea of e1\): simpler, 7 lines fewer, and not worse/);
  });

  it("is no claim any more once the final test says that it lost more", () => {
    const writer = simpler();
    writer.final("discard", { gain: -0.1, low: -0.14, high: -0.06, confidence: 0.95, runs: 5, p: 0.999 });
    const { run } = viewOf(writer);
    expect(run?.verifiedGain).not.toHaveProperty("simpler");
    expect(headline(viewOf(writer)).text).toMatch(/^Nothing was proven: the final test/);
    expect(
      nextCommands(viewOf(writer.end() as JudgedWriter))
        .map(({ command }) => command)
        .join(),
    ).not.toContain("merge");
  });

  it("yields to a gain that the final test has proven", () => {
    const writer = simpler();
    writer.final("keep", { gain: 0.1, low: 0.06, high: 0.14, confidence: 0.95, runs: 5, p: 0.001 });
    expect(headline(viewOf(writer)).text).toMatch(/^Verified gain \+0\.1000/);
  });

  it("never lifts the line of what is verified", () => {
    const { curve, run } = viewOf(simpler());
    const last = curve.verified.at(-1)?.value ?? Number.NaN;
    expect(last).toBeGreaterThanOrEqual(run?.baselineMean ?? Number.NaN); // of a loss, higher is worse
  });

  it("is told the same way for a deterministic metric", () => {
    const writer = started({ sd: 0 });
    writer.try({ gain: 0, linesSaved: 3 });
    expect(viewOf(writer).experiments[0]?.simplification).toEqual({ linesSaved: 3, margin: 0.001 });
    writer.promoteHead();
    writer.finalTest();
    expect(headline(viewOf(writer)).text).toContain("3 lines fewer and is not worse by more than 0.001");
  });
});

describe("a stack that was bisected", () => {
  function bisected(): JudgedWriter {
    const writer = started();
    for (const gain of [0.05, 0.05, 0.05, 0.05]) writer.try({ gain });
    writer.promoteHead({ overVerified: -0.1 });
    writer.promoteHead();
    return writer;
  }

  it("is told with what was dropped, and what it spent", () => {
    const view = viewOf(bisected());
    expect(view.promotions.map(({ id, tested, dropped }) => ({ id, tested, dropped }))).toEqual([
      { id: "promotion-1", tested: ["e1", "e2", "e3", "e4"], dropped: ["e3", "e4"] },
      { id: "promotion-2", tested: ["e1", "e2"], dropped: [] },
    ]);
    const { total = 0, spent = 0, left = 0 } = view.run?.promotionError ?? {};
    expect(total).toBeCloseTo(0.03, 12);
    expect(spent).toBeCloseTo(0.03 * (6 / Math.PI ** 2) * 1.25, 12);
    expect(left).toBeCloseTo(total - spent, 12);
    const report = reportMarkdown(view);
    expect(report).toContain("## Kept, then dropped");
    expect(report).toContain("suspect, dropped e3, e4");
    expect(report).toContain("2 promotions: 1 held, 1 suspect; error left 0.7 % of 3.0 %.");
    expect(renderLog(view, look)[3]).toContain("kept, dropped");
    expect(renderStatus(view, look).join("\n")).toContain("2 of the kept dropped again");
  });

  it("is told while it happens", () => {
    const writer = bisected();
    const back = writer.lines.findIndex(
      ({ event }) => event.kind === "head_moved" && event.reason === "suspect",
    );
    const line = writer.lines[back];
    if (line === undefined) throw new Error("the head did not go back");
    expect(describeEvent(line, replay(writer.lines.slice(0, back + 1)))).toMatch(
      /^head went back to \w{7}: the stack was suspect, dropped e3, e4$/,
    );
  });
});

describe("what disturbs a run", () => {
  it("is said of a machine that changed", () => {
    const view = viewOf(started().drift(0.1));
    expect(view.run?.drifts).toBe(1);
    expect(reportMarkdown(view)).toContain("The machine changed 1 time during the run");
    expect(renderStatus(view, look).join("\n")).toContain("machine    changed 1 time, calibrated anew");
  });

  it("is said of durations beside other work, and of no other metric", () => {
    const writer = started({ metric: TIMING, mean: 12, sd: 0.2 });
    writer.try({ gain: 1, foreignCores: (run) => (run === 1 ? 1.5 : 0) });
    const view = viewOf(writer);
    expect(view.run?.disturbed).toBe(1);
    expect(reportMarkdown(view)).toContain("Other work of the machine disturbed 1 duration");
    expect(renderExperiment(view, "e1", look).join("\n")).toMatch(/candidate, disturbed +12/);
    const plain = started();
    plain.try({ gain: 0.05, foreignCores: () => 2 });
    expect(viewOf(plain).run).not.toHaveProperty("disturbed");
    expect(viewOf(plain).experiments[0]?.measurements[0]).not.toHaveProperty("isDisturbed");
  });
});
