/** Writes the ledger lines of a run by the rules of the loop, with a fixed generator of noise. */

import type { CommitSha, ExperimentId, Idea, RunTag, Status, TreeSha } from "../../src/core/experiment.ts";
import { experimentId } from "../../src/core/experiment.ts";
import type { Estimate, Verdict } from "../../src/core/judge.ts";
import type { LedgerEvent, LedgerLine, Purpose } from "../../src/core/ledger.ts";
import type { MetricSpec, Outcome } from "../../src/core/metric.ts";
import { apply, emptyStudy, replay, type Study } from "../../src/core/study.ts";

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
  readonly #current = emptyStudy();
  #count = 0;
  #atMs = START_MS;

  constructor({ metric = VAL_BPB, tag = "mar8", mean = 2.3412, sd = 0.006 }: FixtureOptions = {}) {
    this.run = tag as RunTag;
    this.metric = metric;
    this.mean = mean;
    this.sd = sd;
  }

  /** As a reader would make it; later lines do not change it. */
  get study(): Study {
    return replay(this.lines);
  }

  /** The same, growing with the lines: to write by, not to be kept. */
  protected get current(): Study {
    for (const line of this.lines.slice(this.#current.lineCount)) apply(this.#current, line);
    return this.#current;
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
    foreignCores?: number;
  }): this {
    const { purpose, commit, seed, gain = 0, experiment, foreignCores } = at;
    const sign = this.metric.goal === "minimize" ? -1 : 1;
    const luck = this.sd * (0.8 * noiseOf("seed", seed) + 0.5 * noiseOf(commit, seed, this.lines.length));
    const value = Number((this.mean + sign * gain + luck).toPrecision(9));
    const resources = {
      wallSeconds: 41 + noiseOf("wall", this.lines.length),
      peakMemoryBytes: 1.31e9,
      ...(foreignCores === undefined ? {} : { foreignCores }),
    };
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
    plan: { gain: number; verdict: Verdict["kind"]; runs?: number; flags?: readonly string[] },
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
    const { flags } = plan;
    this.add({
      kind: "judged",
      experiment,
      verdict: { ...verdict, ...(flags === undefined ? {} : { flags }) },
    });
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
export function noiseOf(...parts: (string | number)[]): number {
  const uniform = (index: number) => seedFrom("noise", index, ...parts) / 2 ** 31;
  return (uniform(0) + uniform(1) + uniform(2) + uniform(3) - 2) * Math.sqrt(3);
}

export function sha(text: string): CommitSha {
  const part = (index: number) => seedFrom(text, index).toString(16).padStart(8, "0");
  return [0, 1, 2, 3, 4].map(part).join("") as CommitSha;
}

/** A well-mixed 31-bit positive integer. */
function seedFrom(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5; // FNV-1a over the text, then the murmur3 finalizer so that near texts give far seeds
  for (const char of parts.join("\u0000")) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 1) + 1;
}
