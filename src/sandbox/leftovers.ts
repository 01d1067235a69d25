/** Ends what a killed nightlab left running, before the next one goes on. Linux; elsewhere nothing is found. */

import { setTimeout as pause } from "node:timers/promises";
import { ownerOf } from "./marker.ts";
import { environmentOf, readAll, type Stat, sendTo, startTicksOf } from "./proc.ts";

/** The process that started another one: it is gone when the id is free or taken by a process of another start. */
interface Starter {
  readonly pid: number;
  /** Without it, the starter is alive while it is an ancestor: for children that never leave their parent. */
  readonly startTicks?: number;
}

/** Who started the process with this environment; undefined for a process that is no business of the study. */
type StarterOf = (environment: readonly string[]) => Starter | undefined;

export interface LeftoverOptions {
  /** Other processes of the study than commands in a sandbox. */
  readonly also?: StarterOf;
  /** From TERM to KILL, milliseconds. */
  readonly graceMs?: number;
}

const GRACE_MS = 2000;
/** From KILL to giving up. */
const PATIENCE_MS = 2000;
const LOOK_MS = 5;

/**
 * Asks the processes of `study` whose starter is gone to end, then kills them. Resolves once they are gone, with the
 * process ids of those that resisted (kernel sleep, another user); none is normal. Never touches a process of a starter
 * that is alive: another run of the same repository, or a command of this one.
 */
export async function endLeftovers(study: string, options: LeftoverOptions = {}): Promise<number[]> {
  const starterOf: StarterOf = (environment) => ownerOf(environment, study) ?? options.also?.(environment);
  let left: Stat[] = [];
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const waitMs = signal === "SIGTERM" ? (options.graceMs ?? GRACE_MS) : PATIENCE_MS;
    const untilMs = performance.now() + waitMs;
    const asked = new Set<string>();
    do {
      left = findLeftovers(starterOf);
      if (left.length === 0) return [];
      for (const one of left) if (signal === "SIGKILL" || !asked.has(keyOf(one))) end(one, signal);
      for (const one of left) asked.add(keyOf(one));
      await pause(LOOK_MS);
    } while (performance.now() < untilMs);
  }
  return left.map(({ pid }) => pid);
}

function findLeftovers(starterOf: StarterOf): Stat[] {
  const all = readAll();
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  return all.filter((stat) => {
    if (stat.pid === process.pid || stat.state === "Z" || stat.state === "X") return false;
    const starter = starterOf(environmentOf(stat.pid));
    if (starter === undefined) return false;
    if (starter.startTicks !== undefined) return startTicksOf(starter.pid) !== starter.startTicks;
    return !ancestorsOf(stat.pid, parents).includes(starter.pid);
  });
}

function ancestorsOf(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const found: number[] = [];
  for (let at = parents.get(pid); at !== undefined && at > 0; at = parents.get(at)) found.push(at);
  return found;
}

/** The start time once more: between look and signal the id may have gone to somebody else. */
function end({ pid, startTicks }: Stat, signal: NodeJS.Signals): void {
  if (startTicksOf(pid) === startTicks) sendTo(pid, signal);
}

const keyOf = ({ pid, startTicks }: Stat) => `${pid}:${startTicks}`;
