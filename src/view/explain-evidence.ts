/** What a verdict was reached on: the measurements of both sides, seed by seed, and which of them counted. */

import type { CommitSha } from "../core/experiment.ts";
import type { Purpose } from "../core/ledger.ts";
import { type Channel, gainOver } from "../core/metric.ts";
import { comparableFrom, linesOf, type MeasuredLine } from "../core/study.ts";
import type { FinalSubject, PromotionSubject, Subject, TentativeSubject } from "./explain-subject.ts";
import { weakestChannel } from "./gain.ts";
import { STATUS_WORDS } from "./groups.ts";
import { isDisturbed } from "./measurement-view.ts";

/** One seed. `challenger` and `defender` are values of the metric; a side that gave none there is absent. */
export interface EvidenceRow {
  readonly seed: number;
  readonly challenger?: number;
  readonly defender?: number;
  /** Where both sides are compared on this seed. */
  readonly gain?: number;
  /** The weaker one of both values. */
  readonly channel?: Channel;
  readonly isCounted: boolean;
  /** On a seed that nothing was selected on: a keep had to hold there. Counts for that alone, not for the gain. */
  readonly isFresh?: boolean;
  /** Why it did not count, or what happened to it. */
  readonly note?: string;
}

export function evidenceOf(subject: Subject): EvidenceRow[] {
  return subject.stage === "tentative" ? tentativeRows(subject) : pairRows(subject);
}

// --- tier 1 ---

function tentativeRows(subject: TentativeSubject): EvidenceRow[] {
  const { run, record } = subject;
  const from = comparableFrom(run, record);
  const own = record.measured.filter(({ purpose }) => purpose === "tentative");
  const isNew = ({ commit, line }: MeasuredLine) => commit === record.commit && line > from;
  const stale = own.filter((line) => !isNew(line)).map((line) => staleRow(subject, line));
  const heads = headLines(subject);
  const candidates = own.filter(isNew);
  const fresh = record.measured
    .filter((line) => line.purpose === "anchor" && isNew(line))
    .map((line) => freshRow(line));
  return [...stale, ...(run.metric.timing ? sideBySide : bySeed)(subject, candidates, heads), ...fresh];
}

function staleRow({ record }: TentativeSubject, line: MeasuredLine): EvidenceRow {
  const note = line.commit === record.commit ? "before a drift" : "before it was re-applied";
  return { ...rowOf(line, undefined), isCounted: false, note };
}

function freshRow(line: MeasuredLine): EvidenceRow {
  const row = rowOf(line, undefined);
  return { ...row, isFresh: true, note: row.note ?? "fresh seed" };
}

/** The head's values that this candidate met; a duration meets only those measured beside it. */
function headLines({ study, run, record }: TentativeSubject): MeasuredLine[] {
  const end = record.closedLine ?? Number.POSITIVE_INFINITY;
  const lines = run.metric.timing
    ? record.measured.filter(({ commit }) => commit === record.head)
    : linesOf(study, run.tag, record.head).filter(
        ({ line }) => line > comparableFrom(run, record) && line < end,
      );
  return lines.filter(({ purpose }) => purpose === "anchor" || purpose === "calibration");
}

type Lines = readonly MeasuredLine[];

function sideBySide({ run, verdict }: TentativeSubject, candidates: Lines, heads: Lines): EvidenceRow[] {
  const pairs = candidates.map((line, index) => [line, heads[index]] as const);
  const whole = pairs.filter(
    ([mine, beside]) => measuredValue(mine) !== undefined && measuredValue(beside) !== undefined,
  );
  // Disturbed pairs are left out until there are too many of them; the gains in the verdict tell which it was.
  const isLeftOut = (verdict.workings?.gains?.length ?? whole.length) < whole.length;
  return pairs.map(([mine, beside]) => {
    const row = rowOf(mine, beside);
    const gain = gainOf(run.metric.goal, row);
    const isNoisy = isDisturbed(mine) || (beside !== undefined && isDisturbed(beside));
    const note = row.note ?? (isNoisy ? `disturbed${isLeftOut ? ", left out" : ""}` : undefined);
    return {
      ...row,
      ...(gain === undefined ? {} : { gain }),
      isCounted: row.isCounted && gain !== undefined && !(isNoisy && isLeftOut),
      ...(note === undefined ? {} : { note }),
    };
  });
}

/** Candidates beside the head on their seed where the judge compared so, then what was measured of the head alone. */
function bySeed({ run, verdict }: TentativeSubject, candidates: Lines, heads: Lines): EvidenceRow[] {
  const { pairing, gains } = verdict.workings ?? {};
  const isPaired = run.metric.seeded && pairing !== "unpaired";
  const beside = new Map(run.metric.seeded ? heads.map((line) => [line.seed, line]) : []);
  const met = new Set<MeasuredLine>();
  const rows = candidates.map((mine, index) => {
    const head = beside.get(mine.seed);
    if (head !== undefined) met.add(head);
    const row = rowOf(mine, head);
    const gain = gains?.[index] ?? (isPaired ? gainOf(run.metric.goal, row) : undefined);
    return gain === undefined ? row : { ...row, gain };
  });
  const others = heads.filter((line) => !met.has(line)).map((line) => rowOf(undefined, line));
  // Compared seed by seed, a head's other values say nothing.
  const isBySeed = rows.every(({ gain, defender }) => gain !== undefined && defender !== undefined);
  const alone = others.map((row) => ({ ...row, isCounted: false, note: row.note ?? "no partner" }));
  return [...rows, ...(isBySeed ? alone : others)];
}

// --- pairs on fresh seeds ---

function pairRows(subject: PromotionSubject | FinalSubject): EvidenceRow[] {
  const { run } = subject;
  const { challenger, defender, purpose, after, before } = comparisonOf(subject);
  const isHeldOut = subject.verdict.workings?.isHeldOut === true;
  const linesBySeed = (commit: CommitSha) =>
    new Map(
      linesOf(subject.study, run.tag, commit)
        .filter((line) => line.purpose === purpose && line.line > after && line.line < before)
        .map((line) => [line.seed, line]),
    );
  const [mine, theirs] = [linesBySeed(challenger), linesBySeed(defender)];
  return [...new Set([...mine.keys(), ...theirs.keys()])].map((seed): EvidenceRow => {
    const row = rowOf(mine.get(seed), theirs.get(seed));
    if (isHeldOut) return untold(row);
    const gain = gainOf(run.metric.goal, row);
    return gain === undefined
      ? { ...row, isCounted: false, note: row.note ?? "no partner" }
      : { ...row, gain };
  });
}

/** Single values of held-out data would tell more of them than the rounded verdict does. */
function untold({ challenger: _, defender: __, ...row }: EvidenceRow): EvidenceRow {
  return { ...row, note: row.note ?? "held out, not shown" };
}

function comparisonOf(subject: PromotionSubject | FinalSubject): {
  challenger: CommitSha;
  defender: CommitSha;
  purpose: Purpose;
  after: number;
  before: number;
} {
  if (subject.stage === "final") {
    const { verified, baseline } = subject.final;
    const before = Number.POSITIVE_INFINITY;
    return { challenger: verified, defender: baseline, purpose: "final", after: 0, before };
  }
  const { promotion, ordinal, run } = subject;
  const after = run.promotions[ordinal - 2]?.line ?? 0;
  const { head, verified, line } = promotion;
  return { challenger: head, defender: verified, purpose: "promotion", after, before: line };
}

// --- one row ---

function rowOf(mine: MeasuredLine | undefined, theirs: MeasuredLine | undefined): EvidenceRow {
  const [challenger, defender] = [measuredValue(mine), measuredValue(theirs)];
  const failed = [mine, theirs].find((line) => line !== undefined && measuredValue(line) === undefined);
  const kind = failed?.outcome.kind;
  const channel = weakestChannel([mine, theirs].flatMap((line) => channelOf(line) ?? []));
  return {
    seed: mine?.seed ?? theirs?.seed ?? 0,
    ...(challenger === undefined ? {} : { challenger }),
    ...(defender === undefined ? {} : { defender }),
    ...(channel === undefined ? {} : { channel }),
    isCounted: failed === undefined,
    ...(kind === undefined || kind === "measured" ? {} : { note: STATUS_WORDS[kind] }),
  };
}

function channelOf(line: MeasuredLine | undefined): Channel | undefined {
  return line?.outcome.kind === "measured" ? line.outcome.measurement.channel : undefined;
}

function measuredValue(line: MeasuredLine | undefined): number | undefined {
  return line?.outcome.kind === "measured" ? line.outcome.measurement.value : undefined;
}

function gainOf(
  goal: Parameters<typeof gainOver>[0],
  { challenger, defender }: EvidenceRow,
): number | undefined {
  return challenger === undefined || defender === undefined
    ? undefined
    : gainOver(goal, challenger, defender);
}
