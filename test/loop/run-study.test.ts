import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { type Bench, createBench, events, refsAgree, runThrough, statuses } from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench("git");
});
afterAll(() => bench.remove());

const staff = (...values: string[]) => [
  { researcher: scriptedResearcher(values.map((text) => ({ files: { "a.txt": text } }))), share: 1 },
];

describe("a run", () => {
  it("keeps what is better, discards what is not, and proves the head at the end", async () => {
    const made = await bench.lab({ parts: { staff: staff("3\n", "5\n", "2\n") } });
    const end = await runThrough(made);
    expect(end).toEqual({ kind: "ended", reason: "the researchers have nothing more to propose" });
    expect(statuses(made)).toEqual(["kept", "discarded", "kept", "gave_up"]);
    expect(made.lab.run.verified).toBe(made.lab.run.head);
    expect(made.lab.run.final?.verdict.estimate?.gain).toBe(2);
    expect(events(made, "measured").filter(({ purpose }) => purpose === "calibration")).toHaveLength(6);
    expect(await refsAgree(made)).toBe(true);
  });

  it("measures every experiment that the budget allowed it to open", async () => {
    const made = await bench.lab({ parts: { staff: staff("3\n", "2\n"), budget: { experiments: 1 } } });
    await runThrough(made);
    expect(statuses(made)).toEqual(["kept"]);
  });

  it("shows its result before it is recorded as ended, and ends with a warning where it cannot", async () => {
    const shown: string[] = [];
    const made = await bench.lab({
      parts: {
        staff: staff("3\n"),
        showResult: async (run) => {
          shown.push(`${run.verified} ${run.endedAtMs}`);
          return "the branch is checked out";
        },
      },
    });
    await runThrough(made);
    expect(shown).toEqual([`${made.lab.run.verified} undefined`]);
    expect(made.disk.slice(-2).map(({ event }) => event)).toMatchObject([
      { kind: "warning", text: "the branch is checked out" },
      { kind: "run_ended" },
    ]);
  });
});
