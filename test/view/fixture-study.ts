/** A realistic study made of ledger events: what view, report and terminal are developed against. */

import type { Idea } from "../../src/core/experiment.ts";
import { type FixtureOptions, noiseOf, StudyWriter } from "./study-writer.ts";

export { START_MS, StudyWriter } from "./study-writer.ts";

const TITLES = [
  ...["RMSNorm before attention", "Raise learning rate to 0.012", "Weight tying of embedding and head"],
  ...[
    "Cosine schedule with 40 warmup steps",
    "Drop the bias of every linear layer",
    "ReLU² in place of GELU",
  ],
  ...["Batch 24 instead of 16", "Gradient clipping at 0.5", "Two heads instead of four"],
  ...["Label smoothing 0.05", "Query-key normalisation", "Initialise residual output at zero"],
];

/** About 30 experiments of every status, two promotions and a final test that holds. */
export function fullStudy(options: FixtureOptions = {}): StudyWriter {
  const writer = new StudyWriter(options).start().calibrate();
  const unit = writer.sd || 0.006;
  const idea = (index: number): Idea => ideaAt(index, unit);
  for (let index = 0; index < 6; index += 1) step(writer, idea(index), index % 3 === 0 ? 2.1 * unit : -unit);
  failures(writer, idea);
  for (let index = 6; index < 12; index += 1)
    step(writer, idea(index), index % 3 === 0 ? 1.7 * unit : -0.4 * unit);
  const published = {
    gain: 6.1 * unit,
    low: 3.9 * unit,
    high: 8.3 * unit,
    confidence: 0.95,
    runs: 5,
    p: 0.0021,
  };
  writer.promote("keep", 0).publish(published);
  writer.add({ kind: "warning", run: writer.run, text: "quota of claude reached, waiting until 03:10" });
  writer.experiment("claude/theorist", idea(12), { gain: 0.6 * unit, verdict: "inconclusive", runs: 6 });
  for (let index = 13; index < 19; index += 1)
    step(writer, idea(index), index === 15 ? 1.4 * unit : -2 * unit);
  return finish(writer, idea);
}

function step(writer: StudyWriter, idea: Idea, gain: number): void {
  const researcher = ["tuner", "claude/architect", "claude/theorist"][writer.lines.length % 3] ?? "tuner";
  const varied = gain * (1 + 0.25 * noiseOf("gain", writer.lines.length));
  writer.experiment(researcher, idea, { gain: varied, verdict: varied > 0 ? "keep" : "discard" });
}

function failures(writer: StudyWriter, idea: (index: number) => Idea): void {
  const logTail =
    "Traceback (most recent call last):\n  File train.py, line 88\nNameError: name 'rms' is not defined";
  const crash = writer.open("claude/architect");
  const detail = "exit code 1: NameError: name 'rms' is not defined";
  writer.fail(crash, writer.propose(crash, idea(20)), { kind: "crashed", cause: "exit", detail, logTail });
  const slow = writer.open("tuner");
  const slowDetail = "no end after 20 s";
  writer.fail(slow, writer.propose(slow, idea(21)), {
    kind: "timed_out",
    detail: slowDetail,
    logTail: "step=90",
  });
  const nan = writer.open("claude/theorist");
  const nanDetail = "the loss was not a number at step 40";
  writer.fail(nan, writer.propose(nan, idea(22)), {
    kind: "killed_early",
    detail: nanDetail,
    logTail: "step=40",
  });
  writer.close(writer.open("claude/architect"), "out_of_scope", ["data.ts is protected"], idea(23));
  writer.close(writer.open("claude/theorist"), "gave_up", ["the agent made no change in 10m 00s"]);
  writer.close(writer.open("tuner"), "duplicate", ["the same tree as e2"], idea(1));
}

function finish(writer: StudyWriter, idea: (index: number) => Idea): StudyWriter {
  const unit = writer.sd || 0.006;
  const bad = writer.open("claude/architect");
  const checks = {
    kind: "checks_failed",
    detail: "npm test: 2 failed",
    logTail: "2 failed, 31 passed",
  } as const;
  writer.fail(bad, writer.propose(bad, idea(24)), checks);
  writer.promote("keep", 5 * unit);
  step(writer, idea(19), 0.9 * unit);
  step(writer, idea(25), -9 * unit);
  writer.promote("inconclusive", 6.9 * unit);
  writer.final("keep", {
    gain: 7.2 * unit,
    low: 5.4 * unit,
    high: 9 * unit,
    confidence: 0.95,
    runs: 5,
    p: 0.00084,
  });
  return writer.end();
}

function ideaAt(index: number, unit: number): Idea {
  const title = TITLES[index % TITLES.length] ?? "idea";
  return {
    title: index < TITLES.length ? title : `${title}, again with half the step`,
    why: "Small models at this budget are limited by optimisation, not by capacity.",
    ...(index % 4 === 3 ? {} : { forecast: { gain: 1.5 * unit, probability: 0.2 + 0.1 * (index % 5) } }),
  };
}
