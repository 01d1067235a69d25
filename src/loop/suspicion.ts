/** What makes a kept change look too good, for whoever reads it: nothing here decides, everything is shown. Pure. */

import type { Measurement } from "../core/metric.ts";
import type { Program } from "../core/program.ts";
import { isHarnessMetric } from "./reported.ts";

/** A kept change beside what is known of the study. */
export interface KeptChange {
  /** Over its head, units of the metric. */
  readonly gain: number;
  /** Mean of the head. */
  readonly headValue: number;
  /** Gains of the keeps before it. */
  readonly earlierGains: readonly number[];
  readonly changedLines: number;
  /** Unified diff against the head. */
  readonly diff: string;
  readonly candidate: readonly Measurement[];
  readonly head: readonly Measurement[];
  readonly program: Pick<Program, "metric" | "evaluate" | "holdout" | "holdoutFiles">;
}

/** So many keeps make a history, and a gain so many times their largest is not of a kind with them. */
const HISTORY = { keeps: 3, times: 10 };
/** Part of the metric's value that one change seldom gains honestly, and one of so few lines still less. */
const HUGE = { part: 0.5, ofFewLines: 0.3, fewLines: 3 };
/** A command that ends in this part of its head's time does less. Shorter ones differ by chance. */
const FAST = { part: 0.5, minSeconds: 1 };

/** Sentences, none for most changes. The thresholds are judgement, not statistics: a flag accuses nobody. */
export function flagsOf(change: KeptChange): string[] {
  return [...tooGood(change), ...tooFast(change), ...touches(change)];
}

function tooGood({ gain, headValue, earlierGains, changedLines }: KeptChange): string[] {
  const largest = Math.max(...earlierGains);
  const part = headValue === 0 ? 0 : gain / Math.abs(headValue);
  const flags: string[] = [];
  if (earlierGains.length >= HISTORY.keeps && gain > HISTORY.times * largest && largest > 0)
    flags.push(
      `the gain is ${Math.round(gain / largest)} times the largest of ${earlierGains.length} keeps before`,
    );
  if (part > HUGE.part) flags.push(`one change gains ${percent(part)} of the metric's value`);
  else if (part > HUGE.ofFewLines && changedLines <= HUGE.fewLines)
    flags.push(`${changedLines} changed lines gain ${percent(part)} of the metric's value`);
  return flags;
}

function tooFast({ candidate, head, program: { metric } }: KeptChange): string[] {
  if (metric.timing || isHarnessMetric(metric.name)) return [];
  const [mine, theirs] = [candidate, head].map(medianSeconds);
  if (mine === undefined || theirs === undefined || theirs < FAST.minSeconds || mine >= FAST.part * theirs)
    return [];
  return [`it takes ${mine.toFixed(1)} s where its head takes ${theirs.toFixed(1)} s`];
}

function touches({ diff, program }: KeptChange): string[] {
  const lines = diff.split("\n").filter((line) => /^[+-](?![+-]{2} )/.test(line));
  const flags: string[] = [];
  if (lines.some((line) => /(?<![a-z])seed/i.test(line)))
    flags.push("it changes a line that speaks of a seed");
  const added = lines.filter((line) => line.startsWith("+"));
  const names = [...scorerFiles(program), ".nightlab", "refs/nightlab"];
  const named = names.filter((name) => added.some((line) => line.includes(name)));
  if (named.length > 0) flags.push(`it names ${named.join(", ")}`);
  return flags;
}

/** Files that score: those which the commands of evaluator and final test name, and what is held out. */
function scorerFiles({ evaluate = "", holdout = "", holdoutFiles }: KeptChange["program"]): string[] {
  const words = `${evaluate} ${holdout}`.split(/[\s;|&"'=]+/).filter((word) => /\w\.\w+$/.test(word));
  return [...new Set([...words, ...holdoutFiles])].map((path) => path.slice(path.lastIndexOf("/") + 1));
}

function medianSeconds(measurements: readonly Measurement[]): number | undefined {
  const seconds = measurements.map(({ resources }) => resources.wallSeconds).sort((a, b) => a - b);
  return seconds[seconds.length >> 1];
}

function percent(part: number): string {
  return part > 100 ? "more than 100 times" : `${Math.round(100 * part)} %`;
}
