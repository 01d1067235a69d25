/** A verdict in one sentence of plain words. */

import type { DecidingRule, Verdict } from "../core/judge.ts";
import { say, sayLines } from "../judge/spread.ts";
import type { FinalSubject, PromotionSubject, Subject, TentativeSubject } from "./explain-subject.ts";
import { keptBetween } from "./lineage.ts";
import { cleanLine } from "./plain-text.ts";
import { isSimplification, linesSavedBy } from "./simplification.ts";
import { isAboveZero } from "./verified.ts";
import { count, formatP } from "./words.ts";

export function answerOf(subject: Subject): string {
  switch (subject.stage) {
    case "tentative":
      return tentativeAnswer(subject);
    case "promotion":
      return promotionAnswer(subject);
    case "final":
      return finalAnswer(subject);
    default:
      return subject satisfies never;
  }
}

function tentativeAnswer({ id, record, verdict }: TentativeSubject): string {
  const { kind, estimate } = verdict;
  const { gain = 0, runs = 0 } = estimate ?? {};
  if (isSimplification(verdict))
    return `${id} was kept as a simplification: ${notWorseText(record, verdict)}.`;
  if (estimate === undefined) return withoutEstimate(id, verdict);
  if (kind === "keep") return `${id} was kept: ${say(gain)} better than its head over ${count(runs, "run")}.`;
  if (kind === "discard") return `${id} was not kept: ${discardText(verdict)}.`;
  if (verdict.workings?.rule === "exact")
    return `${id} was not decided: equal code no longer gave equal numbers.`;
  return `${id} is too close to call: ${count(runs, "run")} did not tell its gain of ${say(gain)} from luck.`;
}

function notWorseText(record: TentativeSubject["record"], { workings }: Verdict): string {
  const margin = workings?.margin ?? 0;
  const loss = margin > 0 ? `not worse by more than ${say(margin)}` : "not worse";
  return `${sayLines(linesSavedBy(record))}, and ${loss}`;
}

function withoutEstimate(id: string, { kind, reasons }: Verdict): string {
  const reason = cleanLine(reasons[0] ?? kind);
  if (kind === "keep") return `${id} was kept: ${reason}.`;
  return kind === "discard" ? `${id} was not kept: ${reason}.` : `${id} was not decided: ${reason}.`;
}

function discardText({ estimate, workings, reasons }: Verdict): string {
  const { gain = 0, runs = 0 } = estimate ?? {};
  const said: Partial<Record<DecidingRule, string>> = {
    screen:
      workings?.pairing === "interleaved"
        ? "its first pair was not better than the head"
        : "its first run was not far enough ahead of the head to pay for a second",
    futility: `after ${count(runs, "run")} a useful gain had become unlikely`,
    not_held: "it beat its head, but not on fresh seeds of its own",
    looks_used_up: `after ${count(runs, "run")} it was no better than its head`,
    exact: gain > 0 ? `${say(gain)} is less than the smallest useful gain` : "it is not better than its head",
  };
  return (workings === undefined ? undefined : said[workings.rule]) ?? cleanLine(reasons[0] ?? "not better");
}

function promotionAnswer({ id, run, promotion, verdict }: PromotionSubject): string {
  const { kind, estimate, workings, reasons } = verdict;
  const { gain = 0, runs = 0 } = estimate ?? {};
  const pairs = `${runs} fresh ${runs === 1 ? "pair" : "pairs"}`;
  if (isSimplification(verdict)) {
    const stack = keptBetween(run, promotion.verified, promotion.head);
    const lines = stack.reduce((sum, record) => sum + linesSavedBy(record), 0);
    const margin = workings?.margin ?? 0;
    const loss = margin > 0 ? `not worse by more than ${say(margin)}` : "not worse";
    return `${id} proved the stack ${loss}, with ${sayLines(lines)}. No gain is claimed.`;
  }
  if (kind === "keep" && estimate !== undefined)
    return `${id} proved the stack: ${say(gain)} better than Verified on ${pairs}.`;
  const reason = cleanLine(reasons[0] ?? kind);
  if (kind === "discard")
    return estimate === undefined
      ? `${id} found the stack suspect: ${reason}.`
      : `${id} found the stack suspect: ${say(gain)} against Verified on ${pairs}.`;
  if (estimate === undefined) return `${id} proved nothing: ${reason}.`;
  return workings?.rule === "out_of_reach"
    ? `${id} proved nothing: after ${pairs} a proof had become unlikely.`
    : `${id} proved nothing: ${say(gain)} on ${pairs} could be luck.`;
}

function finalAnswer({ verdict }: FinalSubject): string {
  const { kind, estimate, reasons } = verdict;
  if (estimate === undefined)
    return `The final test decided nothing: ${cleanLine(reasons[0] ?? "not finished")}.`;
  const p = estimate.p === undefined ? "" : `, ${formatP(estimate.p)}`;
  const measured = `${say(estimate.gain)} over the baseline${p}`;
  if (kind !== "keep") return `The final test does not confirm a gain: ${measured}.`;
  return isAboveZero(estimate)
    ? `The final test confirms the gain: ${measured}.`
    : `The final test leans to a gain, but its interval reaches zero: ${measured}.`;
}
