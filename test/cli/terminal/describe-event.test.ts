import { describe, expect, it } from "vitest";
import { describeEvent, plainLine } from "../../../src/cli/terminal/describe-event.ts";
import type { LedgerLine } from "../../../src/core/ledger.ts";
import { apply, emptyStudy } from "../../../src/core/study.ts";
import { fullStudy, StudyWriter } from "../../view/fixture-study.ts";

function tell(lines: readonly LedgerLine[]): string[] {
  const study = emptyStudy();
  return lines.flatMap((line) => {
    apply(study, line);
    return describeEvent(line, study) ?? [];
  });
}

describe("events in words", () => {
  it("tells a run as approved, one line per event worth telling", async () => {
    await expect(`${tell(fullStudy().lines).join("\n")}\n`).toMatchFileSnapshot("snapshots/events.txt");
  });

  it("is one clean line whatever a candidate wrote", () => {
    const writer = new StudyWriter().start().calibrate();
    const nasty = "a\nb\u001b[2Jc\u202ed";
    const experiment = writer.open(nasty);
    const outcome = { kind: "crashed", cause: "exit", detail: nasty, logTail: "" } as const;
    writer.fail(experiment, writer.propose(experiment, { title: nasty, why: "" }), outcome);
    writer.add({ kind: "warning", run: writer.run, text: nasty });
    const told = tell(writer.lines).slice(-3);
    expect(told[0]).toMatch(/^e1 a bcd tries: a bcd \(\+\d+ -\d+\)$/);
    expect(told.slice(1)).toEqual(["e1 crashed (a bcd): a bcd", "warning: a bcd"]);
  });

  it("writes the time of the event, not of reading", () => {
    const writer = new StudyWriter().start();
    const study = emptyStudy();
    const [line] = writer.lines;
    if (line === undefined) throw new Error("no line");
    apply(study, line);
    expect(plainLine(line, study)).toMatch(/^22:40:00 run mar8 started: val_bpb, lower is better; /);
  });
});
