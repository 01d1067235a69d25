/** The variable that marks whatever a command starts: for which study, by which nightlab, in which execution. */

import { randomUUID } from "node:crypto";
import { startTicksOf } from "./proc.ts";

/** By it a descendant is known even after setsid and a double fork, and after the death of its nightlab. */
export const MARKER = "NIGHTLAB_PROCESS";

/** The same mark on what stands around a command, such as a namespace: not the command's, and not asked to end with it. */
export const OUTER_MARKER = "NIGHTLAB_OUTER";

/** A process that started commands. The start time tells it from a later one with the same id. */
export interface Owner {
  readonly pid: number;
  readonly startTicks: number;
}

const MARKED = new RegExp(`^(?:${MARKER}|${OUTER_MARKER})=`);

/** A new mark for one execution by this process. `study` holds no colon. */
export function newMark(study: string): string {
  return [study, process.pid, startTicksOf(process.pid) ?? 0, randomUUID()].join(":");
}

/** Who started the process with this environment for `study`; undefined when it is no command of that study. */
export function ownerOf(environment: readonly string[], study: string): Owner | undefined {
  const marks = environment.filter((entry) => MARKED.test(entry)).map((entry) => entry.replace(MARKED, ""));
  const mark = marks.find((one) => one.startsWith(`${study}:`));
  const [ofStudy, pid, startTicks, execution] = mark?.split(":") ?? [];
  if (ofStudy !== study || execution === undefined) return undefined;
  return { pid: Number(pid), startTicks: Number(startTicks) };
}
