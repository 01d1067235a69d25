/** What followed from a verdict, as the ledger tells it. */

import { refs } from "../core/experiment.ts";
import type { Verdict } from "../core/judge.ts";
import type { DropRecord, Study } from "../core/study.ts";
import { say, sayLines } from "../judge/spread.ts";
import type { FinalSubject, PromotionSubject, Subject, TentativeSubject } from "./explain-subject.ts";
import { short } from "./gain.ts";
import { STATUS_WORDS } from "./groups.ts";
import { keptBetween, verifiedStack } from "./lineage.ts";
import { cleanLine } from "./plain-text.ts";
import { droppedBy } from "./promotion-view.ts";
import { isSimplification } from "./simplification.ts";
import { provenGain } from "./verified.ts";

export function consequencesOf(subject: Subject): string[] {
  switch (subject.stage) {
    case "tentative":
      return tentativeConsequences(subject);
    case "promotion":
      return promotionConsequences(subject);
    case "final":
      return finalConsequences(subject);
    default:
      return subject satisfies never;
  }
}

function tentativeConsequences(subject: TentativeSubject): string[] {
  const { id, record, verdict } = subject;
  if (record.status === "kept") return [keptText(subject), ...recheckTexts(subject), ...flagTexts(verdict)];
  if (verdict.kind === "keep")
    return [
      record.status === undefined
        ? `${id} is being closed.`
        : `It did not become the head: ${STATUS_WORDS[record.status]}.`,
    ];
  const unknown = verdict.kind === "inconclusive" ? "Unknown is never keep: the" : "The";
  return [
    `${unknown} head stayed at ${short(record.head)}. The candidate is still there: ${refs.candidate(record.id)}.`,
  ];
}

function recheckTexts({ record: { recheck } }: TentativeSubject): string[] {
  const reason = recheck?.reasons[0];
  return reason === undefined ? [] : [`${cleanLine(reason)[0]?.toUpperCase()}${cleanLine(reason).slice(1)}.`];
}

function flagTexts({ flags = [] }: Verdict): string[] {
  return flags.map((flag) => `Read what it changes before you merge: ${cleanLine(flag)}.`);
}

function keptText({ study, run, record, verdict }: TentativeSubject): string {
  const drop = run.drops.find(({ experiments }) => experiments.includes(record.id));
  if (drop !== undefined) {
    const index = run.promotions.findIndex((promotion) => droppedBy(run, promotion).includes(record.id));
    const others = drop.experiments.filter((one) => one !== record.id);
    const together = others.length === 0 ? "" : ` with ${others.join(", ")}`;
    const why =
      index < 0 ? lostText(study, drop) : `by promotion-${index + 1}, which found the stack suspect`;
    return `It became the head, and was dropped again${together} ${why}.`;
  }
  if (!verifiedStack(study, run).includes(record.id)) {
    const claim = isSimplification(verdict) ? "not worse" : "better";
    return `It became the head. That it is ${claim} is not proven: no promotion has confirmed it yet.`;
  }
  const index = run.promotions.findIndex(({ verdict: { kind }, head, verified }) => {
    return kind === "keep" && keptBetween(run, verified, head).includes(record);
  });
  const by = index < 0 ? "" : `: promotion-${index + 1} proved it, together with its stack, on fresh seeds`;
  return `It became the head, and is in Verified${by}.`;
}

/** Why a stack was dropped that no promotion had found suspect. */
function lostText(study: Study, { experiments }: DropRecord): string {
  const refuted = experiments
    .map((id) => study.experiments.get(id))
    .find((one) => one?.recheck !== undefined && one.recheck.kind !== "keep");
  return refuted === undefined
    ? "because the head could not be measured, or its proof did not stand"
    : `because ${refuted.id} did not hold when it was measured again`;
}

function promotionConsequences({ run, ordinal, promotion, verdict }: PromotionSubject): string[] {
  const { head, verified } = promotion;
  if (verdict.kind === "keep") {
    const back = run.withdrawn.includes(head)
      ? " Its proof was taken back later: see Warnings in the report."
      : "";
    const moved = `Verified moved from ${short(verified)} to ${short(head)}.${back}`;
    return isSimplification(verdict)
      ? [moved, "What may be claimed: not worse by more than the margin, and fewer lines. Not a gain."]
      : [moved];
  }
  if (verdict.kind === "inconclusive")
    return [
      `Verified stayed at ${short(verified)}, and Head at ${short(head)}: tentative, until a later promotion tests it on other fresh seeds.`,
    ];
  const dropped = droppedBy(run, promotion);
  const tested = keptBetween(run, verified, head).map(({ id }) => id);
  const rest = tested.filter((id) => !dropped.includes(id));
  const next = run.promotions[ordinal];
  const again =
    rest.length > 0 && next?.verified === verified ? `, tested again by promotion-${ordinal + 1}` : "";
  return [
    dropped.length === 0
      ? "Head is about to go back."
      : `Dropped, the newest half of the stack: ${dropped.join(", ")}.`,
    rest.length === 0
      ? `Head went back to Verified (${short(verified)}).`
      : `Left on Head: ${rest.join(", ")}${again}.`,
  ];
}

function finalConsequences({ study, run }: FinalSubject): string[] {
  const gain = provenGain(study, run);
  if (gain === undefined) return ["Nothing was promoted: there is nothing to take."];
  if (gain.isProven) return [`The report claims this gain, and branch nightlab/${run.tag} holds it.`];
  if (gain.simpler !== undefined) {
    const { linesSaved, margin } = gain.simpler;
    const loss = margin > 0 ? `not worse by more than ${say(margin)}` : "not worse";
    return [
      `The report claims no gain. What promotions have shown holds: ${sayLines(linesSaved)}, ${loss}. Branch nightlab/${run.tag} holds it.`,
    ];
  }
  return [`The report claims no gain. Branch nightlab/${run.tag} holds Verified all the same.`];
}
