/** Puts a proposal for program.md together: settings, what two runs printed, and what follows from them. Pure. */

import type { Goal } from "../core/metric.ts";
import type { Exit } from "../core/sandbox.ts";
import { readMetricLines } from "../loop/metric-lines.ts";
import { isHarnessMetric } from "../loop/reported.ts";
import { goalOfName } from "../program/metric-settings.ts";
import { parseProgram } from "../program/parse.ts";
import { renderProgram } from "../program/render.ts";
import { guessMetric } from "./detect.ts";
import { type Split, splitComment } from "./split.ts";

/** Two runs of the metric command on the unchanged code. */
export interface Probe {
  /** Values by name that both runs printed, plus the seconds each took. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** Why the runs cannot be used. */
  readonly failure?: string;
}

export interface Proposal {
  readonly measure: string;
  readonly metric: string;
  readonly goal: Goal;
  readonly edit: readonly string[];
  readonly values: readonly number[];
  /** Sentences about the numbers, for the user. */
  readonly notes: readonly string[];
  /** The program.md that would be written. */
  readonly text: string;
}

/** What two runs say; a run that did not end with exit code 0 fails the probe. */
export function readProbe(exits: readonly Exit[]): Probe {
  const values: Record<string, number[]> = {};
  for (const { ending, outputTail, stdoutTail, resources } of exits) {
    if (ending.kind !== "exited" || ending.code !== 0) {
      const how = ending.kind === "exited" ? `exit code ${ending.code}` : ending.kind.replaceAll("_", " ");
      return { values: {}, failure: `${how}\n${outputTail.trimEnd()}` };
    }
    for (const [name, value] of readMetricLines(stdoutTail)) values[name] = [...(values[name] ?? []), value];
    values.wall_seconds = [...(values.wall_seconds ?? []), resources.wallSeconds];
  }
  const complete = Object.entries(values).filter(
    ([, list]) => list.length === exits.length && list.every(Number.isFinite),
  );
  return { values: Object.fromEntries(complete) };
}

export interface Wishes {
  readonly measure: string;
  readonly metric?: string;
  readonly goal?: Goal;
  readonly edit: readonly string[];
  /** The command reads the seed it is given. */
  readonly seeded: boolean;
  /** Training and scoring are two steps. */
  readonly split?: Split;
}

/** The metric that was asked for, else the likeliest printed one, else the seconds it took. */
export function metricOf(probed: Probe, wish?: string): string | undefined {
  const printed = Object.keys(probed.values).filter((name) => !isHarnessMetric(name));
  if (wish !== undefined) return wish in probed.values ? wish : undefined;
  return guessMetric(printed) ?? "wall_seconds";
}

export function propose(
  wishes: Wishes,
  probed: Probe,
  metric: string,
): Proposal | { readonly missing: "goal" } {
  const goal = wishes.goal ?? goalOfName(metric) ?? (DURATION_NAME.test(metric) ? "minimize" : undefined);
  if (goal === undefined) return { missing: "goal" };
  const { measure, edit, seeded, split } = wishes;
  const values = probed.values[metric] ?? [];
  const timing = DURATION_NAME.test(metric);
  const settings = renderProgram({
    metric: { name: metric, goal, seeded, timing },
    measure,
    edit,
    budget: { experiments: 100 },
  });
  const text = withComment(settings, split === undefined ? [] : splitComment(split));
  const { problems } = parseProgram(text, "program.md");
  const wrong = problems.find(({ severity }) => severity === "error");
  if (wrong !== undefined) throw new Error(`init would write a program.md that is wrong: ${wrong.cause}`);
  const notes = notesOn(metric, values, { timing, seeded });
  if (split !== undefined)
    notes.push(
      `${split.evaluator} seems to score ${split.artifact.join(", ")}: see \`evaluate\` in what follows`,
    );
  return { measure, metric, goal, edit, values, notes, text };
}

/** The lines before the end of the front matter, where they would stand as settings. */
function withComment(text: string, lines: readonly string[]): string {
  if (lines.length === 0) return text;
  const end = text.indexOf("\n---\n", 3);
  return `${text.slice(0, end)}\n${lines.join("\n")}${text.slice(end)}`;
}

function notesOn(
  metric: string,
  values: readonly number[],
  about: { timing: boolean; seeded: boolean },
): string[] {
  const [first = Number.NaN, second = Number.NaN] = values;
  const spread = Math.abs(first - second);
  const notes = [`${metric} was ${values.join(" and ")} in two runs`];
  if (about.timing) notes.push("durations are measured one at a time, candidate and head side by side");
  else if (spread === 0)
    notes.push("both runs gave the same number: if that is so for every run, one run decides");
  else
    notes.push(`two runs differ by ${Number(spread.toPrecision(3))}: gains well below that need many runs`);
  if (!about.timing && !about.seeded && spread > 0) {
    notes.push(
      "a command that reads its seed from NIGHTLAB_SEED can be compared seed by seed, which needs fewer runs",
    );
  }
  return notes;
}

/** A printed duration is measured like one: alone, and side by side with the head. */
const DURATION_NAME = /(^|_)(ms|millis|seconds|secs|duration|latency|time|elapsed)(_|$)/i;
