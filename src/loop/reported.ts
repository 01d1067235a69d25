/** The numbers a command reported, by the way that program.md names, and what that way is called. */

import type { Channel } from "../core/metric.ts";
import type { Program } from "../core/program.ts";
import { readMetricLines } from "./metric-lines.ts";
import { readResultObject } from "./result-object.ts";

export interface Reported {
  readonly stdout: string;
  /** What came on the result descriptor. */
  readonly result: string | undefined;
  /** Text of the result file. */
  readonly file: string | undefined;
}

/** The numbers by name; why there are none, in words, when the way is another than stdout. */
export function reportedMetrics(program: Program, reported: Reported): ReadonlyMap<string, number> | string {
  if (program.resultFd !== undefined) return readResultObject(reported.result ?? "");
  if (program.resultFile === undefined) return readMetricLines(reported.stdout);
  return readResultFile(reported.file) ?? `${program.resultFile} is missing or not a JSON object of numbers`;
}

/** Where a name was looked for and not found. */
export function missingWords({ metric, resultFd, resultFile }: Program): string {
  if (resultFd !== undefined) return `the object on descriptor ${resultFd} has no \`${metric.name}\``;
  if (resultFile !== undefined) return `${resultFile} has no number \`${metric.name}\``;
  return `the output has no line \`${metric.name}: <number>\``;
}

/** The channel of the metric's value. */
export function channelOf(
  program: Pick<Program, "metric" | "resultFd" | "resultFile">,
  { isEvaluated }: { readonly isEvaluated: boolean },
): Channel {
  if (isEvaluated) return "artifact";
  if (isHarnessMetric(program.metric.name)) return "harness";
  if (program.resultFd !== undefined) return "descriptor";
  return program.resultFile === undefined ? "stdout" : "file";
}

const HARNESS_METRICS = ["wall_seconds", "cpu_seconds", "peak_memory_bytes"];

/** True of names that nightlab measures itself; a metric or constraint may use them without printing anything. */
export function isHarnessMetric(name: string): boolean {
  return HARNESS_METRICS.includes(name);
}

function readResultFile(text: string | undefined): Map<string, number> | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return undefined;
    return new Map(
      Object.entries(parsed).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
    );
  } catch {
    return undefined; // not JSON: the caller says so, with the file's name
  }
}
