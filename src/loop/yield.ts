/** Which researcher earns most for what it costs: a draw by Thompson sampling, so that the unsure ones are tried too. */

import type { Budget } from "../core/program.ts";
import { type ExperimentRecord, positionOf, type RunRecord, type Study } from "../core/study.ts";

/** Gains of one researcher's experiments, in gains of a usual keep, and their cost, in measurements. */
export interface Yield {
  readonly gain: number;
  readonly cost: number;
}

/** A keep that is not proven yet counts half: so many of them hold in the planted worlds, and more. */
const TENTATIVE_PART = 0.5;
/** One lucky keep must not decide the night. */
const MAX_GAIN = 4;
/** What all together are taken to have earned and spent before anything is known: one keep in twenty measurements. */
const PRIOR: Yield = { gain: 1, cost: 20 };
/** Weight of what is known of all against what is known of one: so many usual keeps. */
const PRIOR_WEIGHT = 1;

/** By name. Dropped keeps earn nothing. */
export function yieldsOf(study: Study, run: RunRecord, budget: Budget): Map<string, Yield> {
  const usual = median(run.stack.map((id) => gainOf(study.experiments.get(id))).filter((gain) => gain > 0));
  const proven = positionOf(study, run, run.verified);
  const price = measurementsPerUsd(run, budget);
  const yields = new Map<string, Yield>();
  for (const record of run.closed) {
    const place = run.stack.indexOf(record.id);
    const part = place < 0 ? 0 : place < proven ? 1 : TENTATIVE_PART;
    const gain = part === 0 ? 0 : part * Math.min(MAX_GAIN, usual === 0 ? 1 : gainOf(record) / usual);
    const cost = 1 + record.measured.length + price * record.usd;
    const sum = yields.get(record.researcher) ?? { gain: 0, cost: 0 };
    yields.set(record.researcher, { gain: sum.gain + Math.max(0, gain), cost: sum.cost + cost });
  }
  return yields;
}

/**
 * The name whose drawn earnings per cost are highest. `uniform` gives the numbers in 0..1 of draw `index`: the same ones give
 * the same answer. Source: Thompson 1933; the rate of keeps per cost is Gamma distributed, around that of all.
 */
export function drawRichest(
  names: readonly string[],
  yields: ReadonlyMap<string, Yield>,
  uniform: (index: number) => number,
): string | undefined {
  const all = [...yields.values(), PRIOR].reduce((a, b) => ({
    gain: a.gain + b.gain,
    cost: a.cost + b.cost,
  }));
  const rates = names.map((name, index) => {
    const { gain, cost } = yields.get(name) ?? { gain: 0, cost: 0 };
    const shape = PRIOR_WEIGHT + gain;
    const rate = (PRIOR_WEIGHT * all.cost) / all.gain + cost;
    return { name, drawn: gammaQuantile(shape, uniform(index)) / rate };
  });
  return rates.sort((a, b) => b.drawn - a.drawn)[0]?.name;
}

/** Of shape >= 1, by Wilson and Hilferty's cube: good to a few percent, which a choice does not feel. */
function gammaQuantile(shape: number, part: number): number {
  const spread = 1 / (9 * shape);
  return shape * Math.max(0.001, 1 - spread + normalQuantile(part) * Math.sqrt(spread)) ** 3;
}

/** Of the logistic curve that lies within 0.01 of the normal one (Johnson and Kotz 1970: scale 1.702). */
function normalQuantile(part: number): number {
  const inside = Math.min(0.999, Math.max(0.001, part));
  return Math.log(inside / (1 - inside)) / 1.702;
}

/** What a dollar is worth, where both are limited: the part of the dollars costs as much as that part of the rest. */
function measurementsPerUsd(run: RunRecord, { usd, experiments, measurements }: Budget): number {
  if (usd === undefined || usd <= 0) return 0;
  return (measurements ?? (experiments === undefined ? Math.max(100, run.measurements) : experiments)) / usd;
}

function gainOf(record: ExperimentRecord | undefined): number {
  return record?.verdict?.estimate?.gain ?? 0;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
