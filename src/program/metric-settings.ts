/** Settles the metric: name, direction, seeds and timing, from what is written, said in prose, or known by name. */

import type { Goal, MetricSpec } from "../core/metric.ts";
import { type Given, listed, missingKey, type Notes } from "./given.ts";
import { guessGoal, guessMetric } from "./prose.ts";

export function settleMetric(
  given: Given & { measure: string | undefined },
  notes: Notes,
): MetricSpec | undefined {
  const { written, measure } = given;
  const name = written.metric?.name ?? metricNameOf(given, notes);
  if (name === undefined) return undefined;
  const goal = written.metric?.goal ?? goalOf(given, name, notes);
  if (!goal) return undefined;
  const { unit, min_effect: minEffect } = written.metric ?? {};
  const seeded = written.metric?.seeded ?? /\{seed\}|NIGHTLAB_SEED/.test(measure ?? "");
  const timing = written.metric?.timing ?? isDuration(name, unit);
  if (seeded && written.metric?.seeded === undefined) {
    notes.inferred.push("metric.seeded is true: the measure command uses the seed.");
  }
  if (timing && written.metric?.timing === undefined) {
    notes.inferred.push(`metric.timing is true: ${name} is a duration, so it is measured one at a time.`);
  }
  return { name, goal, ...(unit !== undefined && { unit }), ...(minEffect && { minEffect }), seeded, timing };
}

function isDuration(name: string, unit: string | undefined): boolean {
  return name === "wall_seconds" || name === "cpu_seconds" || unit === "s" || unit === "ms";
}

function metricNameOf(given: Given, notes: Notes): string | undefined {
  const guess = guessMetric(given.prose);
  if ("value" in guess) {
    notes.inferred.push(`metric is ${guess.value}, inferred from ${guess.from}.`);
    return guess.value;
  }
  const cause =
    guess.several.length > 0
      ? `Several printed numbers could be the metric: ${listed(guess.several)}.`
      : "No metric is named.";
  notes.findings.push(missingKey(given, "metric", cause));
  return undefined;
}

const DOWN = ["loss", "bpb", "error", "seconds", "time", "bytes", "size", "latency"];
const UP = ["accuracy", "score", "throughput", "f1"];

/** The direction that goes with a known word of the name; undefined when there is none or both. */
export function goalOfName(name: string): Goal | undefined {
  const words = name.toLowerCase().split(/[_.-]+/);
  const down = words.some((word) => DOWN.includes(word));
  const up = words.some((word) => UP.includes(word));
  if (down === up) return undefined;
  return down ? "minimize" : "maximize";
}

function goalOf(given: Given, name: string, notes: Notes): Goal | undefined {
  const said = given.written.metric ? undefined : guessGoal(given.prose, name);
  const known = goalOfName(name);
  const goal = said?.value ?? known;
  if (goal) {
    notes.inferred.push(`metric.goal is ${goal}, inferred from ${said?.from ?? `the name ${name}`}.`);
    return goal;
  }
  const fix = `Write \`metric: { name: ${name}, goal: minimize }\`, or \`maximize\`.`;
  const line = given.written.metric ? given.lineOf(["metric"]) : 1;
  notes.findings.push({ line, cause: `It is not said whether ${name} should go down or up.`, fix });
  return undefined;
}
