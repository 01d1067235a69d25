import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Budget } from "../../src/core/program.ts";
import { currentRun, replay } from "../../src/core/study.ts";
import { partLeft } from "../../src/loop/budget.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { makeStudyView } from "../../src/view/study-view.ts";
import {
  type Bench,
  controls,
  createBench,
  lossIn,
  type Made,
  resumeThrough,
  runThrough,
} from "../loop/make-lab.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let bench: Bench;
beforeAll(async () => {
  bench = await createBench("memory");
});
afterAll(() => bench.remove());

/** Every second candidate is better than all before it, each command takes a minute; `onCommand` hears its number. */
async function labWith(budgetOf: (nowMs: number) => Budget, onCommand: (count: number, made: Made) => void) {
  let made: Made | undefined;
  let count = 0;
  let proposed = 0;
  const researcher = scriptedResearcher(() => {
    proposed += 1;
    const value = proposed % 2 === 0 ? 4 - proposed / 100 : 5 + proposed;
    return { files: { "a.txt": `${value}\n` }, idea: { title: `${value}` } };
  });
  made = await bench.lab({
    parts: { budget: budgetOf(Date.UTC(2026, 0, 1)), staff: [{ researcher, share: 1 }] },
    script: async ({ read }) => {
      count += 1;
      if (made === undefined) throw new Error("no lab");
      onCommand(count, made);
      await made.clock.advance(MINUTE - 1000); // the bench adds the second
      return { stdout: `loss: ${await lossIn(read)}\n` };
    },
  });
  return { made, commands: () => count };
}

function checkSane({ lab, clock, disk }: Made): void {
  const spent = lab.spent();
  expect(spent.workedMs).toBeGreaterThanOrEqual(0);
  expect(partLeft(lab.parts.budget, spent)).toBeGreaterThanOrEqual(0);
  expect(lab.searchTimeLeftMs()).not.toBeNaN();
  expect(replay(disk)).toEqual(lab.study);
  const view = JSON.stringify(makeStudyView(lab.study, clock.now(), { budget: lab.parts.budget }));
  expect(view).not.toMatch(/"(?:elapsed|worked|spent|left|seconds|ms)\w*":-/i);
  for (const { atMs } of disk) expect(Number.isFinite(atMs)).toBe(true);
}

const JUMPS = [
  ["an hour forwards", HOUR],
  ["an hour backwards", -HOUR],
  ["backwards beyond the start of the run", -100 * HOUR],
] as const;
const PLACES = [
  ["in calibration", 3],
  ["in the search", 30],
  ["late in the search", 150],
] as const;
const CASES = JUMPS.flatMap(([jump, ms]) => PLACES.map(([where, at]) => [jump, where, ms, at] as const));

describe("a clock that jumps", () => {
  it.each(CASES)("%s %s costs a run no more than the hour, and never its proof", async (_, __, ms, at) => {
    const { made, commands } = await labWith(
      () => ({ timeMs: 4 * HOUR }),
      (count, { clock }) => {
        if (count === at) clock.jump(ms);
      },
    );
    const end = await runThrough(made);
    expect(end).toMatchObject({ kind: "ended", reason: expect.stringContaining("time is up") });
    expect(commands()).toBeLessThanOrEqual(4 * 60 + 2); // a measurement under way when the time is up ends by itself
    expect(commands()).toBeGreaterThanOrEqual(3 * 60 - 60);
    expect(currentRun(made.lab.study)?.final?.verdict.kind).toBe("keep");
    checkSane(made);
  });

  it.each(CASES)(
    "%s %s leaves the end of a night where the clock says it is, and time for proof",
    async (_, __, ms, at) => {
      const { made, commands } = await labWith(
        (nowMs) => ({ deadlineMs: nowMs + 4 * HOUR }),
        (count, { clock }) => {
          // Set right again an hour later: a clock that stays 100 hours back has its night end 100 hours later.
          if (count === at) clock.jump(ms);
          if (count === at + 20 && ms < -HOUR) clock.jump(-ms);
        },
      );
      const end = await runThrough(made);
      expect(end).toMatchObject({ kind: "ended", reason: expect.stringContaining("time is up") });
      expect(commands()).toBeLessThanOrEqual(5 * 60 + 2);
      expect(currentRun(made.lab.study)?.final?.verdict.kind).toBe("keep");
      checkSane(made);
    },
  );

  it.each(JUMPS)("%s between a pause and its resume is no work", async (_, ms) => {
    const steering = controls();
    const { made, commands } = await labWith(
      () => ({ timeMs: 4 * HOUR }),
      (count) => {
        if (count === 40) steering.pause.abort();
      },
    );
    expect(await runThrough(made, steering.control)).toMatchObject({ kind: "paused" });
    const before = made.lab.spent().workedMs;
    made.clock.jump(ms);
    expect(await resumeThrough(made)).toMatchObject({ kind: "ended" });
    expect(before).toBeLessThanOrEqual(45 * MINUTE);
    expect(commands()).toBeGreaterThan(3 * 60);
    expect(commands()).toBeLessThanOrEqual(4 * 60 + 2);
    expect(currentRun(made.lab.study)?.final?.verdict.kind).toBe("keep");
    checkSane(made);
  });

  it("back before the start of a night leaves the part that is kept for proof", async () => {
    const { made } = await labWith(
      (nowMs) => ({ deadlineMs: nowMs + HOUR }),
      () => {},
    );
    await runThrough(made);
    const { lab, clock } = made;
    clock.jump(-10 * HOUR);
    const left = HOUR * 9;
    expect(lab.searchTimeLeftMs()).toBeGreaterThan(left / 2);
    expect(lab.searchTimeLeftMs()).toBeLessThan(left + HOUR);
  });
});
