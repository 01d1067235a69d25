/** What came of one run in a world, whoever decided. Gains are true ones, in standard deviations of one run. */

import type { Code, World } from "./worlds.ts";

export interface Step {
  /** True gain over the code before. */
  readonly gain: number;
  /** Kept or promoted for less code that is not worse, not for a gain. */
  readonly isSimplification: boolean;
}

export interface Played {
  /** True gain over the start of the tip, and of what the user is handed. */
  readonly head: number;
  readonly handedOver: number;
  /** Kept changes and promoted stacks. */
  readonly keeps: readonly Step[];
  readonly promotions: readonly Step[];
  /** The gain over the start that is claimed in the end, with its interval; undefined when none is. */
  readonly claimed?: number;
  readonly interval?: { readonly low: number; readonly high: number };
  readonly runs: number;
  readonly experiments: number;
  /** Cheats in what the user is handed. */
  readonly cheats: number;
  /** Of nightlab alone: candidates that are honest and stand on honest heads, those of them that were flagged, and those that a recheck then took out. */
  readonly honest?: number;
  readonly flagged?: number;
  readonly refuted?: number;
  readonly proposedCheats?: number;
  readonly tricks?: readonly string[];
  /** Lines of code saved in what the user is handed. */
  readonly linesSaved: number;
}

/** What is known of the user's code from the code alone. */
export function worthOf(world: World, { head, handedOver }: { head: Code; handedOver: Code }) {
  return {
    head: world.worth(head),
    handedOver: world.worth(handedOver),
    cheats: handedOver.tricks.length,
    linesSaved: handedOver.linesSaved,
  };
}

export function stepBetween(world: World, [from, to]: readonly [Code, Code], isSimplification = false): Step {
  return { gain: world.worth(to) - world.worth(from), isSimplification };
}
