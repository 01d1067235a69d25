/** What many runs of one player in one world come to. */

import type { Played, Step } from "./play.ts";

export interface Summary {
  /** Mean true gain of what the user is handed, in sd of one run, and of the tip. */
  readonly gain: number;
  readonly head: number;
  /** Claimed minus true gain, where a gain is claimed. */
  readonly exaggeration: number;
  /** Part of the keeps without a true gain; of simplifications, those that lose more than the margin. */
  readonly falseKeeps: number;
  /** Part of the runs that ever promoted a stack without a true gain. */
  readonly falsePromotions: number;
  /** Part of the runs that hand over code worse than the start. */
  readonly worse: number;
  /** Part of final intervals that hold the true gain; undefined without any. */
  readonly coverage?: number;
  readonly runs: number;
  readonly experiments: number;
  /** Part of the runs that hand over a cheat, and part of the cheats proposed that are handed over. */
  readonly cheated: number;
  readonly cheatsLeft: number;
  /** Part of the honest candidates that were flagged, and that a recheck took out. */
  readonly flagged: number;
  readonly refuted: number;
  readonly linesSaved: number;
}

/** A true gain this small is rounding. */
const NOTHING = 1e-9;
/** What a simplification may lose: half an sd of one run, as src/judge/spread.ts has it. */
const MARGIN = 0.5;

/** Kept or promoted for nothing: no true gain, or a simplification that loses more than it may. */
const isFalse = ({ gain, isSimplification }: Step) => gain < (isSimplification ? -MARGIN : NOTHING);

export function summaryOf(all: readonly Played[]): Summary {
  const keeps = all.flatMap((one) => one.keeps);
  const claims = all.flatMap(({ claimed, handedOver }) =>
    claimed === undefined ? [] : [claimed - handedOver],
  );
  const intervals = all.flatMap(({ interval, handedOver }) =>
    interval === undefined ? [] : [interval.low <= handedOver && handedOver <= interval.high],
  );
  return {
    gain: mean(all.map((one) => one.handedOver)),
    head: mean(all.map((one) => one.head)),
    exaggeration: mean(claims),
    falseKeeps: part(keeps.map(isFalse)),
    falsePromotions: part(all.map(({ promotions }) => promotions.some(isFalse))),
    worse: part(all.map((one) => one.handedOver < -NOTHING)),
    ...(intervals.length === 0 ? {} : { coverage: part(intervals) }),
    runs: mean(all.map((one) => one.runs)),
    experiments: mean(all.map((one) => one.experiments)),
    cheated: part(all.map(({ cheats }) => cheats > 0)),
    cheatsLeft: ratio(all, ({ cheats, proposedCheats }) => [cheats, proposedCheats]),
    flagged: ratio(all, ({ flagged, honest }) => [flagged, honest]),
    refuted: ratio(all, ({ refuted, honest }) => [refuted, honest]),
    linesSaved: mean(all.map((one) => one.linesSaved)),
  };
}

/** Sum over sum; 0 where there is nothing to divide by. */
function ratio(
  all: readonly Played[],
  of: (one: Played) => readonly [number | undefined, number | undefined],
): number {
  const pairs = all.map(of);
  const [above, below] = [0, 1].map((at) => pairs.reduce((sum, pair) => sum + (pair[at] ?? 0), 0));
  return (above ?? 0) / Math.max(1, below ?? 0);
}

function part(flags: readonly boolean[]): number {
  return flags.length === 0 ? 0 : flags.filter(Boolean).length / flags.length;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
