/** Runs the real loop on a study of bench/overhead-study.ts and gives the times between experiments. */

import { existsSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { openRun } from "../src/compose.ts";
import type { Program } from "../src/core/program.ts";
import { scriptedResearcher } from "../src/testing/scripted-researcher.ts";

export interface LoopOptions {
  readonly repository: string;
  /** Home of the run: its checkouts live below it. */
  readonly home: string;
  readonly sandbox: Program["sandbox"];
  readonly parallel: number;
  readonly experiments: number;
  readonly isResumed: boolean;
  /** The researchers of program.md propose, instead of one that is scripted and takes no time. */
  readonly isProgramStaff?: boolean;
}

export interface LoopTimes {
  /** Moments at which experiments of this session were closed, milliseconds. */
  readonly closedMs: readonly number[];
  /** From the call to the moment the loop could start. */
  readonly openMs: number;
  /** Thread time of this process per closed experiment, children not included. */
  readonly ownCpuMs: number;
  /** CPU time of this process and of the children that ended, per closed experiment; undefined without /proc. */
  readonly allCpuMs: number | undefined;
}

/** Works `experiments` experiments on the study, then pauses it. Every one proposes a new value and is measured once. */
export async function runLoop(options: LoopOptions): Promise<LoopTimes> {
  const closedMs: number[] = [];
  const pause = new AbortController();
  const never = new AbortController().signal;
  let turns = 0;
  const stamp = Date.now();
  const researcher = scriptedResearcher(() => {
    turns += 1;
    return { files: { "value.txt": `loss: ${100 + turns}.${stamp}\n` } };
  });
  const startedMs = performance.now();
  const run = await openRun({
    cwd: options.repository,
    mode: options.isResumed ? { kind: "resume" } : { kind: "start", tag: "bench" },
    override: { budget: {}, parallel: options.parallel, sandbox: options.sandbox },
    environment: { ...process.env, HOME: options.home, XDG_STATE_HOME: `${options.home}/state` },
    ...(options.isProgramStaff ? {} : { staff: [{ researcher, share: 1 }] }),
    onLine: ({ event }) => {
      if (event.kind !== "closed") return;
      closedMs.push(performance.now());
      if (closedMs.length === options.experiments) pause.abort();
    },
  });
  const openMs = performance.now() - startedMs;
  if (options.experiments === 0) pause.abort();
  const cpu = process.threadCpuUsage();
  const allBefore = allCpuMs();
  try {
    const end = await run.work({ pause: pause.signal, finish: never, stop: never });
    if (end.kind !== "paused") throw new Error(`the bench ended: ${end.reason}`);
  } finally {
    await run.close();
  }
  const { user, system } = process.threadCpuUsage(cpu);
  const count = Math.max(1, closedMs.length);
  const all = (allCpuMs() - allBefore) / count;
  return {
    closedMs,
    openMs,
    ownCpuMs: (user + system) / 1000 / count,
    allCpuMs: Number.isNaN(all) ? undefined : all,
  };
}

/** Of this process and all children it waited for, see proc(5): hundredths of a second. */
function allCpuMs(): number {
  if (!existsSync("/proc/self/stat")) return Number.NaN;
  const text = readFileSync("/proc/self/stat", "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return [14, 15, 16, 17].reduce((sum, field) => sum + 10 * Number(fields[field - 3]), 0);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}

/** Differences of neighbours. */
export function gaps(moments: readonly number[]): number[] {
  return moments.slice(1).map((moment, index) => moment - (moments[index] ?? moment));
}

/** Samples by what was measured, milliseconds. */
export class Samples {
  readonly #values = new Map<string, number[]>();

  add(key: string, more: readonly number[]): void {
    this.#values.set(key, [...(this.#values.get(key) ?? []), ...more]);
  }

  median(key: string): number {
    return median(this.#values.get(key) ?? []);
  }

  count(key: string): number {
    return this.#values.get(key)?.length ?? 0;
  }
}
