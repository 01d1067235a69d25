/** Finds every process that descends from one we started, measures them, and kills them. Linux: reads /proc. */

import { existsSync, readdirSync } from "node:fs";
import { readProc } from "./read-proc.ts";

/** The variable by which a descendant is known even after setsid and a double fork. */
export const MARKER = "NIGHTLAB_PROCESS";

/** /proc counts time in hundredths of a second on every Linux architecture (USER_HZ). */
const TICKS_PER_SECOND = 100;
const SWEEP_ROUNDS = 250;

interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly ticks: number;
  readonly startTicks: number;
}

export interface Member {
  readonly pid: number;
  readonly isMarked: boolean;
}

/** Without /proc (macOS) only the process group is known. */
export const hasProc = existsSync("/proc/self/stat");

/**
 * Membership is decided once per process (pid and start time) and kept: by ancestry, session, group or marker.
 * A process that leaves all four between two looks escapes; namespaces are the answer to that, not this class.
 */
export class ProcessTree {
  readonly #root: number;
  readonly #marker: string;
  readonly #sinceTicks: number;
  readonly #known = new Map<string, boolean>();
  /** Largest sum of resident memory seen, or high-water mark of one process. Shared pages count once per process. */
  peakMemoryBytes: number | undefined;
  /** CPU time seen while looking; a lower bound. */
  cpuSeconds = 0;
  memoryBytes = 0;

  constructor(root: number, marker: string) {
    this.#root = root;
    this.#marker = `${MARKER}=${marker}`;
    this.#sinceTicks = readStat(root)?.startTicks ?? 0;
  }

  /** The members alive now. Also brings memory and CPU time up to date. */
  look(): Member[] {
    const members = this.#members();
    const alive = members.filter((stat) => stat.state !== "Z" && stat.state !== "X");
    const ticks = members.reduce((sum, stat) => sum + stat.ticks, 0);
    this.cpuSeconds = Math.max(this.cpuSeconds, ticks / TICKS_PER_SECOND);
    this.#measureMemory(alive);
    return alive.map((stat) => ({ pid: stat.pid, isMarked: this.#known.get(keyOf(stat)) === true }));
  }

  #members(): Stat[] {
    const members = new Map<number, Stat>();
    let undecided = readAll().filter((stat) => stat.startTicks >= this.#sinceTicks);
    for (let size = -1; size !== members.size; ) {
      size = members.size;
      undecided = undecided.filter((stat) => {
        const isMember = this.#isMember(stat, members);
        if (isMember) members.set(stat.pid, stat);
        return !isMember;
      });
    }
    return [...members.values()];
  }

  #isMember(stat: Stat, members: ReadonlyMap<number, Stat>): boolean {
    const key = keyOf(stat);
    if (this.#known.get(key) === true) return true;
    const isMarked = this.#isMarked(stat.pid);
    const isKin =
      stat.pid === this.#root ||
      stat.group === this.#root ||
      stat.session === this.#root ||
      members.has(stat.parent);
    if (!isMarked && !isKin && !this.#known.has(key)) return false;
    this.#known.set(key, isMarked);
    return true;
  }

  #isMarked(pid: number): boolean {
    return readProc(`/proc/${pid}/environ`)?.split("\0").includes(this.#marker) ?? false;
  }

  #measureMemory(alive: readonly Stat[]): void {
    const statuses = alive.map((stat) => readProc(`/proc/${stat.pid}/status`) ?? "");
    this.memoryBytes = statuses.reduce((sum, status) => sum + bytesOf(status, "VmRSS"), 0);
    const peak = Math.max(this.memoryBytes, ...statuses.map((status) => bytesOf(status, "VmHWM")));
    if (peak > 0) this.peakMemoryBytes = Math.max(this.peakMemoryBytes ?? 0, peak);
  }

  /** Sends `signal` to the members that `only` accepts; without /proc to the whole process group. */
  send(signal: NodeJS.Signals, only: (member: Member) => boolean = () => true): void {
    if (!hasProc) sendTo(-this.#root, signal);
    else for (const member of this.look().filter(only)) sendTo(member.pid, signal);
  }

  /** Kills until a look finds nobody. Returns how many resisted for two seconds (kernel sleep); 0 is normal. */
  async sweep(): Promise<number> {
    if (!hasProc) sendTo(-this.#root, "SIGKILL");
    if (!hasProc) return 0;
    let alive = this.look();
    for (let round = 0; alive.length > 0 && round < SWEEP_ROUNDS; round++) {
      for (const member of alive) sendTo(member.pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, Math.min(2 + round, 10)));
      alive = this.look();
    }
    return alive.length;
  }
}

function keyOf(stat: Stat): string {
  return `${stat.pid}:${stat.startTicks}`;
}

/** In ascending order of pid, so that a child reaped in between is counted too low rather than twice. */
function readAll(): Stat[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.sort((a, b) => a - b).flatMap((pid) => readStat(pid) ?? []);
}

/** See proc(5), /proc/pid/stat. The command name may hold spaces and brackets, so fields count from its last one. */
function readStat(pid: number): Stat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
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

function bytesOf(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
}

function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, which is what was wanted; a refusal shows up as a survivor.
  }
}
