/** Seeded random numbers for tests: the same on every machine. */

import { normalQuantile } from "../../src/judge/distributions.ts";

/** Uniform draws strictly within 0 and 1 from a seeded 32-bit generator (mulberry32). */
export function uniformSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), state | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (((z ^ (z >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Standard normal draws. */
export function normalSource(seed: number): () => number {
  const uniform = uniformSource(seed);
  return () => normalQuantile(uniform());
}
