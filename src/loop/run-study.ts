/** One run, from calibration to the final test, with several experiments in flight. Continues after any kill. */

import type { Clock } from "../core/clock.ts";
import { InfrastructureError, UsageError } from "../core/errors.ts";
import { type ExperimentId, type RunTag, refs } from "../core/experiment.ts";
import type { Outcome } from "../core/metric.ts";
import { readingsOf } from "../core/study.ts";
import type { Lab } from "./lab.ts";
import { finalTest, isPromotionDue, promote } from "./promote.ts";
import { closeInterrupted, recover } from "./recover.ts";
import { Roster } from "./roster.ts";
import { runExperiment, settleExperiment } from "./run-experiment.ts";
import { allSettled } from "./slots.ts";

/** How the user steers a running study. */
export interface Control {
  /** Start nothing new; finish what is in flight, then pause. */
  readonly pause: AbortSignal;
  /** End the search now; prove what was found, then end. */
  readonly finish: AbortSignal;
  /** Stop at once; what was measured is kept, the rest is done again on resume. */
  readonly stop: AbortSignal;
}

export interface RunEnd {
  readonly kind: "ended" | "paused";
  readonly reason: string;
}

/** Starts a run on `baseline`. The refs exist before the ledger speaks of them. */
export async function startRun(
  lab: Lab,
  start: { tag: RunTag; studySeed: number; programSha: string },
): Promise<void> {
  const { workspaces, baseline, program, sandbox, version } = lab.parts;
  const { tag, studySeed, programSha } = start;
  await closeInterrupted(lab, [...lab.study.experiments.values()]);
  for (const ref of [refs.baseline(tag), refs.head(tag), refs.verified(tag)]) {
    // A leftover of a start that was killed before its ledger line: nobody knows this tag yet.
    if (!(await workspaces.advance(ref, baseline, await workspaces.resolve(ref))))
      throw new InfrastructureError(`${ref} cannot be set: another process holds its lock`);
  }
  const { metric } = program;
  const about = { run: tag, baseline, studySeed, metric, programSha, sandbox: sandbox.name, version };
  await lab.record({ kind: "run_started", ...about });
}

/** Marks the run as continued and finishes what a kill cut in half. */
export async function resumeRun(lab: Lab): Promise<void> {
  const { sandbox, version } = lab.parts;
  await lab.record({ kind: "run_resumed", run: lab.tag, sandbox: sandbox.name, version });
  await recover(lab);
}

/** Works until the budget, the ideas or the user say stop. */
export async function runStudy(lab: Lab, control: Control): Promise<RunEnd> {
  const signal = control.stop;
  try {
    const unpaid = lab.run.noise === undefined ? await calibrate(lab, control) : undefined;
    const reason = unpaid ?? (control.pause.aborted ? "paused" : await search(lab, control));
    if (control.pause.aborted) return await pause(lab, "paused by the user");
    await prove(lab, signal);
    await lab.record({ kind: "run_ended", run: lab.tag, reason });
    return { kind: "ended", reason };
  } catch (error) {
    if (!signal.aborted) throw error;
    return await pause(lab, "stopped by the user");
  }
}

async function pause(lab: Lab, reason: string): Promise<RunEnd> {
  await lab.record({ kind: "run_paused", run: lab.tag, reason });
  return { kind: "paused", reason };
}

/**
 * Four seeds, two of them twice: noise of repeats and of seeds. Done before any experiment is judged.
 * Gives the reason if the budget does not pay for it.
 */
async function calibrate(lab: Lab, control: Control): Promise<string | undefined> {
  const { run, parts } = lab;
  const [a, b, c, d] = lab.headSeeds(run.baseline);
  const plan = [a, a, b, b, c, d].filter((seed) => seed !== undefined);
  const done = readingsOf(lab.linesOf(run.baseline), "calibration").map(({ seed }) => seed);
  for (const seed of done) plan.splice(plan.indexOf(seed), 1);
  const limit = plan.length === 0 ? undefined : lab.proofLimit(plan.length);
  if (limit !== undefined) return `calibration takes ${plan.length} measurements: ${limit}`;
  parts.onStage?.("run", "calibrating the baseline");
  const failed = new AbortController();
  const signal = AbortSignal.any([control.stop, failed.signal]);
  const tasks = plan.map(async (seed) => {
    if (control.pause.aborted) return;
    const outcome = await lab.measure({ commit: run.baseline, seed, purpose: "calibration" }, signal);
    if (outcome.kind === "measured" || failed.signal.aborted) return;
    failed.abort(baselineError(outcome, parts.program.measure)); // the other runs would tell the same
  });
  await allSettled(tasks).catch((error: unknown) => {
    if (!failed.signal.aborted) throw error;
  });
  if (failed.signal.aborted) {
    // Ended, not paused: there is nothing to go on from, and a mended baseline is another commit.
    await lab.record({ kind: "run_ended", run: run.tag, reason: "the unchanged code cannot be measured" });
    throw failed.signal.reason;
  }
  if (control.pause.aborted) return undefined;
  const readings = readingsOf(lab.linesOf(run.baseline), "calibration");
  await lab.record({
    kind: "calibrated",
    run: run.tag,
    noise: parts.judge.calibrate(parts.program.metric, readings),
  });
  return undefined;
}

function baselineError(outcome: Exclude<Outcome, { kind: "measured" }>, measure: string): UsageError {
  const log = "logTail" in outcome ? `\n${outcome.logTail.trimEnd()}` : "";
  return new UsageError(`the unchanged code cannot be measured: ${outcome.kind}, ${outcome.detail}${log}`, {
    place: `measure: ${measure}`,
    next: "run that command by hand in a fresh clone, mend it or program.md, then: nightlab run",
  });
}

/** Keeps experiments in flight until something says stop; gives the reason. */
async function search(lab: Lab, control: Control): Promise<string> {
  const roster = new Roster(lab);
  const flight = new Flight(lab.parts.clock, control.stop);
  try {
    return await fly(lab, control, { roster, flight });
  } finally {
    await flight.abandon();
  }
}

async function fly(
  lab: Lab,
  control: Control,
  { roster, flight }: { roster: Roster; flight: Flight },
): Promise<string> {
  for (const { id, status } of lab.experiments) {
    if (status === undefined) flight.add(id, settleExperiment(lab, id, flight.signal));
  }
  for (;;) {
    const reason = stopReason(lab, control, roster);
    if (reason !== undefined) {
      await flight.land();
      return reason;
    }
    if (isPromotionDue(lab)) {
      await flight.land(); // the pairs of a promotion want the machine and the head to themselves
      if (isPromotionDue(lab)) await promote(lab, { isLast: false }, flight.signal);
    } else if (flight.size >= lab.parts.program.parallel) {
      await flight.next();
    } else {
      const researcher = roster.next();
      if (researcher === undefined) {
        const restMs = Math.min(roster.restMs(), lab.searchTimeLeftMs());
        await flight.nextOr(restMs, [control.pause, control.finish]);
      } else {
        const id = await lab.openExperiment(researcher.name);
        const experiment = runExperiment(lab, id, researcher, flight.signal);
        flight.add(
          id,
          experiment.then((proposal) => roster.heard(researcher, proposal, lab.experiment(id).status)),
        );
      }
    }
  }
}

function stopReason(lab: Lab, control: Control, roster: Roster): string | undefined {
  if (control.pause.aborted) return "paused by the user";
  if (control.finish.aborted) return "finished by the user";
  const { plateau } = lab.parts.budget;
  if (plateau !== undefined && lab.run.experimentsSinceKeep >= plateau)
    return `no keep in ${plateau} experiments`;
  return lab.searchLimit() ?? roster.nothingLeft();
}

/** The last promotion and the final test, paid from the reserve. */
async function prove(lab: Lab, signal: AbortSignal): Promise<void> {
  const { run } = lab;
  const isJudged = run.promotions.some(
    ({ head, verified }) => head === run.head && verified === run.verified,
  );
  if (run.head !== run.verified && !isJudged) await promote(lab, { isLast: true }, signal);
  if (run.verified !== run.baseline && run.final?.verified !== run.verified) await finalTest(lab, signal);
}

/** Experiments under way. The first one that rejects ends the search; the others are stopped and waited for. */
class Flight {
  readonly #clock: Clock;
  readonly #abandoned = new AbortController();
  /** Aborts with the user's stop, or when the search ends by a failure. */
  readonly signal: AbortSignal;
  readonly #running = new Map<ExperimentId, Promise<void>>();
  #error: { readonly cause: unknown } | undefined;

  constructor(clock: Clock, stop: AbortSignal) {
    this.#clock = clock;
    this.signal = AbortSignal.any([stop, this.#abandoned.signal]);
  }

  get size(): number {
    return this.#running.size;
  }

  add(id: ExperimentId, task: Promise<unknown>): void {
    const settled = task
      .then(
        () => undefined,
        (cause: unknown) => {
          this.#error ??= { cause };
        },
      )
      .finally(() => this.#running.delete(id));
    this.#running.set(id, settled);
  }

  async next(): Promise<void> {
    await Promise.race(this.#running.values());
    this.#rethrow();
  }

  /** Waits for an experiment to land, at most `ms`, or until a signal aborts. */
  async nextOr(ms: number, signals: readonly AbortSignal[]): Promise<void> {
    const wake = new AbortController();
    const delay = this.#clock.delay(ms, AbortSignal.any([wake.signal, this.signal, ...signals]));
    await Promise.race([delay, ...this.#running.values()]);
    wake.abort();
    this.#rethrow();
    this.signal.throwIfAborted();
  }

  async land(): Promise<void> {
    await Promise.all(this.#running.values());
    this.#rethrow();
  }

  /** Stops what is still under way and waits until it is over. */
  async abandon(): Promise<void> {
    this.#abandoned.abort();
    await Promise.all(this.#running.values());
  }

  #rethrow(): void {
    if (this.#error !== undefined) throw this.#error.cause;
  }
}
