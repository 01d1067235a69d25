/** What /proc of Linux tells of processes, see proc(5). Elsewhere there is none: every question has an empty answer. */

import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { readProc } from "./read-proc.ts";

export const hasProc = existsSync("/proc/self/stat");

export interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly ticks: number;
  readonly startTicks: number;
  /** Page faults and resident pages: while they stay, neither memory nor its high-water mark can have grown. */
  readonly memory: string;
}

/**
 * In ascending order of pid, so that a child reaped in between is counted too low rather than twice. Those that are
 * `known` are left out, without a look at them.
 */
export function readAll(known: readonly Stat[] = []): Stat[] {
  const before = new Set(known.map(({ pid }) => pid));
  const pids = (hasProc ? readdirSync("/proc") : []).map(Number);
  const wanted = pids.filter((pid) => Number.isInteger(pid) && !before.has(pid));
  return wanted.sort((a, b) => a - b).flatMap((pid) => readStat(pid) ?? []);
}

/** See proc(5), /proc/pid/stat. The command name may hold spaces and brackets, so fields count from its last one. */
export function readStat(pid: number): Stat | undefined {
  const text = readOf(pid, "stat");
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const number = (field: number): number => Number(fields[field - 3]);
  return {
    pid,
    state: fields[0] ?? "X",
    parent: number(4),
    group: number(5),
    session: number(6),
    ticks: number(14) + number(15) + number(16) + number(17),
    startTicks: number(22),
    memory: [10, 12, 24].map((field) => fields[field - 3]).join(" "),
  };
}

/** When a process started, in clock ticks since the machine did; undefined when there is no such process. */
export function startTicksOf(pid: number): number | undefined {
  return readStat(pid)?.startTicks;
}

/**
 * `NAME=value` entries it was started with; empty when it is gone, a zombie or somebody else's. A process within execve
 * has none for some microseconds and would pass for a stranger, so this waits for it: 20 ms at most, blocking.
 */
export function environmentOf(pid: number): string[] {
  let text = readOf(pid, "environ");
  for (let waits = 0; text === "" && waits < EXEC_WAITS; waits++) {
    const isChanging = isWithinExec(pid);
    if (isChanging) Atomics.wait(NOBODY_WAKES, 0, 0, EXEC_WAIT_MS);
    text = readOf(pid, "environ"); // also when it is not: it may have been a moment ago
    if (!isChanging) break;
  }
  return text?.split("\0") ?? [];
}

const EXEC_WAITS = 40;
const EXEC_WAIT_MS = 0.5;
const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4));

/** It has memory of its own, unlike a zombie or a kernel thread, but neither arguments nor environment yet. */
function isWithinExec(pid: number): boolean {
  try {
    return readOf(pid, "cmdline") === "" && readlinkSync(`/proc/${pid}/exe`) !== "";
  } catch {
    return false;
  }
}

/** A process may vanish, or belong to someone else, between listing and reading. */
export function readOf(
  pid: number,
  file: "stat" | "status" | "environ" | "cmdline" | "cgroup",
): string | undefined {
  return readProc(`/proc/${pid}/${file}`);
}

export function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, which is what was wanted; a refusal shows up as a survivor.
  }
}
