/** One experiment as shown: what was tried, what was measured beside what, and how it ended. */

import type { ExperimentId, Forecast, Status } from "../core/experiment.ts";
import type { Verdict } from "../core/judge.ts";
import type { Channel } from "../core/metric.ts";
import type { ExperimentRecord, RunRecord, Study } from "../core/study.ts";
import { short } from "./gain.ts";
import { droppedStack, verifiedStack } from "./lineage.ts";
import { type MeasurementView, measuredView } from "./measurement-view.ts";
import { cleanBlock, cleanLine } from "./plain-text.ts";
import { type Simplification, simplificationOf } from "./simplification.ts";

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
  /** What makes a keep look too good; empty for most. */
  readonly flags: readonly string[];
  /** What came of it when it was measured again for that. */
  readonly recheck?: string;
  readonly logTail?: string;
  /** Measuring time of the candidate. */
  readonly seconds: number;
  readonly peakMemoryBytes?: number;
  readonly channel?: Channel;
  readonly openedAtMs: number;
  readonly closedAtMs?: number;
  readonly isInHead: boolean;
  readonly isVerified: boolean;
  /** Kept, and taken out of Head again with a suspect stack. */
  readonly isDropped: boolean;
  /** Kept for less code, not for a gain. */
  readonly simplification?: Simplification;
}

export function experimentViews(
  study: Study,
  run: RunRecord,
  options: { readonly stages?: ReadonlyMap<string, string> },
): ExperimentView[] {
  const verified = new Set(verifiedStack(study, run));
  const dropped = new Set(droppedStack(run));
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
      isDropped: dropped.has(record.id),
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

function verdictView(record: ExperimentRecord) {
  const { verdict, recheck, reasons, logTail } = record;
  const clean = (lines: readonly string[]) => lines.map((line) => cleanLine(line));
  const simplification = simplificationOf(record);
  return {
    ...(simplification === undefined ? {} : { simplification }),
    ...(verdict === undefined ? {} : { verdict: { ...verdict, reasons: clean(verdict.reasons) } }),
    reasons: clean(reasons.length > 0 ? reasons : (verdict?.reasons ?? [])),
    flags: clean(recheck?.flags ?? verdict?.flags ?? []),
    ...(recheck === undefined ? {} : { recheck: cleanLine(recheck.reasons[0] ?? recheck.kind) }),
    ...(logTail === undefined ? {} : { logTail: cleanBlock(logTail) }),
  };
}
