/** Measures the head again now and then on seeds it was measured on: a machine that has changed shows. */

import { finiteDifference } from "../core/metric.ts";
import { readingsOf } from "../core/study.ts";
import type { Lab } from "./lab.ts";

/** Measurements that may pass on the word of old numbers; one in so many is the price. */
const MEASUREMENTS_PER_CHECK = 40;
/** What a check can cost at most. */
const MEASUREMENTS_OF_CHECK = 3;

/** True when the head's numbers have become old. Durations are always measured side by side and need no check. */
export function isDriftCheckDue(lab: Lab): boolean {
  const { run, parts } = lab;
  if (parts.program.metric.timing || lab.measuringLimit(MEASUREMENTS_OF_CHECK) !== undefined) return false;
  return run.measurements - run.measurementsAtSteady >= MEASUREMENTS_PER_CHECK;
}

/** Records a shift if there is one: from then on the old numbers count no more, and the noise has to be measured anew. */
export async function checkDrift(lab: Lab, signal: AbortSignal): Promise<void> {
  const { run, parts } = lab;
  const { head, noise } = run;
  if (noise === undefined) return;
  parts.onStage?.("run", "measuring the head again");
  const lines = lab.comparable(lab.linesOf(head));
  const known = new Map(readingsOf(lines, "anchor", "calibration").map((one) => [one.seed, one]));
  const old = [...known.values()];
  const differences: number[] = [];
  // A head has two or more seeds; the third look may meet the first one again.
  for (const { seed, value } of [...old, ...old].slice(0, MEASUREMENTS_OF_CHECK)) {
    const outcome = await lab.measure({ commit: head, seed, purpose: "drift" }, signal);
    if (outcome.kind !== "measured") return; // a head that fails is seen, and dealt with, by the next experiment
    differences.push(finiteDifference(outcome.measurement.value, value));
    const verdict = parts.judge.drift(noise, differences);
    if (verdict.kind === "look_again") continue;
    if (verdict.kind === "shifted") await record(lab, verdict.shift);
    return;
  }
}

async function record(lab: Lab, shift: number): Promise<void> {
  const { metric } = lab.parts.program;
  const by = `${shift > 0 ? "+" : ""}${Number(shift.toPrecision(3))}`;
  const text = `the machine has changed: the unchanged head gives ${metric.name} ${by}; calibrated anew`;
  await lab.record({ kind: "drifted", run: lab.tag, shift, text });
}

/** True from a drift until the noise has been measured anew. */
export function needsCalibration({ run }: Lab): boolean {
  return run.noise === undefined || run.calibratedLine < (run.driftLines.at(-1) ?? 0);
}
