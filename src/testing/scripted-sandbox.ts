/** A sandbox that starts no process: a function answers each command. For tests of the loop. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Resources } from "../core/metric.ts";
import type { Ending, Exit, Sandbox, SandboxCommand } from "../core/sandbox.ts";

/** A command as the script sees it. */
export interface ScriptedCommand {
  readonly line: string;
  readonly cwd: string;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly hasResult: boolean;
  /** Text of a file in the workspace; undefined if it is missing. */
  read(path: string): Promise<string | undefined>;
}

/** What is left out: exit code 0, nothing on stderr, one second of wall time. */
export interface ScriptedExit {
  readonly stdout?: string;
  readonly stderr?: string;
  /** What is written to the result descriptor; lost where the command has none. */
  readonly result?: string;
  readonly ending?: Ending;
  readonly resources?: Resources;
}

export type Script = (command: ScriptedCommand) => ScriptedExit | Promise<ScriptedExit>;

export interface ScriptedSandbox extends Sandbox {
  /** Lines of all commands so far, in the order they were started. */
  readonly lines: readonly string[];
  readonly running: number;
  /** The most commands that ever ran at once. */
  readonly mostAtOnce: number;
}

/** A script that never resolves still ends when its signal aborts. */
export function scriptedSandbox(script: Script): ScriptedSandbox {
  const lines: string[] = [];
  let running = 0;
  let mostAtOnce = 0;
  return {
    name: "scripted",
    containment: { covered: [], notCovered: [] },
    lines,
    get running() {
      return running;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    async exec(command, _limits, signal): Promise<Exit> {
      lines.push(command.line);
      running += 1;
      mostAtOnce = Math.max(mostAtOnce, running);
      try {
        const answer = await Promise.race([script(seenBy(command, signal)), cancelled(signal)]);
        return exitOf(command, answer);
      } finally {
        running -= 1;
      }
    },
  };
}

function seenBy(command: SandboxCommand, signal: AbortSignal): ScriptedCommand {
  const { line, cwd, env, hasResult = false } = command;
  const read = (path: string) => readFile(join(cwd, path), "utf8").catch(() => undefined);
  return { line, cwd, seed: Number(env.NIGHTLAB_SEED), signal, hasResult, read };
}

function cancelled(signal: AbortSignal): Promise<ScriptedExit> {
  const answer: ScriptedExit = { ending: { kind: "cancelled" } };
  if (signal.aborted) return Promise.resolve(answer);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(answer), { once: true }));
}

function exitOf(command: SandboxCommand, answer: ScriptedExit): Exit {
  const { stdout = "", stderr = "" } = answer;
  for (const line of stdout.split("\n").filter((one) => one !== "")) command.onLine?.(line);
  return {
    ending: answer.ending ?? { kind: "exited", code: 0 },
    resources: answer.resources ?? { wallSeconds: 1 },
    outputTail: stdout + stderr,
    stdoutTail: stdout,
    ...(command.hasResult === true ? { resultText: answer.result ?? "" } : {}),
    isOutputCut: false,
  };
}
