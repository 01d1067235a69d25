/** Looks at all processes of the machine, shared by the commands that run at once: each look costs as much as they are many. */

import { performance } from "node:perf_hooks";
import { MARKER } from "./marker.ts";
import { environmentOf, readAll, type Stat } from "./proc.ts";

interface Look {
  readonly atMs: number;
  readonly costMs: number;
  readonly all: readonly Stat[];
}

/** A look stands for this many times its cost, so that looking takes one part in twenty of a CPU, however many look. */
const SHARED_TIMES_COST = 20;

let latest: Look | undefined;
let planned: Promise<readonly Stat[]> | undefined;

/** All processes as they are now. */
export function lookNow(): readonly Stat[] {
  const atMs = performance.now();
  const all = readAll();
  latest = { atMs, costMs: performance.now() - atMs, all };
  return all;
}

/** All processes as they were a moment ago, but after `sinceMs` (performance.now). */
export function lookLately(sinceMs: number): readonly Stat[] {
  const isGood =
    latest !== undefined &&
    latest.atMs >= sinceMs &&
    performance.now() - latest.atMs <= SHARED_TIMES_COST * latest.costMs;
  return isGood && latest !== undefined ? latest.all : lookNow();
}

/** Commands at work, of which each looks now and then. */
let commands = 0;

/** Counts one command more, until the function it gives is called. */
export function countCommand(): () => void {
  commands += 1;
  return () => {
    commands -= 1;
  };
}

/** The longest a command should spend on its looks, as a part of one CPU: two per cent, or ten for all together. */
export function shareOfLooks(): number {
  return Math.min(1 / 50, 1 / (10 * Math.max(1, commands)));
}

/** Where at least so many commands are at work, some other one ends in a moment as well: worth to wait for. */
const MANY_COMMANDS = 8;
/** Then looks at ends take at most one part in five of a CPU. */
const WAIT_TIMES_COST = 4;

/** All processes at a moment after this call: those who ask until then share one look. */
export function lookSoon(): Promise<readonly Stat[]> {
  planned ??= new Promise((resolve, reject) => {
    const look = () => {
      planned = undefined;
      try {
        resolve(lookNow());
      } catch (error) {
        reject(error);
      }
    };
    const waitMs = commands < MANY_COMMANDS || latest === undefined ? 0 : WAIT_TIMES_COST * latest.costMs;
    if (waitMs < 1) setImmediate(look);
    else setTimeout(look, waitMs);
  });
  return planned;
}

/** Marks by process. One that has a mark keeps it here, whatever it does to its environment later. */
let marks = new Map<string, string>();
let markedAt: Look | undefined;

/** The mark in the environment of a process; undefined while it has none. */
export function markOf(stat: Stat): string | undefined {
  forgetDead();
  const key = keyOf(stat);
  const known = marks.get(key);
  if (known !== undefined) return known;
  const entry = environmentOf(stat.pid).find((one) => one.startsWith(`${MARKER}=`));
  if (entry !== undefined) marks.set(key, entry);
  return entry;
}

function forgetDead(): void {
  if (markedAt === latest || latest === undefined) return;
  markedAt = latest;
  if (marks.size <= 2 * latest.all.length) return;
  const alive = new Set(latest.all.map(keyOf));
  marks = new Map([...marks].filter(([key]) => alive.has(key)));
}

/** A process id comes round; with its start time it names one process. */
export function keyOf({ pid, startTicks }: Stat): string {
  return `${pid}:${startTicks}`;
}
