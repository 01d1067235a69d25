/** What /proc of Linux tells of processes, see proc(5). Elsewhere there is none: every question has an empty answer. */

import { existsSync, readdirSync } from "node:fs";
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
}

/** In ascending order of pid, so that a child reaped in between is counted too low rather than twice. */
export function readAll(): Stat[] {
  const pids = (hasProc ? readdirSync("/proc") : []).map(Number).filter(Number.isInteger);
  return pids.sort((a, b) => a - b).flatMap((pid) => readStat(pid) ?? []);
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
  };
}

/** When a process started, in clock ticks since the machine did; undefined when there is no such process. */
export function startTicksOf(pid: number): number | undefined {
  return readStat(pid)?.startTicks;
}

/** `NAME=value` entries it was started with; empty when it is gone, a zombie or somebody else's. */
export function environmentOf(pid: number): string[] {
  return readOf(pid, "environ")?.split("\0") ?? [];
}

/** A process may vanish, or belong to someone else, between listing and reading. */
export function readOf(pid: number, file: "stat" | "status" | "environ" | "cmdline"): string | undefined {
  return readProc(`/proc/${pid}/${file}`);
}

export function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, which is what was wanted; a refusal shows up as a survivor.
  }
}
