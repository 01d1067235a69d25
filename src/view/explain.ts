/**
 * Why a verdict is what it is, told from the ledger alone: what was asked, measured and compared, which rule decided with
 * which numbers, and what followed. Nothing is judged again.
 */

import type { Status } from "../core/experiment.ts";
import type { Verdict } from "../core/judge.ts";
import type { Study } from "../core/study.ts";
import { say } from "../judge/spread.ts";
import { channelSentence, strongerChannel } from "./channel-words.ts";
import { answerOf } from "./explain-answer.ts";
import { errorOf, noiseOf, questionOf } from "./explain-background.ts";
import { type Check, checksOf, screenOf } from "./explain-checks.ts";
import { consequencesOf } from "./explain-consequences.ts";
import { type EvidenceRow, evidenceOf } from "./explain-evidence.ts";
import { findSubject, type Subject } from "./explain-subject.ts";
import { weakestChannel } from "./gain.ts";
import { cleanLine } from "./plain-text.ts";
import { type MetricView, metricView } from "./run-view.ts";

/** A place on the scale of gains that a rule looks at; `useful` is the smallest useful gain. */
interface Landmark {
  readonly name: "no gain" | "boundary" | "screen" | "useful" | "margin";
  readonly at: number;
}

export interface Explanation {
  /** `e12`, `promotion-2` or `final`. */
  readonly id: string;
  readonly run: string;
  readonly stage: Subject["stage"];
  readonly status?: Status | "open";
  readonly title?: string;
  readonly metric: MetricView;
  readonly verdict: Verdict;
  /** The verdict in one sentence. */
  readonly answer: string;
  readonly question: readonly string[];
  /** What the two columns of values are called. */
  readonly sides: { readonly challenger: string; readonly defender: string };
  readonly evidence: readonly EvidenceRow[];
  /** Of what counted for the gain, each side by itself. */
  readonly means: { readonly challenger?: number; readonly defender?: number };
  /** How far the values can be trusted by the way they came; empty where there are none. */
  readonly trust: readonly string[];
  readonly noise: readonly string[];
  /** Empty where the ledger holds no numbers of the rule: then the reasons of the verdict are all there is. */
  readonly checks: readonly Check[];
  readonly error: readonly string[];
  readonly consequences: readonly string[];
  /** Where the gain lies, and how sure that is. */
  readonly interval?: { readonly low: number; readonly high: number; readonly meaning: string };
  readonly landmarks: readonly Landmark[];
}

/** `run`: tag of the run of a promotion or final test, the current one by default. Throws UsageError for an unknown id. */
export function explainVerdict(study: Study, id: string, run?: string): Explanation {
  const subject = findSubject(study, id, run);
  const evidence = evidenceOf(subject);
  const verdict = { ...subject.verdict, reasons: subject.verdict.reasons.map((one) => cleanLine(one)) };
  return {
    id: subject.id,
    run: cleanLine(subject.run.tag),
    stage: subject.stage,
    ...experimentFacts(subject),
    metric: metricView(study, subject.run),
    verdict,
    answer: answerOf(subject),
    question: questionOf(subject, evidence),
    sides: SIDES[subject.stage],
    evidence,
    means: meansOf(evidence),
    trust: trustOf(evidence),
    noise: noiseOf(subject),
    checks: checksOf(subject),
    error: errorOf(subject),
    consequences: consequencesOf(subject),
    ...intervalOf(verdict),
    landmarks: landmarksOf(verdict),
  };
}

const SIDES: Readonly<Record<Subject["stage"], Explanation["sides"]>> = {
  tentative: { challenger: "candidate", defender: "head" },
  promotion: { challenger: "head", defender: "verified" },
  final: { challenger: "verified", defender: "baseline" },
};

function experimentFacts(subject: Subject) {
  if (subject.stage !== "tentative") return {};
  const { status, idea } = subject.record;
  return {
    status: status ?? ("open" as const),
    ...(idea === undefined ? {} : { title: cleanLine(idea.title, 200) }),
  };
}

function meansOf(evidence: readonly EvidenceRow[]): Explanation["means"] {
  const counted = evidence.filter(({ isCounted, isFresh }) => isCounted && isFresh !== true);
  const challenger = mean(counted.flatMap((row) => row.challenger ?? []));
  const defender = mean(counted.flatMap((row) => row.defender ?? []));
  return {
    ...(challenger === undefined ? {} : { challenger }),
    ...(defender === undefined ? {} : { defender }),
  };
}

function trustOf(evidence: readonly EvidenceRow[]): string[] {
  const channel = weakestChannel(evidence.flatMap(({ channel }) => channel ?? []));
  return channel === undefined ? [] : [channelSentence(channel), ...strongerChannel(channel)];
}

/** Undefined without values, and where they are too large to be added up. */
function mean(values: readonly number[]): number | undefined {
  const average = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Number.isFinite(average) ? average : undefined;
}

/** The interval of the estimate, or else one standard error to both sides; a deterministic metric has neither. */
function intervalOf({ estimate, workings }: Verdict): Pick<Explanation, "interval"> {
  if (estimate === undefined || workings?.rule === "exact") return {};
  const { gain, low, high, confidence } = estimate;
  if (low !== undefined && high !== undefined) {
    const meaning = confidence === undefined ? "its interval" : `the ${say(100 * confidence)} % interval`;
    return { interval: { low, high, meaning } };
  }
  const error = workings?.standardError;
  if (error === undefined || !Number.isFinite(Math.abs(gain) + error)) return {};
  return { interval: { low: gain - error, high: gain + error, meaning: "one standard error to both sides" } };
}

function landmarksOf({ estimate, workings, reasons }: Verdict): Landmark[] {
  if (estimate === undefined) return [];
  const zero: Landmark = { name: "no gain", at: 0 };
  if (workings === undefined) return [zero];
  const { boundary, standardError, smallest, margin, rule } = workings;
  const loss = rule === "not_worse" ? (margin ?? 0) : 0;
  const needed =
    boundary === undefined || standardError === undefined ? undefined : boundary * standardError - loss;
  const first = rule === "screen" ? screenOf(workings, reasons.join(" "))?.gain : undefined;
  return [
    zero,
    ...(first === undefined ? [] : [{ name: "screen" as const, at: first }]),
    ...(needed === undefined ? [] : [{ name: "boundary" as const, at: needed }]),
    ...(smallest === undefined || smallest === 0 ? [] : [{ name: "useful" as const, at: smallest }]),
    ...(margin === undefined || margin === 0 ? [] : [{ name: "margin" as const, at: -margin }]),
  ].filter(({ at }) => Number.isFinite(at));
}
