/** The rule that decided a verdict, and the others, as inequalities with the numbers of the ledger. Judges nothing. */

import type { DecidingRule, Verdict, Workings } from "../core/judge.ts";
import { boundedSd, FUTILITY_Z, say } from "../judge/spread.ts";
import { MIN_TIMING_PAIRS } from "../judge/timing.ts";
import type { Subject } from "./explain-subject.ts";
import { cleanLine } from "./plain-text.ts";

/** One rule held against the numbers. `text` is true as it stands, whether the rule was met or not. */
export interface Check {
  readonly rule: DecidingRule;
  readonly text: string;
  readonly isMet: boolean;
  readonly isDeciding: boolean;
}

/** No run measures so often; beyond it the quantile has no use and no answer. */
export const MAX_DEGREES = 1e6;

interface Facts {
  readonly stage: Subject["stage"];
  readonly kind: Verdict["kind"];
  /** All reasons in one line, and the one about the fresh seeds of a keep. */
  readonly reason: string;
  readonly hold: string | undefined;
  readonly gain: number;
  readonly runs: number;
  readonly p: number | undefined;
  readonly workings: Workings;
}

type Finding = Pick<Check, "text" | "isMet"> | undefined;

/** The deciding rule first. Empty where the ledger holds no workings. */
export function checksOf({ stage, verdict }: Pick<Subject, "stage" | "verdict">): Check[] {
  const { workings, estimate, kind, reasons } = verdict;
  if (workings === undefined) return [];
  const { rule } = workings;
  const reason = reasons.map((one) => cleanLine(one)).join("; ");
  if (estimate === undefined) return [{ rule, text: reason, isMet: true, isDeciding: true }];
  const { gain, runs, p } = estimate;
  const hold = reasons.find((one) => /^(?:holds|does not hold): /.test(one));
  const facts: Facts = {
    stage,
    kind,
    reason,
    hold: hold === undefined ? undefined : cleanLine(hold),
    gain,
    runs,
    p,
    workings,
  };
  const others = OTHERS[stage].filter((other) => other !== rule);
  return [rule, ...others].flatMap((each) => {
    const isDeciding = each === rule;
    const found = isDeciding || isOpen(facts, each) ? FINDINGS[each](facts) : undefined;
    // Numbers near the largest a double can hold overflow: then the reason has to do.
    if (found !== undefined && !/NaN|Infinity/.test(found.text))
      return [{ rule: each, ...found, isDeciding }];
    return isDeciding ? [{ rule, text: reason, isMet: true, isDeciding }] : [];
  });
}

/** Rules worth telling beside the one that decided. */
const OTHERS: Readonly<Record<Subject["stage"], readonly DecidingRule[]>> = {
  tentative: ["boundary", "not_worse", "futility"],
  promotion: ["boundary", "not_worse", "suspect"],
  final: [],
};

/** Whether another rule than the deciding one could have decided on these numbers. */
function isOpen({ workings, runs, gain, stage }: Facts, other: DecidingRule): boolean {
  if (workings.rule === "exact" || workings.standardError === undefined) return false;
  const isDuration = stage === "tentative" && workings.pairing === "interleaved";
  if (isDuration && other !== "futility" && runs < MIN_TIMING_PAIRS) return false;
  if (other === "futility") return runs >= 2 && workings.rule !== "not_held";
  // Beyond the boundary for gains it is beyond that for losses as well: nothing new.
  if (other === "not_worse") return workings.rule !== "boundary" && workings.rule !== "not_held";
  // A simplification was held against a boundary of its own; the one for gains was this one or a higher one.
  if (other === "boundary" && workings.rule === "not_worse" && stage === "tentative" && !isDuration)
    return gain <= (workings.boundary ?? 0) * workings.standardError;
  return true;
}

const FINDINGS: Readonly<Record<DecidingRule, (facts: Facts) => Finding>> = {
  constraint: () => undefined,
  exact: exactFinding,
  screen: screenFinding,
  boundary: boundaryFinding,
  futility: futilityFinding,
  not_held: notHeldFinding,
  not_worse: notWorseFinding,
  looks_used_up: usedUpFinding,
  suspect: suspectFinding,
  out_of_reach: outOfReachFinding,
  fixed_number: fixedNumberFinding,
};

function boundaryFinding({ stage, kind, gain, workings, hold }: Facts): Finding {
  const { boundary, standardError, smallest } = workings;
  if (boundary === undefined || standardError === undefined) return undefined;
  const needed = boundary * standardError;
  const [left, right] = apart(gain, needed);
  const isBeyond = gain > needed && (stage === "tentative" || gain > 0);
  const errors = `${say(boundary)} standard errors × ${say(standardError)} = ${right}`;
  const useful = smallest === undefined ? "" : usefulText(gain, smallest);
  return {
    text: `gain ${left} ${gain > needed ? ">" : "≤"} ${errors}${useful}${kind === "keep" && hold !== undefined ? `; ${hold}` : ""}`,
    isMet: isBeyond && gain >= (smallest ?? Number.NEGATIVE_INFINITY),
  };
}

function usefulText(gain: number, smallest: number): string {
  const [left, right] = apart(gain, smallest);
  return `, and ${left} ${gain >= smallest ? "≥" : "<"} smallest useful gain ${right}`;
}

/** As the judge wrote it: the ledger holds these numbers nowhere else. */
function notHeldFinding({ hold }: Facts): Finding {
  return hold === undefined ? undefined : { text: hold, isMet: true };
}

function notWorseFinding({ gain, workings }: Facts): Finding {
  const { margin, boundary, standardError } = workings;
  if (margin === undefined) return undefined;
  if (boundary === undefined || standardError === undefined) {
    const [left, right] = apart(gain, -margin);
    return { text: `gain ${left} ${gain >= -margin ? "≥" : "<"} ${right}`, isMet: gain >= -margin };
  }
  const needed = boundary * standardError;
  const [left, right] = apart(gain + margin, needed);
  const isMet = gain + margin > needed && gain + margin > 0;
  const sum = `gain ${say(gain)} + margin ${say(margin)} = ${left}`;
  const sign = gain + margin > needed ? ">" : "≤";
  return {
    text: `${sum} ${sign} ${say(boundary)} standard errors × ${say(standardError)} = ${right}`,
    isMet,
  };
}

/** The screen asks less of the noise than the boundary: the estimate itself, not its upper bound. */
function screenFinding({ gain, workings, reason }: Facts): Finding {
  if (workings.pairing === "interleaved") {
    const text = `gain ${say(gain)} of the first pair ${gain <= 0 ? "≤" : ">"} 0`;
    return { text, isMet: gain <= 0 };
  }
  const needed = screenOf(workings, reason);
  if (needed === undefined) return undefined;
  const [left, right] = apart(gain, needed.gain);
  const errors = `${say(needed.errors)} standard errors × ${say(needed.standardError)} = ${right}`;
  const text = `gain ${left} ${gain < needed.gain ? "<" : "≥"} ${errors} (here without the upper bound)`;
  return { text, isMet: gain < needed.gain };
}

/** How far ahead a first run had to be. The factor is told by the reason alone, and the rules may have changed since. */
export function screenOf(
  { sd, degreesOfFreedom, standardError }: Workings,
  reason: string,
): { readonly errors: number; readonly standardError: number; readonly gain: number } | undefined {
  const errors = numberAfter(reason, "a first run must be ");
  if (errors === undefined || sd === undefined || degreesOfFreedom === undefined) return undefined;
  const variance = sd ** 2;
  if (!Number.isFinite(variance) || !(degreesOfFreedom >= 1 && degreesOfFreedom < MAX_DEGREES))
    return undefined;
  const bounded = boundedSd({ variance, degreesOfFreedom });
  const plain = bounded === 0 ? 0 : (sd * (standardError ?? 0)) / bounded;
  return { errors, standardError: plain, gain: errors * plain };
}

function futilityFinding({ gain, workings }: Facts): Finding {
  const { standardError, smallest, margin, pairing } = workings;
  if (standardError === undefined || smallest === undefined) return undefined;
  const isLoss = pairing === "interleaved" && margin !== undefined;
  const limit = isLoss ? -margin / 2 : smallest / 2;
  const what = isLoss ? "half the margin below zero" : "half the smallest useful gain";
  return optimisticFinding({ gain, standardError }, limit, what);
}

function suspectFinding({ gain, workings }: Facts): Finding {
  const { standardError, margin = 0 } = workings;
  if (standardError === undefined) return undefined;
  return optimisticFinding(
    { gain, standardError },
    -margin,
    margin > 0 ? "the margin below zero" : "the level of no gain",
  );
}

function outOfReachFinding({ gain, workings, reason }: Facts): Finding {
  const needed = numberAfter(reason, "unlikely to reach ");
  const { standardError } = workings;
  if (standardError === undefined || needed === undefined) return undefined;
  return optimisticFinding({ gain, standardError }, needed, "what the last pair would have to show");
}

function optimisticFinding(
  { gain, standardError }: { gain: number; standardError: number },
  limit: number,
  what: string,
): Finding {
  const hope = gain + FUTILITY_Z * standardError;
  const [left, right] = apart(hope, limit);
  const sum = `gain ${say(gain)} + ${FUTILITY_Z} standard errors × ${say(standardError)} = ${left}`;
  return { text: `${sum} ${hope < limit ? "<" : "≥"} ${right}, ${what}`, isMet: hope < limit };
}

function usedUpFinding({ runs, stage, workings }: Facts): Finding {
  const isPairs = stage !== "tentative" || workings.pairing === "interleaved";
  return { text: `all ${runs} ${isPairs ? "pairs" : "runs"} that one test may take are used`, isMet: true };
}

function exactFinding({ gain, workings, kind, reason }: Facts): Finding {
  if (kind === "inconclusive") return { text: reason, isMet: true };
  const { smallest, margin } = workings;
  const isGain = gain > 0 && gain >= (smallest ?? 0);
  const isNotWorse = margin !== undefined && gain >= -margin;
  const useful = gain > 0 && smallest !== undefined ? usefulText(gain, smallest) : "";
  const loss = margin === undefined || isGain ? "" : lossText(gain, margin);
  const text = `gain ${say(gain)} ${gain > 0 ? ">" : "≤"} 0${useful}${loss}`;
  return { text, isMet: (kind === "keep") === (isGain || isNotWorse) };
}

function lossText(gain: number, margin: number): string {
  const [left, right] = apart(gain, -margin);
  return `; simpler, and ${left} ${gain >= -margin ? "≥" : "<"} ${right}`;
}

function fixedNumberFinding({ p, workings, kind }: Facts): Finding {
  const { alpha } = workings;
  if (p === undefined || alpha === undefined) return undefined;
  const [left, right] = apart(p, alpha);
  return { text: `p = ${left} ${p < alpha ? "<" : "≥"} ${right}`, isMet: (kind === "keep") === p < alpha };
}

// --- numbers in words ---

/** Both numbers with as many digits as tell them apart, from three on: `0.0153 > 0.0153` would help nobody. */
function apart(a: number, b: number): [string, string] {
  for (let digits = 3; digits < 12; digits += 1) {
    const [left, right] = [a, b].map((value) => Number(value.toPrecision(digits)).toString());
    if (left !== undefined && right !== undefined && (left !== right || a === b)) return [left, right];
  }
  return [String(a), String(b)];
}

function numberAfter(text: string, words: string): number | undefined {
  const start = text.indexOf(words);
  const number = start < 0 ? Number.NaN : Number.parseFloat(text.slice(start + words.length));
  return Number.isFinite(number) ? number : undefined;
}
