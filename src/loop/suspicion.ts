/** What makes a kept change look too good: it is shown, and measured again before anything is proven with it. Pure. */

import type { Measurement } from "../core/metric.ts";
import type { Program } from "../core/program.ts";
import { isHarnessMetric } from "./reported.ts";

/** A gain beside what is known of the study. Units of the metric. */
export interface KeptGain {
  /** Over its head. */
  readonly gain: number;
  /** Mean of the head. */
  readonly headValue: number;
  /** Standard deviation of one run; 0 for a deterministic metric. */
  readonly noiseSd: number;
  /** Gains of the other keeps of the run, before or after it. */
  readonly otherGains: readonly number[];
  readonly changedLines: number;
}

/** A kept change beside what is known of the study. */
export interface KeptChange extends KeptGain {
  /** Unified diff against the head. */
  readonly diff: string;
  readonly candidate: readonly Measurement[];
  readonly head: readonly Measurement[];
  readonly program: Pick<Program, "metric" | "evaluate" | "holdout" | "holdoutFiles">;
}

/** So many other keeps make a history, and a gain so many times their median is not of a kind with them. */
const HISTORY = { keeps: 4, times: 4 };
/** Part of the metric's value that one change seldom gains honestly, and one of so few lines still less. */
const HUGE = { part: 0.5, ofFewLines: 0.3, fewLines: 3 };
/** A metric that noise alone may take this near to 0 has no size that a gain could be a part of. */
const MIN_SIZE_SDS = 20;
/** A command that ends in this part of its head's time does less. Shorter ones differ by chance. */
const FAST = { part: 0.5, minSeconds: 1 };

/** Sentences, none for most changes. The thresholds are judgement, not statistics: a flag accuses nobody. */
export function flagsOf(change: KeptChange): string[] {
  return [...flagsOfGain(change), ...tooFast(change), ...touches(change)];
}

/** Those that later keeps may bring to a gain, or take from it: it is asked for again when more is known. */
export function flagsOfGain({ gain, headValue, noiseSd, otherGains, changedLines }: KeptGain): string[] {
  const flags: string[] = [];
  const usual = median(otherGains.filter((other) => other > 0));
  if (usual !== undefined && otherGains.length >= HISTORY.keeps && gain > HISTORY.times * usual)
    flags.push(
      `the gain is ${Math.round(gain / usual)} times the usual one of ${otherGains.length} other keeps`,
    );
  const size = Math.abs(headValue);
  const part = size === 0 || size < MIN_SIZE_SDS * noiseSd ? 0 : gain / size;
  if (part > HUGE.part) flags.push(`one change gains ${percent(part)} of the metric's value`);
  else if (part > HUGE.ofFewLines && changedLines <= HUGE.fewLines)
    flags.push(`${changedLines} changed lines gain ${percent(part)} of the metric's value`);
  return flags;
}

function tooFast({ candidate, head, program: { metric } }: KeptChange): string[] {
  if (metric.timing || isHarnessMetric(metric.name)) return [];
  const [mine, theirs] = [candidate, head].map((all) =>
    median(all.map(({ resources }) => resources.wallSeconds)),
  );
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

/** The upper one of two in the middle; undefined of nothing. */
function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function percent(part: number): string {
  return part > 100 ? "more than 100 times" : `${Math.round(100 * part)} %`;
}
