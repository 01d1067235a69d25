/** Time as an argument: tests never sleep. */

export interface Clock {
  /** Milliseconds since 1970, for records and deadlines. */
  now(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  delay(ms: number, signal: AbortSignal): Promise<void>;
}
