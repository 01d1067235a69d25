/** What came of one run in a world, whoever decided. Gains are true ones, in standard deviations of one run. */

import type { Code, World } from "./worlds.ts";

export interface Played {
  /** True gain over the start of the tip, and of what the user is handed. */
  readonly head: number;
  readonly handedOver: number;
  /** True gain of each kept change over the code it was kept on, of each promoted stack over the one before. */
  readonly keeps: readonly number[];
  readonly promotions: readonly number[];
  /** The gain over the start that is claimed in the end; undefined when none is. */
  readonly claimed?: number;
  readonly interval?: { readonly low: number; readonly high: number };
  readonly runs: number;
  readonly experiments: number;
  /** Cheats in what the user is handed. */
  readonly cheats: number;
}

export interface Course {
  /** Tips in order, the start first. */
  readonly codes: readonly Code[];
  /** Promoted codes in order, without the start. */
  readonly promoted: readonly Code[];
  readonly handedOver: Code;
  readonly claimed?: number;
  readonly interval?: { readonly low: number; readonly high: number };
  readonly runs: number;
  readonly experiments: number;
}

export function played(world: World, course: Course): Played {
  const { codes, promoted, handedOver, ...rest } = course;
  return {
    ...rest,
    head: world.worth(codes.at(-1) ?? world.start),
    handedOver: world.worth(handedOver),
    keeps: stepsOf(world, codes),
    promotions: stepsOf(world, [world.start, ...promoted]),
    cheats: handedOver.tricks.length,
  };
}

function stepsOf(world: World, codes: readonly Code[]): number[] {
  return codes.slice(1).map((code, index) => world.worth(code) - world.worth(codes[index] ?? world.start));
}
