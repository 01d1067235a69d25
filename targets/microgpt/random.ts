// Seeded pseudo-random numbers, the same on every machine. Knows nothing of what they are used for.

/** Uniform numbers in [0, 1): the 32-bit generator "mulberry32". */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One number from the normal distribution with mean 0 and deviation 1 (Box and Muller). */
export function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** A new list in random order. */
export function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const order = items.map((item) => ({ item, key: next() }));
  return order.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
