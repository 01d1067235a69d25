/** Seeds of a run. Whoever knows one of them, or any number of them, cannot work out another: candidates see theirs. */

import { createHmac, pbkdf2Sync } from "node:crypto";

/** Makes each guess at the study's seed, a number of 48 bits, as dear as two thousand hashes. */
const ROUNDS = 1000;

const keys = new Map<number, Buffer>();

/** A 31-bit positive integer: equal parts give equal seeds on every machine. `studySeed` is the secret of the run. */
export function seedFrom(studySeed: number, ...parts: readonly (string | number)[]): number {
  const digest = createHmac("sha256", keyOf(studySeed)).update(parts.join("\u0000")).digest();
  return (digest.readUInt32BE(0) >>> 1) + 1;
}

function keyOf(studySeed: number): Buffer {
  let key = keys.get(studySeed);
  if (key === undefined) {
    key = pbkdf2Sync(String(studySeed), "nightlab seeds", ROUNDS, 32, "sha256");
    if (keys.size > 100) keys.clear();
    keys.set(studySeed, key);
  }
  return key;
}
