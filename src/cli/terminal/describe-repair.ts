/** What a repair found and did, as plain lines. */

import { lineRanges, type StudyRepair } from "../../compose/repair-study.ts";
import type { LedgerEvent } from "../../core/ledger.ts";

/** Dropped lines told one by one; more are counted, and all are in dropped.jsonl. */
const UNFIT_SHOWN = 20;

export function describeRepair({ ledger, restored, refs, next }: StudyRepair): string[] {
  return [
    ...ledgerLines(ledger),
    ...restored.map((event) => `restored: ${restoredText(event)}`),
    ...refs.map(refText),
    `next: ${next}`,
  ];
}

function ledgerLines(ledger: StudyRepair["ledger"]): string[] {
  if (ledger.kind === "absent") return ["there is no ledger here, so nothing to repair"];
  if (ledger.kind === "whole") return [`the ledger is whole: ${ledger.lines} lines, nothing to repair`];
  const { lost, unfit } = ledger;
  const more = unfit.length - UNFIT_SHOWN;
  return [
    `damage: ${ledger.damage}`,
    `repaired: the ledger has ${ledger.lines} lines now, numbered anew`,
    ...(lost.length === 0 ? [] : [`lost: ${lineRanges(lost)} could not be read`]),
    ...unfit
      .slice(0, UNFIT_SHOWN)
      .map(({ number, kind, reason }) => `dropped: line ${number} (${kind}): ${reason}`),
    ...(more > 0 ? [`dropped: ${more} lines more`] : []),
    `kept: the damaged files and what was dropped are in ${ledger.keptIn}`,
  ];
}

function restoredText(event: LedgerEvent): string {
  if (event.kind === "head_moved")
    return `head moved to ${event.to.slice(0, 9)}${event.experiment === undefined ? "" : ` (${event.experiment})`}`;
  return event.kind === "verified_moved" ? `verified moved to ${event.to.slice(0, 9)}` : event.kind;
}

function refText({ ref, to, why, keptAs, problem }: StudyRepair["refs"][number]): string {
  if (problem !== undefined) return `git: ${ref} could not be set: ${problem}`;
  const kept = keptAs === undefined ? "" : `; where it was is kept as ${keptAs}`;
  return `git: ${ref} ${to === undefined ? "is out of the way" : `is at ${to.slice(0, 9)} again`}: ${why}${kept}`;
}
