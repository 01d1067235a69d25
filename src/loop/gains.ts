/** What the measurements of a run say of its candidates: gains over their heads, and the noise they stand in. */

import type { PastExperiment } from "../core/brief.ts";
import type { CommitSha } from "../core/experiment.ts";
import { gainOver, mean } from "../core/metric.ts";
import { type ExperimentRecord, readingsOf } from "../core/study.ts";
import type { Lab } from "./lab.ts";

const RECENT_EXPERIMENTS = 60;
const isGroup = (values: readonly number[]) => values.length >= 2;

/** What was measured of a closed experiment does not change any more: it is worked out once. */
interface Facts {
  readonly pairedGains: readonly number[];
  readonly past: PastExperiment | undefined;
}
const factsOfClosed = new WeakMap<ExperimentRecord, Facts>();

function factsOf(lab: Lab, record: ExperimentRecord): Facts {
  const known = factsOfClosed.get(record);
  if (known !== undefined) return known;
  const facts = { pairedGains: pairedGains(lab, record), past: pastOf(lab, record) };
  if (record.status !== undefined) factsOfClosed.set(record, facts);
  return facts;
}

/** Closed experiments of the run in order of closing. */
export function history(lab: Lab): PastExperiment[] {
  return lab.run.closed.flatMap((record) => factsOf(lab, record).past ?? []);
}

function pastOf(lab: Lab, record: ExperimentRecord): PastExperiment | undefined {
  const { id, researcher, idea, status, reasons, headGain, logTail } = record;
  if (idea === undefined || status === undefined) return undefined;
  const gained = gainOverHead(lab, record);
  const gain = gained === undefined ? {} : { gainOverHead: gained };
  const log = logTail === undefined ? {} : { logTail };
  const files = record.files.map(({ path }) => path);
  return { experiment: id, researcher, idea, status, reasons, headGain, files, ...gain, ...log };
}

/** Mean measured gain over the head it met, paired by seed where possible; undefined if never measured. */
function gainOverHead(lab: Lab, record: ExperimentRecord): number | undefined {
  const paired = pairedGains(lab, record);
  if (paired.length > 0) return mean(paired);
  const own = readingsOf(lab.candidateLines(record), "tentative").map(({ value }) => value);
  const head = readingsOf(lab.anchorLines(record), "anchor", "calibration").map(({ value }) => value);
  if (own.length === 0 || head.length === 0) return undefined;
  return gainOver(lab.parts.program.metric.goal, mean(own), mean(head));
}

/**
 * Groups of values whose spread is the noise: those of heads. A change that makes the metric wild must not blur every
 * later comparison; the judge adds what the candidate itself shows.
 */
export function noiseGroups(
  lab: Lab,
  record?: ExperimentRecord,
): { replicates: number[][]; differences: number[][] } {
  const heads = lab.run.heads.slice(-RECENT_EXPERIMENTS);
  const replicates = heads.map((commit) => replicatesOf(lab, commit)).filter(isGroup);
  if (record === undefined) return { replicates, differences: [] };
  const others = lab.experiments.slice(-RECENT_EXPERIMENTS).filter((other) => other !== record);
  return {
    replicates,
    differences: others.map((other) => [...factsOf(lab, other).pairedGains]).filter(isGroup),
  };
}

/** Standard deviation of one run by what is known now: pooled over heads, or from calibration while that knows more. */
export function runSd(lab: Lab): number {
  const { sdRun = 0, degreesOfFreedom = 0 } = lab.run.noise ?? {};
  const groups = noiseGroups(lab).replicates;
  const known = groups.reduce((sum, group) => sum + group.length - 1, 0);
  if (known === 0 || known < degreesOfFreedom) return sdRun;
  const squares = groups.flatMap((group) => {
    const middle = mean(group);
    return group.map((value) => (value - middle) ** 2);
  });
  const sd = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / known);
  return Number.isFinite(sd) ? sd : sdRun;
}

function replicatesOf(lab: Lab, commit: CommitSha): number[] {
  const readings = readingsOf(lab.comparable(lab.linesOf(commit)), "anchor", "calibration");
  // Repeats of one seed say nothing about the spread between seeds.
  const fresh = lab.parts.program.metric.seeded
    ? new Map(readings.map((one) => [one.seed, one])).values()
    : readings;
  return [...fresh].map(({ value }) => value);
}

/** Gains of a candidate over its head on equal seeds; of a duration, over the head measured beside it. */
function pairedGains(lab: Lab, record: ExperimentRecord): number[] {
  const { goal, timing } = lab.parts.program.metric;
  const heads = readingsOf(lab.anchorLines(record), "anchor", "calibration");
  const bySeed = new Map(heads.map(({ seed, value }) => [seed, value]));
  return readingsOf(lab.candidateLines(record), "tentative").flatMap(({ seed, value }, index) => {
    const reference = timing ? heads[index]?.value : bySeed.get(seed);
    return reference === undefined ? [] : [gainOver(goal, value, reference)];
  });
}
