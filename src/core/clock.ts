/** Time and randomness as arguments: tests never sleep and a study can be repeated. */

export interface Clock {
  /** Milliseconds since 1970, for records and deadlines. */
  now(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  delay(ms: number, signal: AbortSignal): Promise<void>;
}

/** A well-mixed 31-bit positive integer from any parts: equal parts give equal seeds on every machine. */
export function seedFrom(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5; // FNV-1a over the text, then the murmur3 finalizer so that near texts give far seeds
  for (const char of parts.join("\u0000")) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 1) + 1;
}
