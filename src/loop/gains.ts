/** What the measurements of a run say of its candidates: gains over their heads, and the noise they stand in. */

import type { PastExperiment } from "../core/brief.ts";
import { gainOver } from "../core/metric.ts";
import { type ExperimentRecord, readingsOf } from "../core/study.ts";
import { type Lab, mean } from "./lab.ts";

const RECENT_EXPERIMENTS = 60;
const isGroup = (values: readonly number[]) => values.length >= 2;

export function history(lab: Lab): PastExperiment[] {
  return lab.experiments
    .sort((a, b) => (a.closedAtMs ?? 0) - (b.closedAtMs ?? 0))
    .flatMap((record) => {
      const { id, researcher, idea, status, reasons, headGain } = record;
      if (idea === undefined || status === undefined) return [];
      const gained = gainOverHead(lab, record);
      const gain = gained === undefined ? {} : { gainOverHead: gained };
      return [{ experiment: id, researcher, idea, status, reasons, headGain, ...gain }];
    });
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
 * Groups of values whose spread is the noise: heads, and of other code only the candidate under judgement. A change
 * that makes the metric wild must not blur every later comparison, and proof rests on heads and its own pairs alone.
 */
export function noiseGroups(
  lab: Lab,
  record?: ExperimentRecord,
): { replicates: number[][]; differences: number[][] } {
  const isSeeded = lab.parts.program.metric.seeded;
  const replicates = [...lab.study.byCommit.keys()].map((commit) => {
    const readings = readingsOf(lab.linesOf(commit), "anchor", "calibration");
    // Repeats of one seed say nothing about the spread between seeds.
    const fresh = isSeeded ? new Map(readings.map((one) => [one.seed, one])).values() : readings;
    return [...fresh].map(({ value }) => value);
  });
  const groups = { replicates: replicates.filter(isGroup).slice(-RECENT_EXPERIMENTS), differences: [] };
  if (record === undefined) return groups;
  const own = readingsOf(lab.candidateLines(record), "tentative").map(({ value }) => value);
  const others = lab.experiments.filter((other) => other !== record).slice(-RECENT_EXPERIMENTS);
  return {
    replicates: [...groups.replicates, own].filter(isGroup),
    differences: others.map((other) => pairedGains(lab, other)).filter(isGroup),
  };
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
