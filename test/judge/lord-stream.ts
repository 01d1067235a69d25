import { lordLevel } from "../../src/judge/lord.ts";

/** A stream of tests decided one after the other; returns the indices of those that rejected. */
export function discoveriesOf(alpha: number, pValues: readonly number[]): number[] {
  const discoveries: number[] = [];
  for (const [position, p] of pValues.entries()) {
    const index = position + 1;
    if (p <= lordLevel({ alpha, index, discoveries })) discoveries.push(index);
  }
  return discoveries;
}
