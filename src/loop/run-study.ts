/** One run, from calibration to the final test, with several experiments in flight. Continues after any kill. */

import { InfrastructureError, UsageError } from "../core/errors.ts";
import { type RunTag, refs } from "../core/experiment.ts";
import type { Outcome } from "../core/metric.ts";
import { readingsOf } from "../core/study.ts";
import { checkDrift, isDriftCheckDue, needsCalibration } from "./drift.ts";
import { dutiesOf } from "./duties.ts";
import { Flight } from "./flight.ts";
import type { Lab } from "./lab.ts";
import { finalMeasurements, finalTest, isPromotionDue, promote } from "./promote.ts";
import { doubtful, recheck } from "./recheck.ts";
import { closeInterrupted, recover } from "./recover.ts";
import { Roster } from "./roster.ts";
import { runExperiment, settleExperiment } from "./run-experiment.ts";
import { allSettled } from "./slots.ts";
import { contradiction, withdraw } from "./withdraw.ts";

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
    const unpaid = needsCalibration(lab) ? await calibrate(lab, control) : undefined;
    const reason = unpaid ?? (control.pause.aborted ? "paused" : await search(lab, control));
    if (control.pause.aborted) return await pause(lab, "paused by the user");
    await prove(lab, signal);
    await showResult(lab);
    await lab.record({ kind: "run_ended", run: lab.tag, reason });
    return { kind: "ended", reason };
  } catch (error) {
    if (!signal.aborted) throw error;
    return await pause(lab, "stopped by the user");
  }
}

async function showResult(lab: Lab): Promise<void> {
  const problem = await lab.parts.showResult?.(lab.run);
  if (problem !== undefined) await lab.record({ kind: "warning", run: lab.tag, text: problem });
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
  const measured = () => readingsOf(lab.comparable(lab.linesOf(run.baseline)), "calibration");
  const done = measured().map(({ seed }) => seed);
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
  const noise = parts.judge.calibrate(parts.program.metric, measured());
  await lab.record({ kind: "calibrated", run: run.tag, noise });
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
    await dutiesOf(lab).settle();
  }
}

interface Crew {
  readonly roster: Roster;
  readonly flight: Flight;
}

async function fly(lab: Lab, control: Control, crew: Crew): Promise<string> {
  const { roster, flight } = crew;
  for (const { id, status } of lab.experiments) {
    if (status === undefined) flight.add(id, settleExperiment(lab, id, flight.signal));
  }
  for (;;) {
    const reason = stopReason(lab, control, roster);
    if (reason !== undefined) {
      await flight.land();
      return reason;
    }
    if (isRecheckDue(lab) || isPromotionDue(lab)) {
      await flight.land(); // pairs want the machine and the head to themselves
      await doubtOrPromote(lab, flight.signal);
    } else if (isDriftCheckDue(lab)) {
      const unpaid = await lookForDrift(lab, control, flight);
      if (unpaid !== undefined) return unpaid;
    } else if (flight.size >= lab.parts.program.parallel) {
      await flight.next();
    } else await launch(lab, control, crew);
  }
}

/** After a shift the noise is measured anew, with nothing else under way; gives the reason if that cannot be paid. */
async function lookForDrift(lab: Lab, control: Control, flight: Flight): Promise<string | undefined> {
  await checkDrift(lab, flight.signal);
  if (!needsCalibration(lab)) return undefined;
  await flight.land();
  return await calibrate(lab, control);
}

/** Opens the next experiment, or waits while every researcher rests. */
async function launch(lab: Lab, control: Control, { roster, flight }: Crew): Promise<void> {
  const shortage = await lab.parts.shortage?.();
  if (shortage !== undefined) {
    await warnOnce(lab, `no new proposals for now: ${shortage}`);
    return await flight.nextOr(Math.min(SHORTAGE_MS, lab.searchTimeLeftMs()), [
      control.pause,
      control.finish,
    ]);
  }
  dutiesOf(lab).begin(flight.signal);
  const researcher = roster.next();
  if (researcher === undefined) {
    const restMs = Math.min(roster.restMs(), lab.searchTimeLeftMs());
    return await flight.nextOr(restMs, [control.pause, control.finish]);
  }
  const id = await lab.openExperiment(researcher.name);
  const experiment = runExperiment(lab, id, researcher, flight.signal);
  flight.add(
    id,
    experiment.then(async (proposal) => {
      const dismissal = roster.heard(researcher, proposal, lab.experiment(id).status);
      if (dismissal !== undefined) await warnOnce(lab, dismissal);
    }),
  );
}

/** Until one looks again whether what was short is there. */
const SHORTAGE_MS = 30_000;

async function warnOnce(lab: Lab, text: string): Promise<void> {
  if (!lab.run.warnings.includes(text)) await lab.record({ kind: "warning", run: lab.tag, text });
}

function stopReason(lab: Lab, control: Control, roster: Roster): string | undefined {
  if (control.pause.aborted) return "paused by the user";
  if (control.finish.aborted) return "finished by the user";
  const { plateau } = lab.parts.budget;
  if (plateau !== undefined && lab.run.experimentsSinceKeep >= plateau)
    return `no keep in ${plateau} experiments`;
  return lab.searchLimit() ?? roster.nothingLeft();
}

/** What is doubtful comes before what is to be proven with it. */
async function doubtOrPromote(lab: Lab, signal: AbortSignal): Promise<void> {
  if (isRecheckDue(lab)) await recheck(lab, { isLast: false, limit: () => lab.measuringLimit(2) }, signal);
  else if (isPromotionDue(lab)) await promote(lab, { isLast: false }, signal);
}

function isRecheckDue(lab: Lab): boolean {
  return doubtful(lab) !== undefined && lab.measuringLimit(2) === undefined;
}

/** The last promotion and the final test, paid from the reserve; again with what is left where a proof does not stand. */
async function prove(lab: Lab, signal: AbortSignal): Promise<void> {
  const { run } = lab;
  // The time that is kept back is for what follows: a proof without its final test says nothing.
  const late = () => (lab.searchTimeLeftMs() <= 0 ? "the time left is kept for proof" : undefined);
  const limit = () => lab.proofLimit(2 + 2 * finalMeasurements(lab)) ?? late();
  for (;;) {
    await recheck(lab, { isLast: true, limit }, signal);
    await proveHead(lab, signal);
    const why = contradiction(run);
    if (why === undefined) return;
    await withdraw(lab, run.verified, why);
  }
}

async function proveHead(lab: Lab, signal: AbortSignal): Promise<void> {
  const { run } = lab;
  const isJudged = run.promotions.some(
    ({ head, verified }) => head === run.head && verified === run.verified,
  );
  if (run.head !== run.verified && !isJudged) await promote(lab, { isLast: true }, signal);
  if (run.verified !== run.baseline && run.final?.verified !== run.verified) await finalTest(lab, signal);
}
