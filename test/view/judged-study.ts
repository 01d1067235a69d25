/** Ledger lines whose verdicts the real judge gave: what was measured comes from a truth, what follows from the rules. */

import type { CommitSha, ExperimentId, TreeSha } from "../../src/core/experiment.ts";
import type { JudgeRule, PairedEvidence, TentativeEvidence, Verdict } from "../../src/core/judge.ts";
import {
  comparableFrom,
  type ExperimentRecord,
  linesOf,
  positionOf,
  type RunRecord,
  readingsOf,
} from "../../src/core/study.ts";
import { judge } from "../../src/judge/judge.ts";
import { RULES } from "../../src/judge/rules.ts";
import { type FixtureOptions, StudyWriter, sha } from "./study-writer.ts";

interface Plan {
  /** True gain over the head. */
  readonly gain: number;
  readonly linesSaved?: number;
  readonly brokenConstraints?: readonly string[];
  /** Cores that other work keeps busy beside the candidate's n-th run. */
  readonly foreignCores?: (run: number) => number;
  readonly title?: string;
}

const SEEDS = [11, 12, 13, 14, 15, 16, 17, 18, 19, 20];

export class JudgedWriter extends StudyWriter {
  readonly rule: JudgeRule;
  readonly #gains = new Map<CommitSha, number>([[this.baseline, 0]]);

  constructor({ rule = RULES.balanced, ...options }: FixtureOptions & { rule?: JudgeRule } = {}) {
    super(options);
    this.rule = rule;
  }

  get record(): RunRecord {
    const run = this.current.runs.at(-1);
    if (run === undefined) throw new Error("no run");
    return run;
  }

  /** One experiment, from opening to its end. */
  try(plan: Plan): ExperimentId {
    const id = this.#propose(plan);
    this.#end(id, this.#judgeCandidate(id, plan));
    return id;
  }

  /** An experiment whose verdict nobody worked out: what a ledger may hold for all that its schema says. */
  tell(verdict: Verdict): ExperimentId {
    const id = this.#propose({ gain: 0, linesSaved: 1 });
    const { commit = this.head } = this.#experiment(id);
    for (const seed of [11, 12]) this.measure({ purpose: "tentative", commit, seed, experiment: id });
    this.#end(id, verdict);
    return id;
  }

  #propose(plan: Plan): ExperimentId {
    const id = this.open("tuner");
    const commit = sha(`commit ${id}`);
    const tree = sha(`tree ${id}`) as string as TreeSha;
    const idea = { title: plan.title ?? `idea of ${id}`, why: "to see" };
    const { linesSaved = 0 } = plan;
    const files = [{ path: "train.ts", added: 2, deleted: 2 + linesSaved }];
    this.add({ kind: "proposed", experiment: id, idea, commit, tree, files }, 5_000);
    this.#gains.set(commit, this.#gainOf(this.head) + plan.gain);
    return id;
  }

  #end(id: ExperimentId, verdict: Verdict): void {
    const { commit = this.head } = this.#experiment(id);
    this.add({ kind: "judged", experiment: id, verdict });
    if (verdict.kind === "keep") {
      this.add({
        kind: "head_moved",
        run: this.run,
        from: this.head,
        to: commit,
        reason: "kept",
        experiment: id,
      });
      this.head = commit;
    }
    const status = { keep: "kept", discard: "discarded", inconclusive: "inconclusive" } as const;
    this.close(id, status[verdict.kind], verdict.reasons);
  }

  #judgeCandidate(id: ExperimentId, plan: Plan): Verdict {
    for (let step = 0; step < 60; step += 1) {
      const next = judge.next(this.#tentativeEvidence(id, plan));
      if (next.kind !== "measure_more" && next.kind !== "measure_pair") return next;
      const both = ["candidate", "head"] as const;
      const sides = next.kind === "measure_more" ? [next.side] : both;
      for (const side of sides) this.#measureSide(id, { side, seed: next.seed, plan });
    }
    throw new Error("the judge does not end");
  }

  #measureSide(
    id: ExperimentId,
    { side, seed, plan }: { side: "candidate" | "head" | "fresh"; seed: number; plan: Plan },
  ): void {
    const record = this.#experiment(id);
    const commit = side === "head" ? record.head : (record.commit ?? this.head);
    const run = record.measured.filter((line) => line.commit === record.commit).length;
    const cores = side === "candidate" ? plan.foreignCores?.(run) : undefined;
    this.measure({
      purpose: side === "candidate" ? "tentative" : "anchor",
      commit,
      seed,
      gain: this.#gainOf(commit),
      ...(side !== "head" || this.metric.timing ? { experiment: id } : {}),
      ...(cores === undefined ? {} : { foreignCores: cores }),
    });
  }

  #tentativeEvidence(id: ExperimentId, plan: Plan): TentativeEvidence {
    const { current: study, record: run } = this;
    const record = this.#experiment(id);
    const own = record.measured.filter(
      ({ commit, line }) => commit === record.commit && line > comparableFrom(run),
    );
    const heads = this.metric.timing
      ? record.measured.filter(({ commit }) => commit === record.head)
      : linesOf(study, run.tag, record.head).filter(({ line }) => line > comparableFrom(run));
    const others = run.closed.map((one) => readingsOf(one.measured, "tentative").map(({ value }) => value));
    return {
      stage: "tentative",
      ...this.#common(run),
      candidate: readingsOf(own, "tentative"),
      head: readingsOf(heads, "anchor", "calibration"),
      seeds: this.#seedsOf(record.head),
      fresh: readingsOf(own, "anchor"),
      freshSeeds: this.#seedsOf(record.commit ?? record.head),
      linesSaved: Math.max(0, plan.linesSaved ?? 0),
      brokenConstraints: plan.brokenConstraints ?? [],
      stream: { index: others.length + 1, discoveries: this.#discoveries(run) },
    };
  }

  /** Every head has its own, and other ones after a drift. */
  #seedsOf(commit: CommitSha): number[] {
    const { records, driftLines } = this.record;
    const ordinal = records.findIndex((one) => one.commit === commit) + 1;
    return SEEDS.map((seed) => seed + 20 * ordinal + 10_000 * driftLines.length);
  }

  #discoveries(run: RunRecord): number[] {
    return run.records.flatMap(({ status, verdict }, index) =>
      status === "kept" && verdict?.workings?.rule !== "not_worse" ? [index + 1] : [],
    );
  }

  #common({ metric, noise, heads }: RunRecord) {
    if (noise === undefined) throw new Error("not calibrated");
    const groups = heads.map((commit) =>
      readingsOf(linesOf(this.current, this.run, commit), "anchor").map(({ value }) => value),
    );
    const replicates = groups.filter((group) => group.length >= 2);
    return { metric, rule: this.rule, noise, replicates, differences: [] };
  }

  /** Head against Verified, with another true gain than its own if told so; what fails goes the way of the loop: half of the stack at a time. */
  promoteHead({
    mayStopEarly = false,
    overVerified,
  }: {
    mayStopEarly?: boolean;
    overVerified?: number;
  } = {}): Verdict {
    const { head, verified, run, record } = this;
    const ordinal = record.promotions.length + 1;
    const stack = record.stack.slice(positionOf(this.current, record, verified));
    const linesSaved = stack.reduce((sum, id) => {
      return (
        sum +
        this.#experiment(id).files.reduce((all, file) => all + (file.deleted ?? 0) - (file.added ?? 0), 0)
      );
    }, 0);
    const about = { stage: "promotion" as const, ordinal, linesSaved, mayStopEarly };
    const sides = { challenger: head, defender: verified };
    const verdict = this.#judgePairs({
      ...about,
      ...sides,
      ...(overVerified === undefined ? {} : { trueGain: this.#gainOf(verified) + overVerified }),
    });
    this.add({ kind: "promotion_judged", run, head, verified, verdict });
    if (verdict.kind === "keep") {
      this.verified = head;
      this.add({ kind: "verified_moved", run, from: verified, to: head });
    }
    if (verdict.kind === "discard") {
      const half = stack[Math.floor(stack.length / 2) - 1];
      const to = (half === undefined ? undefined : this.#experiment(half).commit) ?? verified;
      this.add({ kind: "head_moved", run, from: head, to, reason: "suspect" });
      this.head = to;
    }
    return verdict;
  }

  finalTest(): Verdict {
    const { verified, baseline, run } = this;
    const about = { stage: "final" as const, ordinal: 1, linesSaved: 0, mayStopEarly: false };
    const verdict = this.#judgePairs({ ...about, challenger: verified, defender: baseline });
    this.add({ kind: "final_judged", run, verified, baseline, isHeldOut: true, verdict });
    return verdict;
  }

  #judgePairs({
    challenger,
    defender,
    trueGain,
    ...about
  }: Pick<PairedEvidence, "ordinal" | "linesSaved" | "mayStopEarly"> & {
    stage: "promotion" | "final";
    challenger: CommitSha;
    defender: CommitSha;
    trueGain?: number;
  }): Verdict {
    const seeds = SEEDS.map((seed) => (about.stage === "final" ? 5000 : 1000 * about.ordinal) + seed);
    const pairs: { seed: number; challenger: number; defender: number }[] = [];
    for (let step = 0; step < 60; step += 1) {
      const evidence = {
        ...this.#common(this.record),
        ...about,
        seeds,
        pairs,
        isBudgetSpent: false,
        isHeldOut: false,
      };
      const next = judge.next(evidence);
      if (next.kind === "measure_more") throw new Error("a paired stage asks for pairs");
      if (next.kind !== "measure_pair") return next;
      const { seed } = next;
      const gain = trueGain ?? this.#gainOf(challenger);
      this.measure({ purpose: about.stage, commit: challenger, seed, gain });
      this.measure({ purpose: about.stage, commit: defender, seed, gain: this.#gainOf(defender) });
      const value = (commit: CommitSha) =>
        readingsOf(linesOf(this.current, this.run, commit), about.stage).find((one) => one.seed === seed)
          ?.value ?? Number.NaN;
      pairs.push({ seed, challenger: value(challenger), defender: value(defender) });
    }
    throw new Error("the judge does not end");
  }

  /** The machine becomes worse by `shift` from here on: seen, and calibrated anew. */
  drift(shift: number): this {
    this.add({
      kind: "drifted",
      run: this.run,
      shift,
      text: `the machine has changed: the unchanged head gives ${this.metric.name} ${shift}; calibrated anew`,
    });
    return this.calibrate();
  }

  #experiment(id: ExperimentId): ExperimentRecord {
    const record = this.current.experiments.get(id);
    if (record === undefined) throw new Error(`no ${id}`);
    return record;
  }

  #gainOf(commit: CommitSha): number {
    return this.#gains.get(commit) ?? 0;
  }
}
