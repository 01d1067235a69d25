/** Rules that others use, played on the same worlds: one ref, no scope check, no proof at the end. */

import { medianAbsoluteDeviation } from "../../src/judge/statistics.ts";
import { seededRandom } from "../../src/researcher/tuner/random.ts";
import { type Played, type Step, stepBetween, worthOf } from "./play.ts";
import { Runs } from "./runs.ts";
import { applied, type Code, type World } from "./worlds.ts";

/** What a rule knows when it decides about a candidate. */
interface Sight {
  readonly record: number;
  readonly baseline: number;
  readonly all: readonly number[];
  /** Measures the candidate once more; undefined when it prints nothing or the budget is spent. */
  again(): number | undefined;
}

/** The record the candidate sets, or undefined when it is not kept. */
type Rule = (first: number, sight: Sight) => number | undefined;

/** `npm run bench` names them in this order. */
export const RIVALS: Readonly<Record<string, Rule>> = {
  /** One run beats the record: Karpathy's loop and most that follow it. */
  "keep if better": (first, { record }) => (first > record ? first : undefined),

  /** Two more runs must beat the record as well; the record becomes the mean of all three. */
  "confirm twice": (first, { record, again }) => {
    if (first <= record) return undefined;
    const second = again();
    if (second === undefined || second <= record) return undefined;
    const third = again();
    if (third === undefined || third <= record) return undefined;
    return (first + second + third) / 3;
  },

  /** Better than the record, and at least two median absolute deviations of all runs away from the baseline. */
  "MAD confidence": (first, { record, baseline, all }) => {
    const mad = medianAbsoluteDeviation(all) ?? 0;
    return first > record && (all.length < 3 || first - baseline >= 2 * mad) ? first : undefined;
  },
};

export function playRival(world: World, rule: Rule, about: { play: string; budget: number }): Played {
  const runs = new Runs(world, about.play);
  const random = seededRandom(`${about.play} proposals`);
  const measure = (code: Code, name: string) =>
    runs.count < about.budget ? finite(runs.value({ code, name, seed: runs.count + 1 })) : undefined;
  let head = world.start;
  const keeps: Step[] = [];
  const baseline = measure(world.start, "start") ?? 0;
  let record = baseline;
  const all = [baseline];
  let experiments = 0;
  while (runs.count < about.budget) {
    experiments += 1;
    const code = applied(head, world.propose(head, random));
    const again = () => measure(code, `c${experiments}`);
    const first = again();
    if (first === undefined) continue;
    const next = rule(first, { record, baseline, all, again });
    all.push(first);
    if (next === undefined) continue;
    keeps.push(stepBetween(world, [head, code]));
    head = code;
    record = next;
  }
  const claimed = record - baseline;
  const known = { keeps, promotions: [], claimed, runs: runs.count, experiments };
  return { ...known, ...worthOf(world, { head, handedOver: head }) };
}

/** Rivals are granted that they refuse what is not a number. */
const finite = (value: number | undefined) =>
  value !== undefined && Number.isFinite(value) ? value : undefined;
