/** Runs one command to its end under limits and leaves nothing behind. Both sandboxes share it. */

import type { ChildProcess } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { Readable, Writable } from "node:stream";
import type { Ending, Exit, SandboxCommand, SandboxLimits } from "../core/sandbox.ts";
import { DiskWatch } from "./disk-watch.ts";
import { countCommand, shareOfLooks } from "./looks.ts";
import { newMark } from "./marker.ts";
import { MemoryGroup } from "./memory-group.ts";
import { Output } from "./output.ts";
import { hasProc } from "./proc.ts";
import { type Member, ProcessTree } from "./process-tree.ts";
import { ResultText } from "./result.ts";
import { prepareShell, startDetached } from "./spare-shell.ts";
import {
  ARGUMENTS_FD,
  FILTER_FD,
  REPORT_FD,
  RESULT_FD,
  readReport,
  SHELL,
  STDERR_FD,
  signalName,
  type WrapperReport,
} from "./wrapper.ts";

/** How the adapter starts the wrapper. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Written to ARGUMENTS_FD. */
  readonly secretArguments?: string;
  /** Written to FILTER_FD. */
  readonly filter?: Buffer;
  /** Which processes are asked to end before they are killed. */
  readonly isAsked: (member: Member) => boolean;
}

export interface RunOptions {
  readonly command: SandboxCommand;
  readonly limits: SandboxLimits;
  readonly signal: AbortSignal;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  /** Whose command it is, for `endLeftovers`. */
  readonly study: string;
}

const REPORT_CHARACTERS = 64 * 1024;
/** Memory is looked at soon at first (short commands), then at leisure; in between when the limit is near. */
const LOOK_MS = [5, 20, 50, 50, 50, 100, 100, 100];
const LATER_LOOK_MS = 200;
const NEAR_LIMIT_LOOK_MS = 10;
/** Asking for free room takes microseconds: often, and apart from looks at processes, which a busy machine makes rare. */
const DISK_LOOK_MS = 50;
const PIPE_CLOSE_MS = 1000;

/**
 * Resolves for anything the command does. `launch` is given the marker that the command's environment must hold, and shell
 * text by which it joins a group of the kernel, empty where there is none.
 */
export async function runProcess(
  launch: (marker: string, joinScript: string) => Launch,
  options: RunOptions,
): Promise<Exit> {
  if (options.signal.aborted) return notRun({ kind: "cancelled" });
  const obstacle = obstacleTo(options.command);
  if (obstacle !== undefined) return notRun({ kind: "not_started", reason: obstacle });
  const output = new Output({
    logPath: options.command.logPath,
    outputBytes: options.limits.outputBytes,
    onLine: options.command.onLine,
  });
  const group = MemoryGroup.create(options.limits.memoryBytes);
  const uncount = countCommand();
  try {
    const marker = newMark(options.study);
    const launched = launch(marker, group?.joinScript ?? "");
    const exit = await new Execution(launched, options, { output, marker }).finish();
    const isStarved =
      group?.hasKilled && exit.ending.kind !== "timed_out" && exit.ending.kind !== "cancelled";
    return isStarved ? starved(exit, options.limits) : exit;
  } finally {
    uncount();
    group?.remove();
    output.close();
  }
}

/** The kernel is quicker than any look: what was reached is the limit. */
function starved(exit: Exit, { memoryBytes = 0 }: SandboxLimits): Exit {
  const peakMemoryBytes = Math.max(memoryBytes, exit.resources.peakMemoryBytes ?? 0);
  return { ...exit, ending: { kind: "out_of_memory" }, resources: { ...exit.resources, peakMemoryBytes } };
}

/** The exit of a command that never ran. */
export function notRun(ending: Ending): Exit {
  return { ending, resources: { wallSeconds: 0 }, outputTail: "", stdoutTail: "", isOutputCut: false };
}

function obstacleTo(command: SandboxCommand): string | undefined {
  if (!existsSync(SHELL)) return `there is no ${SHELL}`;
  const cwd = statSync(command.cwd, { throwIfNoEntry: false });
  if (cwd === undefined) return `the working folder ${command.cwd} does not exist`;
  return cwd.isDirectory() ? undefined : `${command.cwd} is not a folder`;
}

class Execution {
  readonly #options: RunOptions;
  readonly #launch: Launch;
  readonly #output: Output;
  readonly #child: ChildProcess;
  readonly #tree: ProcessTree | undefined;
  readonly #disks: DiskWatch;
  readonly #result: ResultText | undefined;
  readonly #startedMs = performance.now();
  readonly #timers = new Set<NodeJS.Timeout>();
  #cause: Ending | undefined;
  #bug: unknown;
  #report = "";
  #looks = 0;
  #lookCostMs = 0;

  constructor(launch: Launch, options: RunOptions, own: { output: Output; marker: string }) {
    this.#launch = launch;
    this.#options = options;
    this.#output = own.output;
    this.#disks = new DiskWatch(options.command.writable);
    this.#child = startDetached({ ...launch, cwd: options.command.cwd });
    const pid = this.#child.pid;
    this.#tree = pid === undefined ? undefined : new ProcessTree(pid, own.marker);
    this.#result = options.command.hasResult === true ? new ResultText() : undefined;
    this.#listen();
  }

  async finish(): Promise<Exit> {
    const { signal, limits } = this.#options;
    const cancel = (): void => this.#stop({ kind: "cancelled" });
    signal.addEventListener("abort", cancel);
    this.#later(limits.timeMs, () => this.#stop({ kind: "timed_out" }));
    this.#lookLater();
    this.#watchDisksLater();
    const closed = new Promise((resolve) => this.#child.once("close", resolve));
    const ended = await this.#ended();
    const wallSeconds = (performance.now() - this.#startedMs) / 1000;
    signal.removeEventListener("abort", cancel);
    for (const timer of this.#timers) clearTimeout(timer);
    const survivors = (await this.#tree?.sweep(readReport(this.#report).watcher)) ?? 0;
    await this.#drain(closed);
    setImmediate(prepareShell);
    if (this.#bug !== undefined) throw this.#bug;
    return this.#exit(ended, { wallSeconds, survivors });
  }

  #listen(): void {
    const listen = (descriptor: number, take: (chunk: Buffer) => void): void => {
      (this.#child.stdio[descriptor] as Readable | null | undefined)?.on("data", take);
    };
    listen(STDERR_FD, (chunk) => this.#guard(() => this.#output.takeStderr(chunk)));
    listen(REPORT_FD, (chunk) => {
      this.#report = (this.#report + chunk.toString("latin1")).slice(-REPORT_CHARACTERS);
    });
    if (!this.#openChannel()) {
      listen(1, (chunk) => this.#guard(() => this.#output.takeStdout(chunk)));
      listen(RESULT_FD, (chunk) => this.#result?.append(chunk));
    }
    for (const stream of this.#child.stdio) stream?.on("error", () => {});
    const send = (descriptor: number, content: string | Buffer): void => {
      (this.#child.stdio[descriptor] as Writable | null | undefined)?.end(content);
    };
    send(ARGUMENTS_FD, this.#launch.secretArguments ?? "");
    send(FILTER_FD, this.#launch.filter ?? "");
  }

  /** False for a command without one. */
  #openChannel(): boolean {
    const { onChannel } = this.#options.command;
    const stdin = (this.#child.stdio as readonly unknown[])[RESULT_FD];
    const stdout = this.#child.stdio[1];
    if (onChannel === undefined || !(stdin instanceof Writable) || stdout === null) return false;
    this.#guard(() => onChannel(Writable.toWeb(stdin), Readable.toWeb(stdout)));
    return true;
  }

  /** A throwing listener or a full disk is ours, not the command's: end it, then reject. */
  #guard(take: () => void): void {
    if (this.#bug !== undefined) return;
    try {
      take();
    } catch (error) {
      this.#bug = error;
      this.#stop({ kind: "cancelled" });
    }
  }

  /** The way the first process ended; the reason, when there was none. */
  #ended(): Promise<Ending> {
    return new Promise((resolve) => {
      this.#child.once("error", (error) => resolve({ kind: "not_started", reason: error.message }));
      this.#child.once("exit", (code, signal) =>
        resolve(signal === null ? { kind: "exited", code: code ?? 0 } : { kind: "signalled", signal }),
      );
    });
  }

  /** The first cause wins. */
  #stop(cause: Ending): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    const isPatient = cause.kind !== "out_of_memory" && cause.kind !== "out_of_disk";
    if (isPatient) this.#tree?.send("SIGTERM", this.#launch.isAsked);
    this.#later(isPatient ? this.#options.graceMs : 0, () => this.#tree?.send("SIGKILL"));
  }

  #lookLater(): void {
    if (!hasProc) return;
    const limit = this.#options.limits.memoryBytes ?? Number.POSITIVE_INFINITY;
    const isNear = (this.#tree?.memoryBytes ?? 0) > limit / 2;
    const planned = isNear ? NEAR_LIMIT_LOOK_MS : (LOOK_MS[this.#looks] ?? LATER_LOOK_MS);
    this.#looks += 1;
    this.#later(Math.max(planned, this.#lookCostMs / shareOfLooks()), () => {
      const before = performance.now();
      this.#tree?.watch();
      this.#lookCostMs = performance.now() - before;
      if ((this.#tree?.memoryBytes ?? 0) > limit) this.#stop({ kind: "out_of_memory" });
      this.#lookLater();
    });
  }

  #watchDisksLater(): void {
    this.#later(DISK_LOOK_MS, () => {
      if (this.#disks.isOver()) this.#stop({ kind: "out_of_disk" });
      this.#watchDisksLater();
    });
  }

  #later(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }

  /** Pipes close when their last holder is dead; one who escaped the sweep must not hold us. */
  async #drain(closed: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, PIPE_CLOSE_MS);
    });
    await Promise.race([closed, late]);
    clearTimeout(timer);
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  #exit(ended: Ending, seen: { wallSeconds: number; survivors: number }): Exit {
    const report = readReport(this.#report);
    const cpuSeconds = this.#cpuSeconds(report);
    const peakMemoryBytes = this.#tree?.peakMemoryBytes;
    const left = seen.survivors === 0 ? "" : `\n[${seen.survivors} processes could not be killed]\n`;
    return {
      ending: this.#cause ?? endingOf(ended, report),
      resources: {
        wallSeconds: seen.wallSeconds,
        ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
        ...(peakMemoryBytes === undefined ? {} : { peakMemoryBytes }),
      },
      outputTail: this.#output.outputTail + left,
      stdoutTail: this.#output.stdoutTail,
      ...(this.#result === undefined ? {} : { resultText: this.#result.text }),
      isOutputCut: this.#output.isCut,
    };
  }

  /** Exact when the wrapper reported; otherwise, or when work hid from `wait`, what was seen while looking. */
  #cpuSeconds(report: WrapperReport): number | undefined {
    const seen = hasProc ? (this.#tree?.cpuSeconds ?? 0) : 0;
    const reported = report.cpuSeconds;
    if (reported !== undefined && reported >= 0.8 * seen - 0.1) return reported;
    return hasProc ? seen : reported;
  }
}

/** Who has no report never reached the command, or the wrapper was killed: its own end is then the best account. */
function endingOf(ended: Ending, report: WrapperReport): Ending {
  if (ended.kind === "not_started") return ended;
  if (report.status !== undefined) return report.status;
  if (!report.isStarted) {
    const how = ended.kind === "signalled" ? `killed by ${ended.signal} before it began` : "";
    return { kind: "not_started", reason: report.said || how };
  }
  if (ended.kind !== "exited" || ended.code <= 128) return ended;
  const signal = signalName(ended.code - 128);
  return signal === undefined ? ended : { kind: "signalled", signal };
}
