/** A realistic study made of ledger events by a fixed generator: what view, report and terminal are developed against. */

import { seedFrom } from "../../src/core/clock.ts";
import type { CommitSha, ExperimentId, Idea, RunTag, Status, TreeSha } from "../../src/core/experiment.ts";
import { experimentId } from "../../src/core/experiment.ts";
import type { Estimate, Verdict } from "../../src/core/judge.ts";
import type { LedgerEvent, LedgerLine, Purpose } from "../../src/core/ledger.ts";
import type { MetricSpec, Outcome } from "../../src/core/metric.ts";
import { replay, type Study } from "../../src/core/study.ts";

export const START_MS = Date.UTC(2026, 2, 8, 22, 40);

const VAL_BPB: MetricSpec = {
  name: "val_bpb",
  goal: "minimize",
  minEffect: 0.002,
  seeded: true,
  timing: false,
};

export interface FixtureOptions {
  readonly metric?: MetricSpec;
  readonly tag?: string;
  readonly mean?: number;
  /** Standard deviation of one run; 0 makes the metric deterministic. */
  readonly sd?: number;
}

/** Writes ledger lines by the rules of the loop, one minute a measurement. */
export class StudyWriter {
  readonly lines: LedgerLine[] = [];
  readonly run: RunTag;
  readonly metric: MetricSpec;
  readonly mean: number;
  readonly sd: number;
  readonly baseline = sha("baseline");
  head: CommitSha = this.baseline;
  verified: CommitSha = this.baseline;
  headGain = 0;
  #count = 0;
  #atMs = START_MS;

  constructor({ metric = VAL_BPB, tag = "mar8", mean = 2.3412, sd = 0.006 }: FixtureOptions = {}) {
    this.run = tag as RunTag;
    this.metric = metric;
    this.mean = mean;
    this.sd = sd;
  }

  get study(): Study {
    return replay(this.lines);
  }

  get nowMs(): number {
    return this.#atMs;
  }

  add(event: LedgerEvent, afterMs = 0): this {
    this.#atMs += afterMs;
    this.lines.push({ number: this.lines.length + 1, atMs: this.#atMs, event });
    return this;
  }

  start(): this {
    const { run, baseline, metric } = this;
    const about = { programSha: sha("program"), sandbox: "bubblewrap", version: "0.1.0" };
    return this.add({ kind: "run_started", run, baseline, studySeed: 4711, metric, ...about });
  }

  calibrate(): this {
    for (const seed of [11, 11, 12, 12, 13, 14])
      this.measure({ purpose: "calibration", commit: this.baseline, seed });
    const noise = {
      isDeterministic: this.sd === 0,
      sdRepeat: this.sd / 4,
      sdRun: this.sd,
      degreesOfFreedom: 3,
      mean: this.mean,
    };
    return this.add({ kind: "calibrated", run: this.run, noise });
  }

  open(researcher: string): ExperimentId {
    this.#count += 1;
    const experiment = experimentId(this.#count);
    this.add({ kind: "opened", run: this.run, experiment, researcher, head: this.head }, 4_000);
    return experiment;
  }

  propose(experiment: ExperimentId, idea: Idea, path = "train.ts"): CommitSha {
    const commit = sha(`commit ${experiment}`);
    const tree = sha(`tree ${experiment}`) as string as TreeSha;
    const lines = seedFrom("lines", experiment) % 40;
    const files = [{ path, added: lines, deleted: Math.floor(lines / 3) }];
    this.add({ kind: "proposed", experiment, idea, commit, tree, files }, 65_000);
    return commit;
  }

  /** One measurement; `gain` is the true gain over the baseline. */
  measure(at: {
    purpose: Purpose;
    commit: CommitSha;
    seed: number;
    gain?: number;
    experiment?: ExperimentId;
  }): this {
    const { purpose, commit, seed, gain = 0, experiment } = at;
    const sign = this.metric.goal === "minimize" ? -1 : 1;
    const luck = this.sd * (0.8 * noiseOf("seed", seed) + 0.5 * noiseOf(commit, seed, this.lines.length));
    const value = Number((this.mean + sign * gain + luck).toPrecision(9));
    const resources = { wallSeconds: 41 + noiseOf("wall", this.lines.length), peakMemoryBytes: 1.31e9 };
    const measurement = { value, channel: "artifact" as const, secondary: {}, resources };
    const about = experiment === undefined ? {} : { experiment };
    const outcome: Outcome = { kind: "measured", measurement };
    return this.add({ kind: "measured", run: this.run, purpose, commit, seed, ...about, outcome }, 60_000);
  }

  fail(experiment: ExperimentId, commit: CommitSha, outcome: Exclude<Outcome, { kind: "measured" }>): this {
    const about = { purpose: "tentative" as const, commit, seed: 21, experiment, outcome };
    this.add({ kind: "measured", run: this.run, ...about }, 20_000);
    const logTail = "logTail" in outcome ? { logTail: outcome.logTail } : {};
    return this.add({
      kind: "closed",
      experiment,
      status: outcome.kind,
      reasons: [outcome.detail],
      ...logTail,
    });
  }

  close(experiment: ExperimentId, status: Status, reasons: readonly string[], idea?: Idea): this {
    return this.add({ kind: "closed", experiment, status, reasons, ...(idea === undefined ? {} : { idea }) });
  }

  /** Proposed, measured `runs` times, judged and closed; a keep moves the head and is anchored afresh. */
  experiment(
    researcher: string,
    idea: Idea,
    plan: { gain: number; verdict: Verdict["kind"]; runs?: number },
  ): this {
    const experiment = this.open(researcher);
    const commit = this.propose(experiment, idea);
    const { gain, runs = plan.verdict === "discard" ? 1 : 3 } = plan;
    for (let index = 0; index < runs; index += 1)
      this.measure({
        purpose: "tentative",
        commit,
        seed: 11 + index,
        gain: this.headGain + gain,
        experiment,
      });
    const verdict = verdictOf(plan.verdict, gain, { runs, sd: this.sd });
    this.add({ kind: "judged", experiment, verdict });
    const status = { keep: "kept", discard: "discarded", inconclusive: "inconclusive" } as const;
    if (verdict.kind === "keep") this.#advance(experiment, commit, gain);
    return this.close(experiment, status[verdict.kind], verdict.reasons);
  }

  #advance(experiment: ExperimentId, to: CommitSha, gain: number): void {
    this.add({ kind: "head_moved", run: this.run, from: this.head, to, reason: "kept", experiment });
    this.head = to;
    this.headGain += gain;
    for (const seed of [11, 12]) this.measure({ purpose: "anchor", commit: to, seed, gain: this.headGain });
  }

  promote(kind: Verdict["kind"], provenGain: number): this {
    const { head, verified, run } = this;
    for (let pair = 0; pair < 3; pair += 1) {
      this.measure({ purpose: "promotion", commit: head, seed: 90 + pair, gain: this.headGain });
      this.measure({ purpose: "promotion", commit: verified, seed: 90 + pair, gain: 0 });
    }
    const estimate = { gain: this.headGain - provenGain, low: 0.004, high: 0.05, confidence: 0.95, runs: 6 };
    const said = `${round(this.headGain - provenGain)} ± 0.0041 over 6 fresh pairs`;
    const verdict: Verdict =
      kind === "keep"
        ? { kind, reasons: [`proven: ${said}, above 2.6 standard errors`], estimate }
        : { kind, reasons: [`${kind === "discard" ? "suspect" : "not proven"}: ${said}`], estimate };
    this.add({ kind: "promotion_judged", run, head, verified, verdict });
    if (kind !== "keep") return this;
    this.verified = head;
    return this.add({ kind: "verified_moved", run, from: verified, to: head });
  }

  publish(estimate: Estimate): this {
    this.measure({ purpose: "publish", commit: this.verified, seed: 120, gain: estimate.gain });
    return this.add({ kind: "published", run: this.run, commit: this.verified, estimate });
  }

  final(kind: Verdict["kind"], estimate: Estimate): this {
    for (const seed of [200, 201, 202, 203, 204]) {
      this.measure({ purpose: "final", commit: this.verified, seed, gain: estimate.gain });
      this.measure({ purpose: "final", commit: this.baseline, seed });
    }
    const reasons = [`${round(estimate.gain)}, ${estimate.runs} pairs on unseen seeds`];
    const { run, verified, baseline } = this;
    const verdict = { kind, reasons, estimate };
    return this.add({ kind: "final_judged", run, verified, baseline, isHeldOut: true, verdict });
  }

  end(reason = "30 experiments are done"): this {
    return this.add({ kind: "run_ended", run: this.run, reason });
  }
}

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

function verdictOf(kind: Verdict["kind"], gain: number, { runs, sd }: { runs: number; sd: number }): Verdict {
  const error = (sd || 0.006) / Math.sqrt(runs);
  const estimate = { gain, low: gain - 1.3 * error, high: gain + 1.3 * error, confidence: 0.8, runs };
  const numbers = `gain ${round(gain)} ± ${round(error)} (paired, ${runs} ${runs === 1 ? "run" : "runs"})`;
  const reasons = {
    keep: `${numbers}, above 1.61 standard errors and the smallest useful gain 0.002`,
    discard: `screened out: ${numbers}, a first run must be 1 standard errors ahead`,
    inconclusive: `no decision after ${runs} runs: ${numbers}`,
  };
  return { kind, reasons: [reasons[kind]], estimate };
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** A stable number about normal: mean 0, standard deviation 1. */
function noiseOf(...parts: (string | number)[]): number {
  const uniform = (index: number) => seedFrom("noise", index, ...parts) / 2 ** 31;
  return (uniform(0) + uniform(1) + uniform(2) + uniform(3) - 2) * Math.sqrt(3);
}

export function sha(text: string): CommitSha {
  const part = (index: number) => seedFrom(text, index).toString(16).padStart(8, "0");
  return [0, 1, 2, 3, 4].map(part).join("") as CommitSha;
}
