/** The running study: parts, state, and the few moves that change it. Everything the loop does goes through here. */

import type { Clock } from "../core/clock.ts";
import { InfrastructureError } from "../core/errors.ts";
import { type CommitSha, type ExperimentId, type RunTag, refs, type TreeSha } from "../core/experiment.ts";
import type { Judge, JudgeRule } from "../core/judge.ts";
import type { Ledger, LedgerEvent, LedgerLine, Purpose } from "../core/ledger.ts";
import { mean, type Outcome } from "../core/metric.ts";
import type { Budget } from "../core/program.ts";
import type { Researcher } from "../core/researcher.ts";
import {
  apply,
  comparableFrom,
  type ExperimentRecord,
  linesOf,
  type MeasuredLine,
  measurementsOf,
  type RunRecord,
  type Study,
} from "../core/study.ts";
import {
  expectedMeasurements,
  measuringLimit,
  proofLimit,
  type Reserve,
  type Spent,
  searchLimit,
  searchTimeLeftMs,
} from "./budget.ts";
import { contentionWarning } from "./contention.ts";
import { type MeasureParts, type MeasureRequest, measure } from "./measure.ts";
import { seedFrom } from "./seeds.ts";
import { Slots } from "./slots.ts";

/** A researcher at work in a study. */
export interface Staff {
  readonly researcher: Researcher;
  /** Least part of the experiments, 0..1; what no share claims goes to whoever earns most. 0: never asked. */
  readonly share?: number;
  /** It calls models, which cost: not asked once the budget for them is spent. */
  readonly isPaid?: boolean;
}

export interface LabParts extends MeasureParts {
  readonly ledger: Ledger;
  readonly judge: Judge;
  readonly rule: JudgeRule;
  readonly staff: readonly Staff[];
  readonly clock: Clock;
  readonly budget: Budget;
  /** Recorded with each run: what ran it. */
  readonly version: string;
  /**
   * Shows the user what was proven, before the run is recorded as ended: nothing would do it afterwards. Done again after
   * a kill. Gives the reason if it could not.
   */
  showResult?(run: RunRecord): Promise<string | undefined>;
  /** What this machine lacks for another proposal (room on its disk), as a sentence. Measuring goes on without. */
  shortage?(): Promise<string | undefined>;
  /** Told after each durable line, in order. Must not throw. */
  onLine?(line: LedgerLine, study: Study): void;
  /** Told what an open experiment is doing now. Must not throw. */
  onStage?(experiment: ExperimentId | "run", stage: string): void;
}

/** Below this many in the whole budget nothing is promoted before the end: at 100, that proves two thirds of greedy's gain, not half. */
const SMALL_BUDGET_MEASUREMENTS = 150;

export class Lab {
  readonly parts: LabParts;
  readonly study: Study;
  readonly slots: Slots;
  #writing: Promise<void> = Promise.resolve();
  #measuring = 0;
  readonly #claimedTrees = new Map<TreeSha, ExperimentId>();
  readonly #anchorsInFlight = new Map<string, Promise<Outcome>>();
  /** What recent measurements took in all, checkout and evaluation included. */
  #recentMs: number[] = [];
  /** One move of head or Verified at a time: between git and the ledger, others would see a commit that is gone. */
  readonly refMoves = new Slots(1);

  constructor(parts: LabParts, study: Study) {
    this.parts = parts;
    this.study = study;
    this.slots = new Slots(parts.program.metric.timing ? 1 : parts.program.parallel);
  }

  get run(): RunRecord {
    const run = this.study.runs.at(-1);
    if (run === undefined) throw new Error("no run has been started");
    return run;
  }

  get tag(): RunTag {
    return this.run.tag;
  }

  /** Experiments of this run in order of opening. */
  get experiments(): readonly ExperimentRecord[] {
    return this.run.records;
  }

  experiment(id: ExperimentId): ExperimentRecord {
    const record = this.study.experiments.get(id);
    if (record === undefined) throw new Error(`unknown experiment ${id}`);
    return record;
  }

  /** Writes events durably, then applies them; calls are put in line so that state and ledger agree. */
  record(...events: readonly LedgerEvent[]): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    const appended = this.parts.ledger.append(events); // at once: the ledger keeps the order, and syncs calls together
    appended.catch(() => undefined); // heard below
    const written = this.#writing.then(async () => {
      for (const line of await appended) {
        apply(this.study, line);
        this.parts.onLine?.(line, this.study);
      }
    });
    this.#writing = written.catch(() => undefined); // the caller of this write hears of it; later writes try again
    return written;
  }

  /** Opens an experiment on the head; it counts against the budget from here on. */
  async openExperiment(researcher: string): Promise<ExperimentId> {
    const id = `e${this.study.lastOrdinal + 1}` as ExperimentId;
    await this.record({ kind: "opened", run: this.tag, experiment: id, researcher, head: this.run.head });
    return id;
  }

  /** Takes a tree for an experiment; the one that proposed it before, if there is one, even a moment ago. */
  claimTree(tree: TreeSha, id: ExperimentId): ExperimentId | undefined {
    const twin = this.study.trees.get(tree) ?? this.#claimedTrees.get(tree);
    if (twin === undefined) this.#claimedTrees.set(tree, id);
    return twin;
  }

  /** Measures in a free slot and records the outcome. It counts against the budget from the call on. */
  async measure(request: MeasureRequest & { purpose: Purpose }, signal: AbortSignal): Promise<Outcome> {
    this.#measuring += 1;
    try {
      const outcome = await this.slots.use(
        () => this.#timed(() => measure(this.parts, request, signal)),
        signal,
      );
      const { commit, seed, purpose, experiment } = request;
      const about = experiment === undefined ? {} : { experiment };
      const line = { kind: "measured", run: this.tag, purpose, commit, seed, ...about, outcome } as const;
      await this.record(line, ...contentionWarning(this.run, outcome));
      return outcome;
    } finally {
      this.#measuring -= 1;
    }
  }

  async #timed<Result>(task: () => Promise<Result>): Promise<Result> {
    const startMs = this.parts.clock.now();
    const result = await task();
    this.#recentMs = [...this.#recentMs, this.parts.clock.now() - startMs].slice(-RECENT_MEASUREMENTS);
    return result;
  }

  /** Measures a head on one of its seeds; experiments that ask for the same at once share one measurement. */
  async measureHead(commit: CommitSha, seed: number, signal: AbortSignal): Promise<Outcome> {
    const key = `${commit} ${seed}`;
    const running = this.#anchorsInFlight.get(key);
    if (running !== undefined) return await running;
    const started = this.measure({ commit, seed, purpose: "anchor" }, signal);
    this.#anchorsInFlight.set(key, started);
    return await started.finally(() => this.#anchorsInFlight.delete(key));
  }

  /**
   * Seeds of a head, in order of use: fresh for every head, so that no lucky value is carried over, and after a drift, so
   * that no number from before it is met again.
   */
  headSeeds(head: CommitSha): number[] {
    const drifts = this.run.driftLines.length;
    return this.#seeds("head", drifts === 0 ? head : `${head} ${drifts}`, this.parts.rule.maxRuns);
  }

  /** Seeds nobody has seen, for the stages after tier 1. */
  freshSeeds(stage: string, ordinal: number, count: number): number[] {
    return this.#seeds(stage, String(ordinal), count);
  }

  linesOf(commit: CommitSha): readonly MeasuredLine[] {
    return linesOf(this.study, this.tag, commit);
  }

  /** Lines of a commit from before or after a drift are never mixed: those of the record's time, or of now. */
  comparable(lines: readonly MeasuredLine[], record?: ExperimentRecord): MeasuredLine[] {
    const from = comparableFrom(this.run, record);
    return lines.filter(({ line }) => line > from);
  }

  /** The heads a candidate is compared with. A timing metric never meets an old number: only those measured beside it. */
  anchorLines(record: ExperimentRecord): readonly MeasuredLine[] {
    const { head } = record;
    const lines = this.parts.program.metric.timing
      ? record.measured.filter(({ commit }) => commit === head)
      : this.comparable(this.linesOf(head), record);
    return lines.filter(({ purpose }) => purpose === "anchor" || purpose === "calibration");
  }

  /** Moves Head in git by compare-and-swap, then in the ledger (invariant 5). False when it had moved meanwhile. */
  moveHead(
    to: CommitSha,
    from: CommitSha,
    cause: { reason: "kept"; experiment: ExperimentId } | { reason: "suspect" },
  ): Promise<boolean> {
    return this.refMoves.use(() => this.#moveHead(to, from, cause), new AbortController().signal);
  }

  async #moveHead(
    to: CommitSha,
    from: CommitSha,
    cause: { reason: "kept"; experiment: ExperimentId } | { reason: "suspect" },
  ): Promise<boolean> {
    if (this.run.head !== from) return false;
    if (!(await this.parts.workspaces.advance(refs.head(this.tag), to, from))) {
      throw new InfrastructureError(`${refs.head(this.tag)} was moved by someone else`);
    }
    await this.record({ kind: "head_moved", run: this.tag, from, to, ...cause });
    return true;
  }

  candidateLines(record: ExperimentRecord): MeasuredLine[] {
    const lines = this.comparable(record.measured, record);
    return lines.filter(({ commit }) => commit === record.commit);
  }

  spent(): Spent {
    const run = this.run;
    const nowMs = this.parts.clock.now();
    // The pause of a run that has not been resumed is not work.
    const sinceMs = run.pausedReason === undefined ? Math.max(0, nowMs - run.lastAtMs) : 0;
    const workedMs = run.workedMs + sinceMs;
    const { experiments, startedAtMs, tokens, usd } = run;
    const measurements = run.measurements + this.#measuring;
    return { experiments, measurements, workedMs, startedAtMs, nowMs, tokens, usd };
  }

  /** Why no experiment may be opened any more, or undefined. */
  searchLimit(): string | undefined {
    return searchLimit(this.parts.budget, this.spent(), this.#reserve());
  }

  /** Why an experiment that is open must do with what it has measured, or undefined. */
  measuringLimit(next = 1): string | undefined {
    return measuringLimit(this.parts.budget, this.spent(), this.#reserve(), next);
  }

  searchTimeLeftMs(): number {
    return searchTimeLeftMs(this.parts.budget, this.spent(), this.#reserve());
  }

  /** Why not even proof may measure `next` times more, or undefined. */
  proofLimit(next = 1): string | undefined {
    return proofLimit(this.parts.budget, this.spent(), next);
  }

  /** A budget that has no measurements to spare for a proof before the end. */
  isSmallBudget(): boolean {
    const cost = { measurementMs: this.#eachMs(), slots: this.slots.size };
    const expected = expectedMeasurements(this.parts.budget, this.spent(), cost);
    return expected !== undefined && expected < SMALL_BUDGET_MEASUREMENTS;
  }

  #seeds(stage: string, name: string, count: number): number[] {
    return Array.from({ length: count }, (_, index) => seedFrom(this.run.studySeed, stage, name, index));
  }

  /** Cost of a final promotion and the final test, from what measurements have cost so far. */
  #reserve(): Reserve {
    // A deterministic metric is proven by one pair at each stage.
    const isExact = this.run.noise?.isDeterministic ?? false;
    const pairs = isExact ? 2 : this.parts.rule.finalPairs + RESERVED_PROMOTION_PAIRS;
    const measurements = 2 * pairs;
    const slots = Math.min(2, this.slots.size);
    const eachMs = this.#eachMs();
    // One round more than the pairs: when search ends, what is being measured still runs to its end.
    return { measurements, timeMs: (measurements / slots + 1) * eachMs * RESERVE_SAFETY };
  }

  #eachMs = () => Math.max(this.#measurementMs(), mean(this.#recentMs) || 0); // checkout and evaluation included

  /** Mean wall time of the metric command in calibration: the same after a restart. */
  #measurementMs(): number {
    const done = measurementsOf(this.linesOf(this.run.baseline), "calibration");
    const seconds = done.map(({ measurement }) => measurement.resources.wallSeconds);
    return seconds.length === 0 ? 0 : mean(seconds) * 1000;
  }
}

const RECENT_MEASUREMENTS = 20;
const RESERVED_PROMOTION_PAIRS = 4;
const RESERVE_SAFETY = 1.5; // measurements slower than the recent ones must not cost the night its proof
