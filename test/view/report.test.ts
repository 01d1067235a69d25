import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import { describe, expect, it } from "vitest";
import { renderExperiment } from "../../src/cli/terminal/show.ts";
import { emptyStudy } from "../../src/core/study.ts";
import { cleanBlock, escapeMarkdown } from "../../src/view/plain-text.ts";
import { progressSvg } from "../../src/view/progress-svg.ts";
import { reportHtml } from "../../src/view/report-html.ts";
import { reportMarkdown } from "../../src/view/report-markdown.ts";
import { headline, nextCommands } from "../../src/view/report-words.ts";
import { resultsTsv } from "../../src/view/results-tsv.ts";
import { makeStudyView } from "../../src/view/study-view.ts";
import { fullStudy, START_MS, StudyWriter } from "./fixture-study.ts";

const viewOf = (writer: StudyWriter) =>
  makeStudyView(writer.study, writer.nowMs, { budget: { experiments: 30, timeMs: 28_800_000 } });

const HOSTILE = [
  "<script>alert(1)</script>",
  "| a | b |\n| --- | --- |",
  '"><img src=x onerror=alert(1)>',
  "![x](http://evil.example/x.png) [y](javascript:alert(1))",
  "```\n# Verified gain +9",
  "a\tb\r\nc\u202ed\u001b[2J",
  "</style></svg><b>",
  "https://evil.example www.evil.example",
];

const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: fc.constantFrom(..."<>\"'&|`*_[]()!#\\\n\t-+=~$:/@ab1.\u001b\u202e"), maxLength: 30 }),
);

function kept(title: string): StudyWriter {
  const writer = new StudyWriter({ tag: "t" }).start().calibrate();
  const forecast = { gain: 0.01, probability: 0.5 };
  writer.experiment(title, { title, why: title, forecast }, { gain: 0.03, verdict: "keep" });
  const id = writer.open("x");
  const outcome = { kind: "crashed", cause: "exit", detail: title, logTail: title } as const;
  writer.fail(id, writer.propose(id, { title, why: title }, title), outcome);
  writer.add({ kind: "warning", run: writer.run, text: title });
  return writer.promote("keep", 0);
}

describe("report", () => {
  it("reads as approved for a whole run", async () => {
    await expect(reportMarkdown(viewOf(fullStudy()))).toMatchFileSnapshot("snapshots/report.md");
    await expect(progressSvg(viewOf(fullStudy()))).toMatchFileSnapshot("snapshots/progress.svg");
  });

  it("states the verified gain with interval, held-out data and p", () => {
    expect(headline(viewOf(fullStudy()))).toEqual({
      tone: "proven",
      text: "Verified gain +0.0432 (+1.8 %) [0.0324, 0.0540] over the baseline on held-out data, p = 0.00084.",
    });
  });

  it("says how often a study has looked at its held-out data, and when that is too often", () => {
    const view = viewOf(fullStudy());
    const { run } = view;
    if (run?.verifiedGain === undefined) throw new Error("a study with a proven gain");
    const told = (heldOutLooks: number) =>
      headline({
        ...view,
        run: { ...run, verifiedGain: { ...run.verifiedGain, heldOutLooks } },
      } as typeof view).text;
    expect(told(3)).toContain("on held-out data (look 3 of this study at them), p");
    expect(told(51)).toContain("(look 51 of this study at them: too many, hold out others)");
  });

  it("puts first what looks too good, as data", () => {
    const writer = new StudyWriter().start().calibrate();
    const flags = ["3 changed lines gain 60 % of the metric's value", "it names <b>x</b>\u001b[2J"];
    writer.experiment("tuner", { title: "a | b", why: "" }, { gain: 1.4, verdict: "keep", flags });
    const text = reportMarkdown(viewOf(writer));
    expect(text).toContain("## Read these first");
    expect(text).toContain("- e1 (a \\| b): 3 changed lines gain 60 % of the metric's value");
    expect(text).not.toContain("<b>");
    expect(text).not.toContain("\u001b");
    expect(reportMarkdown(viewOf(fullStudy()))).not.toContain("Read these first");
    const shown = renderExperiment(viewOf(writer), "e1", { columns: 100, colour: false }).join("\n");
    expect(shown).toMatch(/Read this first\n\s+3 changed lines gain 60 % of the metric's value/);
  });

  it("says honestly that nothing was proven", () => {
    const writer = new StudyWriter().start().calibrate();
    expect(headline(viewOf(writer)).text).toBe("Nothing is proven yet: the baseline is being measured.");
    writer.experiment("tuner", { title: "a", why: "" }, { gain: 0.03, verdict: "keep" });
    expect(headline(viewOf(writer)).tone).toBe("pending");
    writer.promote("inconclusive", 0).end();
    expect(headline(viewOf(writer))).toEqual({
      tone: "unproven",
      text: "Nothing was proven: 1 experiment, 1 kept tentatively, none of them confirmed on fresh data.",
    });
    expect(nextCommands(viewOf(writer)).some(({ command }) => command.includes("merge"))).toBe(false);
  });

  it("says so when the final test does not confirm a promotion", () => {
    const writer = new StudyWriter().start().calibrate();
    writer.experiment("tuner", { title: "a", why: "" }, { gain: 0.03, verdict: "keep" });
    writer.promote("keep", 0);
    writer.final("discard", { gain: -0.002, low: -0.01, high: 0.006, runs: 5, p: 0.7 }).end();
    expect(headline(viewOf(writer)).text).toMatch(
      /^Nothing was proven: the final test of \w{7} measured -0\.0020 \(-0\.09 %\) \[-0\.0100, 0\.0060\], p = 0\.70,/,
    );
  });

  it("says that a promotion held where the final test could not be measured, and claims nothing", () => {
    const writer = new StudyWriter().start().calibrate();
    writer.experiment("tuner", { title: "a", why: "" }, { gain: 0.03, verdict: "keep" });
    writer.promote("keep", 0);
    const { run, verified, baseline } = writer;
    const verdict = { kind: "inconclusive", reasons: ["not finished: the time is up"] } as const;
    writer.add({ kind: "final_judged", run, verified, baseline, isHeldOut: false, verdict }).end();
    expect(headline(viewOf(writer))).toEqual({
      tone: "unproven",
      text: `Nothing may be claimed: ${verified.slice(0, 7)} held on fresh pairs, but its final test against the baseline gave no gain: not finished: the time is up.`,
    });
  });

  it("says that a proof was taken back, and why", () => {
    const writer = new StudyWriter().start().calibrate();
    writer.experiment("tuner", { title: "a", why: "" }, { gain: 0.03, verdict: "keep" });
    writer.promote("keep", 0);
    const { run, verified, baseline } = writer;
    writer
      .add({ kind: "withdrawn", run, from: verified, to: baseline, reason: "it failed to measure" })
      .end();
    const view = viewOf(writer);
    expect(headline(view).text).toBe(
      "Nothing was proven: 1 experiment, 1 kept tentatively; what a promotion had proven did not stand (see Warnings).",
    );
    const text = reportMarkdown(view);
    expect(text).toContain("- it failed to measure");
    expect(text).toContain("proven, and taken back later");
  });

  it("says what came of a flagged keep that was measured again", () => {
    const writer = new StudyWriter().start().calibrate();
    writer.experiment(
      "tuner",
      { title: "a", why: "" },
      { gain: 1.4, verdict: "keep", flags: ["it is huge"] },
    );
    const verdict = {
      kind: "discard",
      reasons: ["measured again, it does not hold: 0.1"],
      flags: ["it is huge"],
    };
    writer.add({ kind: "rechecked", experiment: "e1" as never, verdict: verdict as never });
    expect(reportMarkdown(viewOf(writer))).toContain(
      "- e1 (a): it is huge; measured again, it does not hold: 0.1",
    );
  });

  it("can be made of an empty study and of one with only a baseline, for every kind of metric", () => {
    const empty = makeStudyView(emptyStudy(), START_MS);
    for (const make of [reportMarkdown, reportHtml, progressSvg, resultsTsv])
      expect(make(empty)).not.toMatch(/NaN|undefined/);
    const metrics = [
      { metric: { name: "acc", goal: "maximize", seeded: true, timing: false }, mean: 0.8, sd: 0 },
      {
        metric: { name: "wall_seconds", goal: "minimize", unit: "s", seeded: false, timing: true },
        mean: 12,
        sd: 0.2,
      },
      { metric: { name: "zero", goal: "minimize", seeded: false, timing: false }, mean: 0, sd: 1 },
    ] as const;
    for (const options of metrics) {
      for (const writer of [
        new StudyWriter(options).start(),
        new StudyWriter(options).start().calibrate(),
        fullStudy(options),
      ]) {
        for (const make of [reportMarkdown, reportHtml, progressSvg, resultsTsv])
          expect(make(viewOf(writer))).not.toMatch(/NaN|undefined|Infinity/);
      }
    }
  });

  it("cannot be broken in HTML by anything a candidate wrote", () => {
    const shape = (html: string) => [...html.matchAll(/<\/?([a-z0-9]+)/g)].map(([tag]) => tag).join(" ");
    // Line breaks of `why` are the one free number.
    const calm = (title: string) => shape(reportHtml(viewOf(kept(title)))).replaceAll("<br ", "");
    const usual = calm("plain");
    fc.assert(
      fc.property(
        hostile.filter((text) => cleanBlock(text).trim().length > 0),
        (title) => {
          expect(calm(title)).toBe(usual);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("escapes diffs and loads nothing", () => {
    const html = reportHtml(viewOf(kept("a")), {
      diffs: { e1: "+<img src=//evil.example onerror=x>\n-</pre><script>" },
    });
    expect(html).toContain('<span class="add">+&lt;img src=//evil.example onerror=x&gt;</span>');
    expect(html).not.toMatch(/<script|<img|<link|<iframe|\son\w+="|url\(|@import/);
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
  });

  it("cannot be broken in Markdown by anything a candidate wrote", () => {
    const outline = (markdown: string) =>
      markdown
        .split("\n")
        .map((line) => line.match(/^(#+ |\| |- |```)/)?.[0] ?? "")
        .join("");
    const cells = (markdown: string) =>
      markdown
        .split("\n")
        .filter((line) => line.startsWith("|"))
        .map((line) => line.match(/(?<!\\)\|/g)?.length)
        .join();
    const usual = reportMarkdown(viewOf(kept("plain")));
    fc.assert(
      fc.property(
        hostile.filter((text) => cleanBlock(text).trim().length > 0),
        (title) => {
          const markdown = reportMarkdown(viewOf(kept(title)));
          expect(outline(markdown)).toBe(outline(usual));
          expect(cells(markdown)).toBe(cells(usual));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("escaped Markdown is one paragraph of the text itself", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const [paragraph, ...rest] = fromMarkdown(`x ${escapeMarkdown(text)} x`).children;
        expect(rest).toEqual([]);
        const children = paragraph?.type === "paragraph" ? paragraph.children : [];
        expect(children.map(({ type }) => type)).toEqual(["text"]);
      }),
    );
  });
});

describe("results.tsv", () => {
  it("has the columns and words that Karpathy's notebook reads", () => {
    const [header, ...rows] = resultsTsv(viewOf(fullStudy())).trimEnd().split("\n");
    expect(header).toBe("commit\tval_bpb\tmemory_gb\tstatus\tdescription");
    expect(rows[0]).toMatch(/^[0-9a-f]{7}\t2\.341200\t0\.0\tkeep\tbaseline$/);
    for (const row of rows)
      expect(row).toMatch(/^[0-9a-f]{7}\t\d+\.\d{6}\t\d+\.\d\t(keep|discard|crash)\t[^\t]+$/);
    expect(rows.filter((row) => row.includes("\t0.000000\t0.0\tcrash\t"))).toHaveLength(4);
  });

  it("keeps one line per experiment whatever the title holds", () => {
    fc.assert(
      fc.property(hostile, (title) => {
        const lines = resultsTsv(viewOf(kept(title)))
          .trimEnd()
          .split("\n");
        expect(lines.map((line) => line.split("\t").length)).toEqual([5, 5, 5, 5]);
      }),
      { numRuns: 50 },
    );
  });
});
