/** What a verdict was asked, the noise it stands in, and how often such a verdict errs. Sentences for `verdict explain`. */

import type { Workings } from "../core/judge.ts";
import { comparableFrom } from "../core/study.ts";
import { studentCdf } from "../judge/distributions.ts";
import { lordLevel } from "../judge/lord.ts";
import { RULES } from "../judge/rules.ts";
import { boundedSd, say, sayLines } from "../judge/spread.ts";
import { MAX_DEGREES } from "./explain-checks.ts";
import type { EvidenceRow } from "./explain-evidence.ts";
import type { FinalSubject, PromotionSubject, Subject, TentativeSubject } from "./explain-subject.ts";
import { short } from "./gain.ts";
import { keptBetween } from "./lineage.ts";
import { cleanLine } from "./plain-text.ts";
import { promotionError } from "./promotion-view.ts";
import { isSimplification, linesSavedBy } from "./simplification.ts";
import { count, formatP } from "./words.ts";

// --- the question ---

export function questionOf(subject: Subject, evidence: readonly EvidenceRow[]): string[] {
  const { name, goal } = subject.run.metric;
  const metric = `${cleanLine(name)} (${goal === "minimize" ? "lower" : "higher"} is better)`;
  const rows = evidence.filter(({ isCounted, gain }) => isCounted && gain !== undefined).length;
  if (subject.stage === "tentative") {
    const fresh = evidence.filter(({ isFresh }) => isFresh === true).length;
    return tentativeQuestion(subject, { metric, fresh });
  }
  if (subject.stage === "promotion") return promotionQuestion(subject, { metric, rows });
  const { verified, baseline, isHeldOut } = subject.final;
  const where = isHeldOut ? "on held-out data" : "measured anew; nothing was held out";
  return [
    `Is Verified (${short(verified)}) better than the baseline (${short(baseline)}) in ${metric}?`,
    `${count(rows, "pair")} ${where}, a number fixed in advance: nothing was selected on them.`,
  ];
}

function tentativeQuestion(
  { run, record, id, verdict }: TentativeSubject,
  { metric, fresh }: { metric: string; fresh: number },
): string[] {
  const commit = record.commit === undefined ? id : `${id} (${short(record.commit)})`;
  const lines = linesSavedBy(record);
  const simpler = lines > 0 ? [`It has ${sayLines(lines)}: being not worse would be enough to keep it.`] : [];
  return [
    `Is ${commit} better than the head it met (${short(record.head)}) in ${metric}?`,
    seedsText(run.metric, verdict),
    ...(fresh === 0
      ? []
      : [`It looked like a keep, and had to hold on ${count(fresh, "fresh seed")} of its own as well.`]),
    ...simpler,
  ];
}

function seedsText(
  { timing, seeded }: Subject["run"]["metric"],
  { workings }: TentativeSubject["verdict"],
): string {
  if (timing) return "Candidate and head ran side by side, the first of each pair changing (ABBA).";
  if (!seeded) return "The metric reads no seed: means are compared with means.";
  const shared = "The seeds are the head's own, shared by all its candidates";
  if (workings?.pairing === "paired") return `${shared}; compared seed by seed.`;
  if (workings?.pairing === "unpaired")
    return `${shared}; means are compared with means, which was the sharper estimate.`;
  return `${shared}.`;
}

function promotionQuestion(
  { run, ordinal, promotion }: PromotionSubject,
  { metric, rows }: { metric: string; rows: number },
): string[] {
  const { head, verified } = promotion;
  const stack = keptBetween(run, verified, head);
  const kept = stack.length === 0 ? "" : `, ${count(stack.length, "kept change")}`;
  const ids = stack.length === 0 ? [] : [`The stack: ${stack.map(({ id }) => id).join(", ")}.`];
  return [
    `Is the stack on Head (${short(head)}${kept}) better than Verified (${short(verified)}) in ${metric}?`,
    ...ids,
    `Promotion ${ordinal} of the run, ${count(rows, "pair")} on fresh seeds that no search has seen.`,
  ];
}

// --- the noise ---

export function noiseOf(subject: Subject): string[] {
  const { stage, verdict } = subject;
  const { rule, sd, degreesOfFreedom, pairing, standardError, gains = [] } = verdict.workings ?? {};
  if (rule === "exact" || subject.run.noise?.isDeterministic === true)
    return ["None: equal code gives equal numbers, and one run is the truth."];
  if (standardError === undefined || degreesOfFreedom === undefined) return calibrated(subject);
  const freedom = count(degreesOfFreedom, "degree");
  if (sd === undefined)
    return [
      `From the pairs alone, their outer fifths trimmed (${freedom} of freedom): the gain has a standard error of ${say(standardError)}.`,
    ];
  const isOwn = gains.length > 0 && degreesOfFreedom === gains.length - 1;
  const [what, where] =
    stage !== "tentative"
      ? ["The gain of one pair", isOwn ? "from these pairs" : "as if from two single runs of the heads"]
      : pairing === "paired"
        ? ["One difference on a seed", "pooled over this candidate and earlier ones"]
        : [
            "One run",
            isCalibrated(subject) ? "from calibration" : "pooled over the heads and this candidate",
          ];
  const bound = stage === "final" ? "" : ", with the 80 % upper bound on that";
  return [
    `${what} varies by ${say(sd)} (standard deviation, ${freedom} of freedom, ${where}).`,
    `The gain has a standard error of ${say(standardError)}${bound}.`,
  ];
}

function isCalibrated({ run, verdict }: Subject): boolean {
  return (
    run.noise !== undefined &&
    Math.abs((verdict.workings?.sd ?? 0) - run.noise.sdRun) < 1e-9 * run.noise.sdRun
  );
}

/** The calibration in force then. A run that has drifted since holds a later one. */
function calibrated({ run, ...subject }: Subject): string[] {
  const { noise } = run;
  const from = subject.stage === "tentative" ? comparableFrom(run, subject.record) : 0;
  if (noise === undefined || (subject.stage === "tentative" && from !== (run.driftLines.at(-1) ?? 0)))
    return [];
  return [
    `One run varies by ${say(noise.sdRun)} (standard deviation, ${count(noise.degreesOfFreedom, "degree")} of freedom, from calibration).`,
  ];
}

// --- how often such a verdict errs ---

export function errorOf(subject: Subject): string[] {
  switch (subject.stage) {
    case "tentative":
      return tentativeError(subject);
    case "promotion":
      return promotionErrorText(subject);
    case "final":
      return finalError(subject);
    default:
      return subject satisfies never;
  }
}

function tentativeError(subject: TentativeSubject): string[] {
  const { verdict, run } = subject;
  const { workings } = verdict;
  if (workings?.rule === "exact") return ["Nothing is left to chance: equal code gives equal numbers."];
  if (workings?.alpha === undefined) return [];
  const { alpha, margin } = workings;
  const later = verdict.kind === "keep" ? ["A promotion on fresh seeds has to confirm what is kept."] : [];
  if (isSimplification(verdict)) {
    const source =
      run.metric.minEffect === undefined
        ? "half a standard deviation of one run"
        : "half the smallest useful gain";
    return [
      `A simplification may lose ${say(margin ?? 0)}, ${source}.`,
      ...chanceText(workings, "One that loses so much"),
      ...later,
    ];
  }
  const lord = lordText(subject, alpha);
  return [...(lord === undefined ? chanceText(workings, "A change that does nothing") : [lord]), ...later];
}

/** A boundary that is passed by chance more often than this is meant to be low. */
const LAX_CHANCE = 0.05;

/** By Student's distribution, as if sigma were estimated apart from the gain: alpha itself is the rule's knob, no rate of errors. */
function chanceText({ boundary, standardError, sd, degreesOfFreedom }: Workings, who: string): string[] {
  if (boundary === undefined || standardError === 0) return [];
  if (degreesOfFreedom === undefined || !(degreesOfFreedom >= 1 && degreesOfFreedom < MAX_DEGREES)) return [];
  // Where a sd is told, the error has its upper bound in it; that of durations has not.
  const widening = sd === undefined ? 1 : boundedSd({ variance: 1, degreesOfFreedom });
  const chance = studentCdf(-boundary * widening, degreesOfFreedom);
  const lax = chance > LAX_CHANCE ? ": lax on purpose, so that small gains get through" : "";
  return [
    `${who} passes the boundary of ${say(boundary)} standard errors at one look with probability ${say(chance)}${lax}.`,
  ];
}

/** Told where the level is what LORD++ gives for this place in the stream; any other level is one for every candidate. */
function lordText({ run, record }: TentativeSubject, level: number): string | undefined {
  const begunAt = record.proposedLine ?? 0;
  const tests = run.records.filter(({ proposedLine }) => (proposedLine ?? Infinity) <= begunAt);
  const discoveries = tests.flatMap(({ status, verdict, closedLine }, index) => {
    const isDiscovery = status === "kept" && verdict?.workings?.rule !== "not_worse";
    return isDiscovery && (closedLine ?? Infinity) < begunAt ? [index + 1] : [];
  });
  const alpha = RULES.strict.alphaTentative;
  const index = Math.max(1, tests.length);
  const expected = lordLevel({ alpha, index, discoveries: discoveries.filter((one) => one < index) });
  if (Math.abs(expected - level) > 1e-9) return undefined;
  return `Strict: test ${index} of the run, after ${count(discoveries.length, "keep")} for a gain. LORD++ leaves it an error of ${say(level)}, so that at most ${say(100 * alpha)} % of all keeps are expected to be false.`;
}

function promotionErrorText({ run, ordinal, verdict }: PromotionSubject): string[] {
  const { rule, alpha, margin } = verdict.workings ?? {};
  if (rule === "exact" || (rule === "not_worse" && alpha === undefined))
    return ["Nothing is left to chance: equal code gives equal numbers."];
  if (alpha === undefined) return [];
  const total = (alpha * Math.PI ** 2 * ordinal ** 2) / 6;
  const loss = margin === undefined ? [] : [`The stack has fewer lines: it may lose ${say(margin)}.`];
  const left = promotionError(run)?.left;
  return [
    `May prove what is not there with probability ${say(total)} × 6/(π² × ${ordinal}²) = ${say(alpha)}; all promotions of the run together keep to ${say(total)}.`,
    ...(left === undefined ? [] : [`${say(left)} of that is left after the promotions of this run so far.`]),
    ...loss,
  ];
}

function finalError({ verdict }: FinalSubject): string[] {
  const { estimate } = verdict;
  if (verdict.workings?.rule === "exact")
    return ["Nothing is left to chance: equal code gives equal numbers."];
  const { p, low, high, confidence } = estimate ?? {};
  return [
    ...(p === undefined
      ? []
      : [
          `Without any gain, chance alone would show one as large with probability ${formatP(p).replace(/^p [=<] /, (sign) => (sign.includes("<") ? "below " : ""))}.`,
        ]),
    ...(low === undefined || high === undefined || confidence === undefined
      ? []
      : [`The ${say(100 * confidence)} % interval is ${say(low)} to ${say(high)}.`]),
  ];
}
