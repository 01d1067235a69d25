/** Finds every process that descends from one we started, measures them, and kills them. Linux: reads /proc. */

import { performance } from "node:perf_hooks";
import { keyOf, lookLately, lookNow, lookSoon, markOf } from "./looks.ts";
import { MARKER } from "./marker.ts";
import { hasProc, readAll, readOf, readStat, type Stat, sendTo } from "./proc.ts";

/** /proc counts time in hundredths of a second on every Linux architecture (USER_HZ). */
const TICKS_PER_SECOND = 100;
const SWEEP_ROUNDS = 250;

export interface Member {
  readonly pid: number;
  readonly isMarked: boolean;
}

interface Memory {
  /** `Stat.memory` when it was read. */
  readonly of: string;
  readonly bytes: number;
  readonly peakBytes: number;
}

/**
 * Membership is decided once per process (pid and start time) and kept: by ancestry, session, group or marker.
 * A process that leaves all four between two looks escapes; namespaces are the answer to that, not this class.
 */
export class ProcessTree {
  readonly #root: number;
  readonly #marker: string;
  readonly #sinceTicks: number;
  readonly #sinceMs = performance.now();
  readonly #known = new Map<string, boolean>();
  readonly #memory = new Map<string, Memory>();
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

  /** Brings memory and CPU time up to date, from a look that may be a moment old and others may have paid for. */
  watch(): void {
    this.#look(lookLately(this.#sinceMs));
  }

  /** The members alive at a look. Also brings memory and CPU time up to date. */
  #look(all: readonly Stat[]): Member[] {
    const members = this.#members(all);
    const alive = members.filter((stat) => stat.state !== "Z" && stat.state !== "X");
    const ticks = members.reduce((sum, stat) => sum + stat.ticks, 0);
    this.cpuSeconds = Math.max(this.cpuSeconds, ticks / TICKS_PER_SECOND);
    this.#measureMemory(alive);
    return alive.map((stat) => ({ pid: stat.pid, isMarked: this.#known.get(keyOf(stat)) === true }));
  }

  #members(all: readonly Stat[]): Stat[] {
    const members = new Map<number, Stat>();
    let undecided = all.filter((stat) => stat.startTicks >= this.#sinceTicks);
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
    const isMarked = markOf(stat) === this.#marker;
    const isKin =
      stat.pid === this.#root ||
      stat.group === this.#root ||
      stat.session === this.#root ||
      members.has(stat.parent);
    if (!isMarked && !isKin && !this.#known.has(key)) return false;
    this.#known.set(key, isMarked);
    return true;
  }

  #measureMemory(alive: readonly Stat[]): void {
    const found = alive.map((stat) => this.#memoryOf(stat));
    this.memoryBytes = found.reduce((sum, { bytes }) => sum + bytes, 0);
    const peak = Math.max(this.memoryBytes, ...found.map(({ peakBytes }) => peakBytes));
    if (peak > 0) this.peakMemoryBytes = Math.max(this.peakMemoryBytes ?? 0, peak);
  }

  /** Read anew only where something changed: most processes of a command wait, and the kernel takes its time to tell. */
  #memoryOf(stat: Stat): Memory {
    const key = keyOf(stat);
    const known = this.#memory.get(key);
    if (known?.of === stat.memory) return known;
    const status = readOf(stat.pid, "status") ?? "";
    const [bytes, peakBytes] = [bytesOf(status, "VmRSS"), bytesOf(status, "VmHWM")];
    const memory = { of: stat.memory, bytes, peakBytes };
    this.#memory.set(key, memory);
    return memory;
  }

  /** Sends `signal` to the members that `only` accepts; without /proc to the whole process group. */
  send(signal: NodeJS.Signals, only: (member: Member) => boolean = () => true): void {
    if (!hasProc) sendTo(-this.#root, signal);
    else for (const member of this.#look(lookNow()).filter(only)) sendTo(member.pid, signal);
  }

  /**
   * Kills until a look finds nobody, the process `last` after all others. Returns how many resisted for two seconds
   * (kernel sleep); 0 is normal.
   */
  async sweep(last?: number): Promise<number> {
    if (!hasProc) sendTo(-this.#root, "SIGKILL");
    if (!hasProc) return 0;
    const first = await lookSoon();
    let alive = this.#look(first);
    const isLast = alive.length <= 1 && alive.every(({ pid }) => pid === last);
    // The usual end: only the watcher is left. Who was started during the look has a process id that was not there.
    if (isLast && this.#look([...first, ...readAll(first)]).length === alive.length) {
      for (const { pid } of alive) sendTo(pid, "SIGKILL");
      return 0;
    }
    for (let round = 0; alive.length > 0 && round < SWEEP_ROUNDS; round++) {
      const others = alive.filter(({ pid }) => pid !== last);
      for (const { pid } of others.length > 0 ? others : alive) sendTo(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, Math.min(2 + round, 10)));
      alive = this.#look(await lookSoon());
    }
    return alive.length;
  }
}

function bytesOf(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
}
