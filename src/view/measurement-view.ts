/** The measurements of one experiment, each beside the head on the same seed, and the gain they make together. */

import type { Purpose } from "../core/ledger.ts";
import {
  type Channel,
  CONTENDED_CORES,
  finiteDifference,
  gainOver,
  mean,
  type Outcome,
} from "../core/metric.ts";
import {
  type ExperimentRecord,
  linesOf,
  type MeasuredLine,
  measurementsOf,
  type RunRecord,
  type Study,
} from "../core/study.ts";
import { weakestChannel } from "./gain.ts";
import { cleanLine } from "./plain-text.ts";

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
  /** A duration that other work of the machine disturbed. */
  readonly isDisturbed?: boolean;
}

export function isDisturbed({ outcome }: MeasuredLine): boolean {
  const cores = outcome.kind === "measured" ? outcome.measurement.resources.foreignCores : undefined;
  return (cores ?? 0) > CONTENDED_CORES;
}

/** Everything about an experiment that comes from its measurements. */
export function measuredView(study: Study, run: RunRecord, record: ExperimentRecord) {
  const own = record.measured.filter(({ commit }) => commit === record.commit);
  const heads = headLines(study, run, record);
  const headBySeed = new Map(
    measurementsOf(heads, "anchor", "calibration").map((m) => [m.seed, m.measurement.value]),
  );
  const measured = measurementsOf(own, "tentative").map(({ measurement }) => measurement);
  const value = meanOf(measured.map((one) => one.value));
  const gainOverHead = record.verdict?.estimate?.gain ?? gainFrom(run, { own, heads, headBySeed });
  const memory = measured.flatMap(({ resources }) => resources.peakMemoryBytes ?? []);
  const channel = weakestChannel(measured.map((one) => one.channel));
  return {
    measurements: record.measured.map((line) => measurementView(line, { run, record, headBySeed })),
    ...(value === undefined ? {} : { value }),
    ...(gainOverHead === undefined
      ? {}
      : { gainOverHead, gainOverBaseline: finiteDifference(record.headGain, -gainOverHead) }),
    seconds: measured.reduce((sum, { resources }) => sum + resources.wallSeconds, 0),
    ...(memory.length === 0 ? {} : { peakMemoryBytes: Math.max(...memory) }),
    ...(channel === undefined ? {} : { channel }),
  };
}

/** A timing metric never meets an old number: only heads measured beside this candidate count. */
function headLines(study: Study, run: RunRecord, record: ExperimentRecord): readonly MeasuredLine[] {
  if (run.metric.timing) return record.measured.filter(({ commit }) => commit === record.head);
  return linesOf(study, run.tag, record.head);
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
  if (gains.length > 0) return meanOf(gains);
  const candidate = meanOf(readings.map(({ value }) => value));
  const head = meanOf(
    measurementsOf(heads, "anchor", "calibration").map(({ measurement }) => measurement.value),
  );
  return candidate === undefined || head === undefined ? undefined : gainOver(metric.goal, candidate, head);
}

function measurementView(
  line: MeasuredLine,
  {
    run,
    record,
    headBySeed,
  }: { run: RunRecord; record: ExperimentRecord; headBySeed: ReadonlyMap<number, number> },
): MeasurementView {
  const { atMs, purpose, commit, seed, outcome } = line;
  const side = commit === record.commit ? "candidate" : commit === record.head ? "head" : "earlier";
  const common = { atMs, side, purpose, seed, kind: outcome.kind } as const;
  if (outcome.kind !== "measured") return { ...common, detail: cleanLine(outcome.detail) };
  const { value, channel, resources } = outcome.measurement;
  const headValue = side === "candidate" && run.metric.seeded ? headBySeed.get(seed) : undefined;
  return {
    ...common,
    value,
    seconds: resources.wallSeconds,
    channel,
    ...(run.metric.timing && isDisturbed(line) ? { isDisturbed: true } : {}),
    ...(headValue === undefined ? {} : { headValue, gain: gainOver(run.metric.goal, value, headValue) }),
  };
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : mean(values);
}
