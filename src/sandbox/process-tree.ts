/** Finds every process that descends from one we started, measures them, and kills them. Linux: reads /proc. */

import { MARKER } from "./marker.ts";
import { environmentOf, hasProc, readAll, readOf, readStat, type Stat, sendTo } from "./proc.ts";

/** /proc counts time in hundredths of a second on every Linux architecture (USER_HZ). */
const TICKS_PER_SECOND = 100;
const SWEEP_ROUNDS = 250;

export interface Member {
  readonly pid: number;
  readonly isMarked: boolean;
}

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
    return environmentOf(pid).includes(this.#marker);
  }

  #measureMemory(alive: readonly Stat[]): void {
    const statuses = alive.map((stat) => readOf(stat.pid, "status") ?? "");
    this.memoryBytes = statuses.reduce((sum, status) => sum + bytesOf(status, "VmRSS"), 0);
    const peak = Math.max(this.memoryBytes, ...statuses.map((status) => bytesOf(status, "VmHWM")));
    if (peak > 0) this.peakMemoryBytes = Math.max(this.peakMemoryBytes ?? 0, peak);
  }

  /** Sends `signal` to the members that `only` accepts; without /proc to the whole process group. */
  send(signal: NodeJS.Signals, only: (member: Member) => boolean = () => true): void {
    if (!hasProc) sendTo(-this.#root, signal);
    else for (const member of this.look().filter(only)) sendTo(member.pid, signal);
  }

  /**
   * Kills until a look finds nobody, the process `last` after all others. Returns how many resisted for two seconds
   * (kernel sleep); 0 is normal.
   */
  async sweep(last?: number): Promise<number> {
    if (!hasProc) sendTo(-this.#root, "SIGKILL");
    if (!hasProc) return 0;
    let alive = this.look();
    for (let round = 0; alive.length > 0 && round < SWEEP_ROUNDS; round++) {
      const others = alive.filter(({ pid }) => pid !== last);
      for (const { pid } of others.length > 0 ? others : alive) sendTo(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, Math.min(2 + round, 10)));
      alive = this.look();
    }
    return alive.length;
  }
}

function keyOf(stat: Stat): string {
  return `${stat.pid}:${stat.startTicks}`;
}

function bytesOf(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
}
