/** Sandbox without walls: limits and a clean end, on any POSIX system. For code you would run yourself. */

import type { Containment, Exit, Sandbox, SandboxCommand, SandboxLimits } from "../core/sandbox.ts";
import { MARKER } from "./marker.ts";
import { hasProc } from "./proc.ts";
import { runProcess } from "./process-runner.ts";
import { SHELL, wrapperArguments } from "./wrapper.ts";

/** From TERM to KILL. Enough to flush a checkpoint, short enough not to be felt in a night of experiments. */
export const GRACE_MS = 2000;

const COVERED = [
  "wall time",
  "output size",
  "environment: nothing is inherited",
  "no core dumps",
  "no stdin",
  "disk space and number of files in its own folders: half of what is free at its start, then killed",
];
const NOT_COVERED = [
  "files: the command reads and writes whatever you can, also outside the experiment",
  "network: always open, limits.network is not enforced",
  "other processes of yours can be seen and signalled",
  "number of processes, disk space outside its own folders",
];

const LINUX: Containment = {
  covered: [
    ...COVERED,
    "memory: looked at every 10 to 200 ms, more seldom beside many other commands, then killed; bounded by the kernel where we may make groups (cgroup v1, as root)",
    "processes left behind: found by ancestry, session, group and marker, then killed",
    "nightlab itself killed: the process group and all with the marker end within moments, the rest at the next start",
  ],
  notCovered: [
    ...NOT_COVERED,
    "without such groups: memory taken faster than it is looked at",
    "a process that clears its environment, leaves its session and loses its parent within one look survives",
    "when nightlab is killed, a process that cleared its environment and left its session survives",
  ],
};

const ELSEWHERE: Containment = {
  covered: [
    ...COVERED,
    "processes left behind: those in the process group are killed, also when nightlab itself is killed",
  ],
  notCovered: [
    ...NOT_COVERED,
    "memory: neither limited nor measured without /proc",
    "a process that left the process group (setsid) survives",
  ],
};

export interface ProcessSandboxOptions {
  readonly graceMs?: number;
  /** Whose commands these are, for `endLeftovers`. */
  readonly study?: string;
}

export class ProcessSandbox implements Sandbox {
  readonly name = "process";
  readonly containment: Containment = hasProc ? LINUX : ELSEWHERE;
  readonly #graceMs: number;
  readonly #study: string;

  constructor(options: ProcessSandboxOptions = {}) {
    this.#graceMs = options.graceMs ?? GRACE_MS;
    this.#study = options.study ?? "";
  }

  exec(command: SandboxCommand, limits: SandboxLimits, signal: AbortSignal): Promise<Exit> {
    const { hasResult = false, line } = command;
    const hasChannel = command.onChannel !== undefined;
    return runProcess(
      (marker, joinScript) => ({
        file: SHELL,
        args: wrapperArguments(line, { prefix: [], isWatched: true, joinScript, hasResult, hasChannel }),
        env: { ...command.env, [MARKER]: marker },
        isAsked: () => true,
      }),
      { command, limits, signal, graceMs: this.#graceMs, study: this.#study },
    );
  }
}
