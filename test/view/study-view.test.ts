import { describe, expect, it } from "vitest";
import type { ExperimentId, RunTag } from "../../src/core/experiment.ts";
import { emptyStudy, replay } from "../../src/core/study.ts";
import { makeStudyView } from "../../src/view/study-view.ts";
import { fullStudy, START_MS, StudyWriter } from "./fixture-study.ts";

const NOISY_IDEA = { title: "Raise\u001b[31m the rate\u202e", why: "because\u0007\nof this" };

function viewOf(writer: StudyWriter, options?: Parameters<typeof makeStudyView>[2]) {
  return makeStudyView(writer.study, writer.nowMs, options);
}

describe("study view", () => {
  it("is plain JSON: nothing is lost on the way to a page", () => {
    const view = viewOf(fullStudy());
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  });

  it("does not change the study it is made from and gives the same view twice", () => {
    const { study, nowMs } = fullStudy();
    const before = structuredClone(study);
    expect(makeStudyView(study, nowMs)).toEqual(makeStudyView(study, nowMs));
    expect(study).toEqual(before);
  });

  it("has no run and empty lists for an empty study", () => {
    const view = makeStudyView(emptyStudy(), START_MS);
    expect(view.run).toBeUndefined();
    expect(view.experiments).toEqual([]);
    expect(view.curve).toEqual({ points: [], head: [], verified: [] });
  });

  it("says calibrating before the noise is known, and claims no gain", () => {
    const writer = new StudyWriter().start();
    const { run } = viewOf(writer);
    expect(run).toMatchObject({ state: "calibrating", counts: {}, measurements: 0 });
    expect(run).not.toHaveProperty("tentative");
    expect(run).not.toHaveProperty("verifiedGain");
    expect(run).not.toHaveProperty("keepRate");
  });

  it("tells running, promoting, paused, interrupted and ended apart", () => {
    const writer = new StudyWriter().start().calibrate();
    expect(viewOf(writer).run?.state).toBe("running");
    expect(viewOf(writer, { isAlive: false }).run?.state).toBe("interrupted");
    writer.experiment("tuner", { title: "a", why: "" }, { gain: 0.02, verdict: "keep" });
    writer.measure({ purpose: "promotion", commit: writer.head, seed: 90, gain: 0.02 });
    expect(viewOf(writer).run?.state).toBe("promoting");
    writer.promote("inconclusive", 0);
    expect(viewOf(writer).run?.state).toBe("running");
    writer.add({ kind: "run_paused", run: writer.run, reason: "paused by the user" });
    expect(viewOf(writer, { isAlive: false }).run).toMatchObject({
      state: "paused",
      reason: "paused by the user",
    });
    writer.end("no keep in 20 experiments");
    expect(viewOf(writer).run).toMatchObject({ state: "ended", reason: "no keep in 20 experiments" });
  });

  it("counts time at work only while the run works", () => {
    const writer = new StudyWriter().start().calibrate();
    const later = writer.nowMs + 3_600_000;
    const worked = writer.study.runs[0]?.workedMs ?? Number.NaN;
    expect(makeStudyView(writer.study, later).run?.elapsedMs).toBe(worked + 3_600_000);
    expect(makeStudyView(writer.study, later, { isAlive: false }).run?.elapsedMs).toBe(worked);
  });

  it("adds the head's gain to an experiment's own, so that experiments on different heads compare", () => {
    const { experiments, run } = viewOf(fullStudy());
    const studied = fullStudy().study;
    expect(experiments.filter(({ gainOverHead }) => gainOverHead !== undefined).length).toBeGreaterThan(15);
    for (const { id, gainOverHead, gainOverBaseline } of experiments) {
      if (gainOverHead === undefined) continue;
      expect(gainOverBaseline).toBeCloseTo((studied.experiments.get(id)?.headGain ?? 0) + gainOverHead, 12);
    }
    expect(run?.baselineMean).toBe(2.3412);
  });

  it("gives a crash no value anywhere", () => {
    const view = viewOf(fullStudy());
    const crashed = view.experiments.filter(({ status }) => status === "crashed" || status === "timed_out");
    expect(crashed).toHaveLength(2);
    for (const one of crashed) {
      expect(one).not.toHaveProperty("value");
      expect(one).not.toHaveProperty("gainOverHead");
      expect(view.curve.points[one.ordinal - 1]).not.toHaveProperty("value");
    }
  });

  it("speaks of Verified only when fresh data has shown it", () => {
    const writer = new StudyWriter().start().calibrate();
    writer.experiment("tuner", { title: "a", why: "" }, { gain: 0.03, verdict: "keep" });
    expect(viewOf(writer).run).not.toHaveProperty("verifiedGain");
    writer.promote("keep", 0);
    expect(viewOf(writer).run?.verifiedGain).toMatchObject({ source: "promoted", isProven: false });
    expect(viewOf(writer).run?.verifiedGain).not.toHaveProperty("absolute");
    writer.publish({ gain: 0.028, low: 0.01, high: 0.046, runs: 5, p: 0.002 });
    expect(viewOf(writer).run?.verifiedGain).toMatchObject({
      source: "published",
      isProven: true,
      absolute: 0.028,
    });
    writer.final("inconclusive", { gain: 0.01, low: -0.01, high: 0.03, runs: 5, p: 0.12 });
    expect(viewOf(writer).run?.verifiedGain).toMatchObject({
      source: "final",
      isProven: false,
      isHeldOut: true,
      heldOutLooks: 1,
    });
  });

  it("takes the head line back when a promotion finds the stack suspect", () => {
    const writer = new StudyWriter().start().calibrate();
    writer.experiment("tuner", { title: "a", why: "" }, { gain: 0.03, verdict: "keep" });
    const { head, baseline, run } = writer;
    writer.promote("discard", 0);
    writer.add({ kind: "head_moved", run, from: head, to: baseline, reason: "suspect" });
    const { curve, experiments } = viewOf(writer);
    expect(curve.head.map(({ x }) => x)).toEqual([0, 1, 1]);
    expect(curve.head.at(-1)?.value).toBe(2.3412);
    expect(experiments[0]).toMatchObject({ status: "kept", isInHead: false });
  });

  it("puts improvements of a maximised metric above the baseline and of a minimised one below", () => {
    for (const goal of ["minimize", "maximize"] as const) {
      const metric = { name: "accuracy", goal, seeded: true, timing: false };
      const writer = new StudyWriter({ metric, mean: 0.8 }).start().calibrate();
      writer.experiment("tuner", { title: "a", why: "" }, { gain: 0.05, verdict: "keep" });
      const point = viewOf(writer).curve.points[0];
      expect(point?.value).toBeCloseTo(goal === "maximize" ? 0.85 : 0.75, 12);
    }
  });

  it("pairs a timing metric only with heads measured beside the candidate", () => {
    const metric = { name: "wall_seconds", goal: "minimize", unit: "s", seeded: true, timing: true } as const;
    const writer = new StudyWriter({ metric, mean: 12, sd: 0.2 }).start().calibrate();
    const experiment = writer.open("tuner");
    const commit = writer.propose(experiment, { title: "a", why: "" });
    writer.measure({ purpose: "tentative", commit, seed: 11, gain: 1, experiment });
    expect(viewOf(writer).experiments[0]).not.toHaveProperty("gainOverHead");
    writer.measure({ purpose: "anchor", commit: writer.head, seed: 11, experiment });
    const [one] = viewOf(writer).experiments;
    expect(one?.gainOverHead).toBeGreaterThan(0);
    expect(one?.measurements.map(({ side }) => side)).toEqual(["candidate", "head"]);
  });

  it("does not count what was measured before a candidate was re-applied on a new head", () => {
    const writer = new StudyWriter().start().calibrate();
    const experiment = writer.open("tuner");
    const commit = writer.propose(experiment, { title: "a", why: "" });
    writer.measure({ purpose: "tentative", commit, seed: 11, gain: 0.5, experiment });
    const again = { commit: writer.verified, tree: "ab".repeat(20) as never, how: "clean" } as const;
    writer.add({ kind: "rebased", experiment, onto: writer.head, ...again });
    const [one] = viewOf(writer).experiments;
    expect(one?.measurements[0]?.side).toBe("earlier");
    expect(one).not.toHaveProperty("value");
  });

  it("shows open experiments with their stage, told or concluded", () => {
    const writer = new StudyWriter().start().calibrate();
    const first = writer.open("claude/architect");
    const second = writer.open("tuner");
    writer.propose(second, { title: "b", why: "" });
    const stages = new Map([[first as string, "reading train.ts"]]);
    expect(viewOf(writer, { stages }).inFlight.map(({ stage }) => stage)).toEqual([
      "reading train.ts",
      "measuring, run 1",
    ]);
  });

  it("strips control, ANSI and bidi characters of everything that a candidate wrote", () => {
    const writer = new StudyWriter().start().calibrate();
    const experiment = writer.open("claude\u001b]0;owned\u0007/role");
    const commit = writer.propose(experiment, NOISY_IDEA, "src/\u202egnp.ts");
    const detail = "boom\u001b[2J";
    writer.fail(experiment, commit, {
      kind: "crashed",
      cause: "exit",
      detail,
      logTail: "a\u001b[1mb\r\nc\u2066",
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for them
    const forbidden = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
    const strings: string[] = [];
    JSON.stringify(viewOf(writer), (_, value) => {
      if (typeof value === "string") strings.push(value);
      return value;
    });
    expect(strings.filter((text) => forbidden.test(text))).toEqual([]);
    const [one] = viewOf(writer).experiments;
    expect(one).toMatchObject({
      title: "Raise the rate",
      why: "because\nof this",
      logTail: "ab\nc",
      researcher: "claude/role",
    });
  });

  it("groups what was not kept by reason and puts the largest group first", () => {
    const { discards, experiments } = viewOf(fullStudy());
    expect(discards[0]?.reason).toBe(
      "screened out: gain … ± … (paired, … runs), a first run must be … standard errors ahead",
    );
    const grouped = discards.reduce((sum, group) => sum + group.experiments.length, 0);
    expect(grouped).toBe(experiments.filter(({ status }) => status !== "kept").length);
  });

  it("sets forecasts beside what came", () => {
    const writer = new StudyWriter().start().calibrate();
    const idea = (probability: number) => ({ title: "x", why: "", forecast: { gain: 0.01, probability } });
    writer.experiment("ada", idea(0.9), { gain: 0.02, verdict: "keep" });
    writer.experiment("ada", idea(0.5), { gain: -0.02, verdict: "discard" });
    writer.experiment("ada", { title: "no forecast", why: "" }, { gain: -0.02, verdict: "discard" });
    const [ada] = viewOf(writer).researchers;
    expect(ada).toMatchObject({
      name: "ada",
      experiments: 3,
      kept: 1,
      forecasts: 2,
      meanProbability: 0.7,
      keptShare: 0.5,
    });
    expect(ada?.meanMeasuredGain).toBeCloseTo(0);
    expect(ada?.brier).toBeCloseTo(0.13);
  });

  it("says what is spent and left of each limit that is set", () => {
    const budget = { experiments: 40, timeMs: 7_200_000, usd: 10, deadlineMs: START_MS + 36_000_000 };
    const writer = fullStudy();
    const usage = {
      freshTokens: 1,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: 1,
      reasoningTokens: 0,
    };
    const call = { model: "m", end: "ok", usage, usd: 12.5, wallMs: 1 } as const;
    const experiment = "e1" as ExperimentId;
    writer.add({ kind: "called", run: "mar8" as RunTag, experiment, researcher: "ada", call });
    const lines = viewOf(writer, { budget }).run?.budget ?? [];
    expect(lines.map(({ name }) => name)).toEqual(["experiments", "time", "until", "usd"]);
    expect(lines[0]).toMatchObject({ spent: 28, limit: 40, left: 12, part: 0.7 });
    expect(lines[3]).toMatchObject({ spent: 12.5, left: 0, part: 1 });
  });

  it("shows an earlier run when asked, and lists all", () => {
    const writer = fullStudy();
    const second = new StudyWriter({ tag: "mar9" }).start();
    const [line] = second.lines;
    if (line !== undefined) writer.add(line.event);
    const study = replay(writer.lines);
    expect(makeStudyView(study, writer.nowMs).run?.tag).toBe("mar9");
    const first = makeStudyView(study, writer.nowMs, { run: "mar8" });
    expect(first.experiments).toHaveLength(28);
    expect(first.runs.map(({ tag, state }) => [tag, state])).toEqual([
      ["mar8", "ended"],
      ["mar9", "calibrating"],
    ]);
  });
});
