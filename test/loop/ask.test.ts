import { afterAll, beforeAll, expect, it } from "vitest";
import type { Brief, PastExperiment } from "../../src/core/brief.ts";
import { experimentId } from "../../src/core/experiment.ts";
import type { Researcher } from "../../src/core/researcher.ts";
import { worthReading } from "../../src/loop/past-diffs.ts";
import { runStudy, startRun } from "../../src/loop/run-study.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { type Bench, controls, createBench, runThrough, TAG } from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.remove());

/** What a researcher that writes these losses is told before each of them. */
async function briefsOf(of: Partial<Researcher>, ...losses: string[]): Promise<Brief[]> {
  const briefs: Brief[] = [];
  const scripted = scriptedResearcher((brief) => {
    briefs.push(brief);
    const loss = losses[briefs.length - 1];
    return loss === undefined ? undefined : { files: { "a.txt": loss } };
  });
  const roles = [{ name: "Engineer", text: "Build.", path: "program.md" }];
  const made = await bench.lab({
    program: { roles },
    parts: {
      staff: [{ researcher: { ...scripted, ...of }, share: 1 }],
    },
  });
  await runThrough(made);
  return briefs;
}

it("tells the role in the words of program.md", async () => {
  const [brief] = await briefsOf({ role: "engineer" }, "3\n");
  expect(brief?.role?.text).toBe("Build.");
  expect((await briefsOf({}, "3\n"))[0]?.role).toBeUndefined();
});

it("tells files, and diffs to those that read them", async () => {
  const told = (await briefsOf({ readsDiffs: true }, "3\n", "9\n")).at(-1)?.history ?? [];
  expect(told.map(({ status, files }) => [status, files])).toEqual([
    ["kept", ["a.txt"]],
    ["discarded", ["a.txt"]],
  ]);
  expect(told[0]?.diff).toContain("modified a.txt");
  const others = (await briefsOf({}, "3\n", "9\n")).at(-1)?.history ?? [];
  expect(others.map(({ diff }) => diff)).toEqual([undefined, undefined]);
});

it("tells the end of the log of a candidate that failed", async () => {
  const briefs: Brief[] = [];
  const researcher = scriptedResearcher((brief) => {
    briefs.push(brief);
    return briefs.length > 1 ? undefined : { files: { "a.txt": "boom" } };
  });
  const made = await bench.lab({
    parts: { staff: [{ researcher, share: 1 }] },
    script: async ({ read }) =>
      (await read("a.txt")) === "boom"
        ? { ending: { kind: "exited", code: 1 }, stdout: "KeyError: w\n" }
        : { stdout: "loss: 10\n" },
  });
  await runThrough(made);
  expect(briefs[1]?.history[0]).toMatchObject({
    status: "crashed",
    logTail: expect.stringContaining("KeyError: w"),
  });
});

it("shows the nearest misses before the last keeps and the last failure, six at most", () => {
  const past = (
    ordinal: number,
    status: PastExperiment["status"],
    gainOverHead?: number,
  ): PastExperiment => ({
    experiment: experimentId(ordinal),
    researcher: "r",
    idea: { title: "t", why: "w" },
    status,
    reasons: [],
    headGain: 0,
    ...(gainOverHead === undefined ? {} : { gainOverHead }),
  });
  const history = [
    ...[
      past(1, "discarded", 0.1),
      past(2, "inconclusive", 0.4),
      past(3, "discarded", 0.2),
      past(4, "discarded", 0.3),
    ],
    ...[past(5, "kept", 1), past(6, "kept", 1), past(7, "kept", 1), past(8, "discarded", -1)],
    ...[past(9, "crashed"), past(10, "no_metric"), past(11, "gave_up")],
  ];
  expect(worthReading(history).map(({ experiment }) => experiment)).toEqual([
    "e2",
    "e4",
    "e3",
    "e6",
    "e7",
    "e10",
  ]);
});

it("gives each waiting idea to one open experiment, the user's first, and tells guidance and notebook", async () => {
  const briefs: Brief[] = [];
  const scripted = scriptedResearcher((brief) => {
    briefs.push(brief);
    return { idea: { title: `take ${briefs.length}` }, files: { "a.txt": `${9 - briefs.length}\n` } };
  });
  const ideas = [{ line: 7, text: "wide", done: false, forecast: { change: -1, probability: 0.5 } }];
  const made = await bench.lab({
    program: { ideas },
    parts: { staff: [{ researcher: { ...scripted, readsDiffs: true } }], budget: { experiments: 4 } },
  });
  await startRun(made.lab, { tag: TAG, studySeed: 1, programSha: "0" });
  const run = TAG;
  const idea = (title: string, gain: number) => ({ title, why: "", forecast: { gain, probability: 1 } });
  await made.lab.record(
    { kind: "told", run, text: "no width" },
    { kind: "noted", run, by: "librarian", text: "Warm-up does nothing.\u202e" },
    { kind: "ideas_added", run, by: "theorist", ideas: [idea("small", 0.1), idea("large", 9)] },
    { kind: "ideas_added", run, by: "you", ideas: [{ title: "mine", why: "" }] },
  );
  await runStudy(made.lab, controls().control);
  expect(briefs.map(({ queue, isGiven }) => isGiven && queue.map(({ title }) => title))).toEqual([
    ["mine", "wide", "large", "small"],
    ["wide", "large", "small"],
    ["large", "small"],
    ["small"],
  ]);
  expect(briefs[1]?.queue[0]?.forecast?.gain).toBe(1);
  expect(briefs[0]).toMatchObject({ guidance: ["no width"], notebook: "Warm-up does nothing.<U+202E>" });
  expect(made.lab.experiments.map(({ idea }) => idea?.queued)).toEqual(["mine", "wide", "large", "small"]);
});

it("lets the ideas of a theorist who promises too much wait behind those of one whose forecasts come true", async () => {
  const given: (string | undefined)[] = [];
  const scripted = scriptedResearcher(({ queue }) => {
    given.push(queue[0]?.title);
    const loss = queue[0]?.title.startsWith("true") ? 3.5 - given.length / 10 : 9 + given.length;
    return { idea: { title: `take ${given.length}` }, files: { "a.txt": `${loss}\n` } };
  });
  const made = await bench.lab({
    parts: { staff: [{ researcher: { ...scripted, readsDiffs: true } }], budget: { experiments: 22 } },
  });
  await startRun(made.lab, { tag: TAG, studySeed: 1, programSha: "0" });
  const ideas = (name: string, gain: number) =>
    Array.from({ length: 12 }, (_, at) => ({
      ...{ title: `${name} ${at}`, why: "", forecast: { gain, probability: 0.9 } },
    }));
  await made.lab.record(
    { kind: "ideas_added", run: TAG, by: "boaster", ideas: ideas("false", 1) },
    { kind: "ideas_added", run: TAG, by: "modest", ideas: ideas("true", 0.5) },
  );
  await runStudy(made.lab, controls().control);
  expect(given[0]).toBe("false 0"); // nothing is known yet
  const turn = given.indexOf("true 0");
  expect(turn).toBeGreaterThan(3);
  expect(turn).toBeLessThan(12);
  expect(given.slice(turn, turn + 3)).toEqual(["true 0", "true 1", "true 2"]);
});
