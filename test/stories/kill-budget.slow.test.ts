import { execFileSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRun, type RunRequest } from "../../src/compose.ts";
import type { LabParts } from "../../src/loop/lab.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { eventsOf, makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { makeRepository, programText, type Settings } from "./repositories.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

const CALIBRATION_RUNS = 6;
const HOUR_MS = 3_600_000;

function flatStudy(name: string, settings: Settings): Promise<string> {
  const program = {
    metric: { name: "loss", goal: "minimize" },
    measure: "echo loss: 1",
    edit: ["code.txt"],
    sandbox: "process",
    researchers: [{ command: "exit 75" }],
    ...settings,
  };
  return makeRepository(join(place.folder, name), { "code.txt": "x\n", "program.md": programText(program) });
}

const request = (cwd: string, more: Partial<RunRequest>): RunRequest => ({
  cwd,
  mode: { kind: "start", tag: "night" },
  environment: place.env,
  ...more,
});

function controls() {
  const [pause, finish, stop] = [new AbortController(), new AbortController(), new AbortController()];
  return { pause, control: { pause: pause.signal, finish: finish.signal, stop: stop.signal } };
}

/** Ends the process, in effect, in place of the first line of that kind. */
function diesAt(kind: string) {
  return (parts: LabParts): LabParts => ({
    ...parts,
    ledger: {
      append: async (events) => {
        if (events.some((event) => event.kind === kind)) throw new Error("killed");
        return await parts.ledger.append(events);
      },
      read: (after) => parts.ledger.read(after),
      close: () => parts.ledger.close(),
    },
  });
}

async function workUntilKilled(cwd: string, kind: string, more: Partial<RunRequest> = {}): Promise<void> {
  const run = await openRun(request(cwd, { wrap: diesAt(kind), ...more }));
  await expect(run.work(controls().control)).rejects.toThrow("killed");
  await run.close();
}

async function resumeToTheEnd(cwd: string, more: Partial<RunRequest> = {}) {
  const run = await openRun(request(cwd, { mode: { kind: "resume" }, ...more }));
  const end = await run.work(controls().control);
  await run.close();
  return end;
}

test("a run killed when its last measurement was spent is resumed to its end, without another one", async () => {
  const cwd = await flatStudy("spent", { budget: { measurements: CALIBRATION_RUNS } });
  await workUntilKilled(cwd, "calibrated");
  expect(await resumeToTheEnd(cwd)).toMatchObject({ kind: "ended" });
  const lines = await readLines(cwd);
  expect(eventsOf(lines, "measured")).toHaveLength(CALIBRATION_RUNS);
  expect(eventsOf(lines, "run_ended")).toHaveLength(1);
});

test("the hours between a kill and the resume are not taken from the budget", async () => {
  const clock = new FakeClock();
  const cwd = await flatStudy("gap", { budget: { time: "30m" } });
  await workUntilKilled(cwd, "calibrated", { clock });
  await clock.advance(HOUR_MS);
  expect(await resumeToTheEnd(cwd, { clock })).toMatchObject({
    reason: "the researchers have nothing more to propose",
  });
});

test("nor are those between a pause and the resume", async () => {
  const clock = new FakeClock();
  const cwd = await flatStudy("pause", { budget: { time: "30m" } });
  const { pause, control } = controls();
  const run = await openRun(request(cwd, { clock }));
  pause.abort();
  expect(await run.work(control)).toMatchObject({ kind: "paused" });
  await run.close();
  await clock.advance(HOUR_MS);
  expect(await resumeToTheEnd(cwd, { clock })).toMatchObject({ kind: "ended" });
});

test("a paused run whose budget is spent is not ended by resuming it", async () => {
  const clock = new FakeClock();
  const cwd = await flatStudy("refused", { budget: { time: "30m" } });
  const { pause, control } = controls();
  const run = await openRun(request(cwd, { clock }));
  await clock.advance(HOUR_MS);
  pause.abort();
  expect(await run.work(control)).toMatchObject({ kind: "paused" });
  await run.close();
  await expect(resumeToTheEnd(cwd, { clock })).rejects.toMatchObject({
    name: "BudgetSpentError",
    next: expect.stringContaining("--for"),
  });
});

test("what a run left that was killed after its last line goes with the next start, also one that is refused", async () => {
  const cwd = await flatStudy("late", { budget: { measurements: CALIBRATION_RUNS } });
  expect(await place.nightlab(cwd, "run", "--tag", "night")).toMatchObject({ code: 0 });
  const states = join(place.env.XDG_STATE_HOME ?? "", "nightlab");
  const state = join(states, (await readdir(states)).find((name) => name.startsWith("late-")) ?? "");
  const dead = Number(execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }));
  await mkdir(join(state, `${dead}-1-0123abcd`, "w1"), { recursive: true });
  expect(await place.nightlab(cwd, "resume")).toMatchObject({ code: 2 });
  expect(await readdir(state)).toEqual([]);
});
