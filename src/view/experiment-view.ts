/** One experiment as shown: what was tried, what was measured beside what, and how it ended. */

import type { ExperimentId, Forecast, Status } from "../core/experiment.ts";
import type { Verdict } from "../core/judge.ts";
import type { Purpose } from "../core/ledger.ts";
import { type Channel, gainOver, type Outcome } from "../core/metric.ts";
import type { ExperimentRecord, MeasuredLine, RunRecord, Study } from "../core/study.ts";
import { measurementsOf } from "../core/study.ts";
import { short, weakestChannel } from "./gain.ts";
import { cleanBlock, cleanLine } from "./plain-text.ts";
import { verifiedStack } from "./verified.ts";

/** `earlier`: the candidate before it was re-applied on a new head; such values do not count any more. */
export interface MeasurementView {
  readonly atMs: number;
  readonly side: "candidate" | "head" | "earlier";
  readonly purpose: Purpose;
  readonly seed: number;
  readonly kind: Outcome["kind"];
  /** Only when `kind` is measured. */
  readonly value?: number;
  readonly seconds?: number;
  readonly channel?: Channel;
  readonly detail?: string;
  /** Value of the head on the same seed, and the gain over it; candidate side only. */
  readonly headValue?: number;
  readonly gain?: number;
}

export interface ExperimentView {
  readonly id: ExperimentId;
  /** 1 for the first experiment of the run. */
  readonly ordinal: number;
  readonly status: Status | "open";
  /** What is happening now; open experiments only. */
  readonly stage?: string;
  readonly researcher: string;
  /** Absent until an idea was proposed. */
  readonly title?: string;
  readonly why?: string;
  readonly forecast?: Forecast;
  readonly programLine?: number;
  readonly files: readonly { readonly path: string; readonly added?: number; readonly deleted?: number }[];
  /** Lines over all files; binary files count as none. */
  readonly added: number;
  readonly deleted: number;
  readonly commit?: string;
  readonly head: string;
  readonly measurements: readonly MeasurementView[];
  /** Mean of the candidate's own measured values. */
  readonly value?: number;
  readonly gainOverHead?: number;
  /** Gain over the head plus that head's gain over the baseline: comparable across heads. */
  readonly gainOverBaseline?: number;
  readonly verdict?: Verdict;
  readonly reasons: readonly string[];
  readonly logTail?: string;
  /** Measuring time of the candidate. */
  readonly seconds: number;
  readonly peakMemoryBytes?: number;
  readonly channel?: Channel;
  readonly openedAtMs: number;
  readonly closedAtMs?: number;
  readonly isInHead: boolean;
  readonly isVerified: boolean;
}

export function experimentViews(
  study: Study,
  run: RunRecord,
  options: { readonly stages?: ReadonlyMap<string, string> },
): ExperimentView[] {
  const verified = new Set(verifiedStack(study, run));
  return [...study.experiments.values()]
    .filter((record) => record.run === run.tag)
    .map((record, index) => ({
      id: record.id,
      ordinal: index + 1,
      status: record.status ?? "open",
      ...stageOf(record, options.stages),
      researcher: cleanLine(record.researcher, 80),
      ...ideaView(record),
      ...filesView(record),
      ...(record.commit === undefined ? {} : { commit: short(record.commit) }),
      head: short(record.head),
      ...measuredView(study, run, record),
      ...verdictView(record),
      openedAtMs: record.openedAtMs,
      ...(record.closedAtMs === undefined ? {} : { closedAtMs: record.closedAtMs }),
      isInHead: run.stack.includes(record.id),
      isVerified: verified.has(record.id),
    }));
}

function stageOf(record: ExperimentRecord, stages: ReadonlyMap<string, string> | undefined) {
  if (record.status !== undefined) return {};
  const told = stages?.get(record.id);
  if (told !== undefined) return { stage: cleanLine(told, 80) };
  if (record.commit === undefined) return { stage: "proposing" };
  const own = record.measured.filter(({ commit }) => commit === record.commit).length;
  return { stage: record.verdict === undefined ? `measuring, run ${own + 1}` : "closing" };
}

function ideaView({ idea }: ExperimentRecord) {
  if (idea === undefined) return {};
  const { forecast, programLine } = idea;
  return {
    title: cleanLine(idea.title, 200),
    why: cleanBlock(idea.why).trim(),
    ...(forecast === undefined ? {} : { forecast }),
    ...(programLine === undefined ? {} : { programLine }),
  };
}

function filesView(record: ExperimentRecord) {
  const files = record.files.map((file) => ({ ...file, path: cleanLine(file.path) }));
  const total = (key: "added" | "deleted") => files.reduce((sum, file) => sum + (file[key] ?? 0), 0);
  return { files, added: total("added"), deleted: total("deleted") };
}

function verdictView({ verdict, reasons, logTail }: ExperimentRecord) {
  const clean = (lines: readonly string[]) => lines.map((line) => cleanLine(line));
  return {
    ...(verdict === undefined ? {} : { verdict: { ...verdict, reasons: clean(verdict.reasons) } }),
    reasons: clean(reasons.length > 0 ? reasons : (verdict?.reasons ?? [])),
    ...(logTail === undefined ? {} : { logTail: cleanBlock(logTail) }),
  };
}

function measuredView(study: Study, run: RunRecord, record: ExperimentRecord) {
  const own = record.measured.filter(({ commit }) => commit === record.commit);
  const heads = headLines(study, run, record);
  const headBySeed = new Map(
    measurementsOf(heads, "anchor", "calibration").map((m) => [m.seed, m.measurement.value]),
  );
  const measured = measurementsOf(own, "tentative").map(({ measurement }) => measurement);
  const value = mean(measured.map((one) => one.value));
  const gainOverHead = record.verdict?.estimate?.gain ?? gainFrom(run, { own, heads, headBySeed });
  const memory = measured.flatMap(({ resources }) => resources.peakMemoryBytes ?? []);
  const channel = weakestChannel(measured.map((one) => one.channel));
  return {
    measurements: record.measured.map((line) => measurementView(line, { run, record, headBySeed })),
    ...(value === undefined ? {} : { value }),
    ...(gainOverHead === undefined ? {} : { gainOverHead, gainOverBaseline: record.headGain + gainOverHead }),
    seconds: measured.reduce((sum, { resources }) => sum + resources.wallSeconds, 0),
    ...(memory.length === 0 ? {} : { peakMemoryBytes: Math.max(...memory) }),
    ...(channel === undefined ? {} : { channel }),
  };
}

/** A timing metric never meets an old number: only heads measured beside this candidate count. */
function headLines(study: Study, run: RunRecord, record: ExperimentRecord): readonly MeasuredLine[] {
  if (run.metric.timing) return record.measured.filter(({ commit }) => commit === record.head);
  return study.byCommit.get(record.head) ?? [];
}

/** Paired on equal seeds where possible, else mean against mean. */
function gainFrom(
  { metric }: RunRecord,
  {
    own,
    heads,
    headBySeed,
  }: {
    own: readonly MeasuredLine[];
    heads: readonly MeasuredLine[];
    headBySeed: ReadonlyMap<number, number>;
  },
): number | undefined {
  const readings = measurementsOf(own, "tentative").map(({ seed, measurement }) => ({
    seed,
    value: measurement.value,
  }));
  const gains = readings.flatMap(({ seed, value }) => {
    const reference = headBySeed.get(seed);
    return reference === undefined ? [] : [gainOver(metric.goal, value, reference)];
  });
  if (gains.length > 0) return mean(gains);
  const candidate = mean(readings.map(({ value }) => value));
  const head = mean(
    measurementsOf(heads, "anchor", "calibration").map(({ measurement }) => measurement.value),
  );
  return candidate === undefined || head === undefined ? undefined : gainOver(metric.goal, candidate, head);
}

function measurementView(
  { atMs, purpose, commit, seed, outcome }: MeasuredLine,
  {
    run,
    record,
    headBySeed,
  }: { run: RunRecord; record: ExperimentRecord; headBySeed: ReadonlyMap<number, number> },
): MeasurementView {
  const side = commit === record.commit ? "candidate" : purpose === "tentative" ? "earlier" : "head";
  const common = { atMs, side, purpose, seed, kind: outcome.kind } as const;
  if (outcome.kind !== "measured") return { ...common, detail: cleanLine(outcome.detail) };
  const { value, channel, resources } = outcome.measurement;
  const headValue = side === "candidate" && run.metric.seeded ? headBySeed.get(seed) : undefined;
  return {
    ...common,
    value,
    seconds: resources.wallSeconds,
    channel,
    ...(headValue === undefined ? {} : { headValue, gain: gainOver(run.metric.goal, value, headValue) }),
  };
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
