/** Seeds of a run. Whoever knows one of them, or any number of them, cannot work out another: candidates see theirs. */

import { createHmac, pbkdf2Sync } from "node:crypto";

/** Makes each guess at the study's seed, a number of 48 bits, as dear as two thousand hashes. */
const ROUNDS = 1000;

/** Seeds are asked for again with every verdict; so many are kept. */
const KEPT = 20_000;

const keys = new Map<number, Buffer>();
const seeds = new Map<string, number>();

/** A 31-bit positive integer: equal parts give equal seeds on every machine. `studySeed` is the secret of the run. */
export function seedFrom(studySeed: number, ...parts: readonly (string | number)[]): number {
  const text = parts.join("\u0000");
  return remembered(seeds, `${studySeed}\u0000${text}`, () => {
    const digest = createHmac("sha256", keyOf(studySeed)).update(text).digest();
    return (digest.readUInt32BE(0) >>> 1) + 1;
  });
}

function keyOf(studySeed: number): Buffer {
  const derive = () => pbkdf2Sync(String(studySeed), "nightlab seeds", ROUNDS, 32, "sha256");
  return remembered(keys, studySeed, derive);
}

function remembered<Key, Value>(memory: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const made = make();
  if (memory.size >= KEPT) memory.clear();
  memory.set(key, made);
  return made;
}
