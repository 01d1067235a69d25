/** A group of the kernel (cgroup, version 1) that bounds the memory of one command. Only where this user may make one. */

import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { newMark } from "./marker.ts";
import { readOf, startTicksOf } from "./proc.ts";

const MOUNT = "/sys/fs/cgroup/memory";
const NAME = /^nightlab-(\d+)-(\d+)-/;

export class MemoryGroup {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined where the kernel, the mount or our rights do not allow it: memory is then only looked at. */
  static create(memoryBytes: number | undefined): MemoryGroup | undefined {
    const parent = memoryBytes === undefined ? undefined : parentGroup();
    if (parent === undefined) return undefined;
    const [, pid, startTicks, execution] = newMark("").split(":");
    const folder = join(parent, `nightlab-${pid}-${startTicks}-${execution}`);
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, "memory.limit_in_bytes"), String(memoryBytes));
    } catch {
      remove(folder);
      return undefined;
    }
    try {
      writeFileSync(join(folder, "memory.memsw.limit_in_bytes"), String(memoryBytes));
    } catch {
      // A kernel that does not count swap; the looks at resident memory still do not see what is swapped out.
    }
    return new MemoryGroup(folder);
  }

  /** Shell text by which the shell that runs it, and all it starts from then on, joins the group. */
  get joinScript(): string {
    return `echo $$ > '${this.#folder}/cgroup.procs'`;
  }

  /** True when the kernel killed one of the group for want of memory. */
  get hasKilled(): boolean {
    try {
      const text = readFileSync(join(this.#folder, "memory.oom_control"), "latin1");
      return Number(/^oom_kill (\d+)/m.exec(text)?.[1] ?? 0) > 0;
    } catch {
      return false;
    }
  }

  /** When all in it are gone; one that resisted keeps it until the next nightlab. */
  remove(): void {
    remove(this.#folder);
  }
}

let found: { readonly parent: string | undefined } | undefined;

/** Where groups are made, looked for and tidied once: a process stays in its group. */
function parentGroup(): string | undefined {
  if (found === undefined) {
    found = { parent: ownGroup() };
    if (found.parent !== undefined) removeLeftovers(found.parent);
  }
  return found.parent;
}

/** The group we are in ourselves, when groups can be made below it. Format: cgroups(7), /proc/pid/cgroup. */
function ownGroup(): string | undefined {
  const path = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/[^\n']*)$/m.exec(readCgroup())?.[1];
  if (path === undefined) return undefined;
  try {
    accessSync(join(MOUNT, path), constants.W_OK);
    accessSync(join(MOUNT, path, "memory.limit_in_bytes"));
    return join(MOUNT, path);
  } catch {
    return undefined;
  }
}

function readCgroup(): string {
  return readOf(process.pid, "cgroup") ?? "";
}

/** Of nightlabs that were killed. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid, startTicks] = NAME.exec(name) ?? [];
    if (pid !== undefined && startTicksOf(Number(pid)) !== Number(startTicks)) remove(join(parent, name));
  }
}

function remove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not made, or still in use.
  }
}
