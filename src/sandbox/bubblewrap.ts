/** Sandbox of Linux namespaces (bubblewrap): no network, no other processes, no files but those given. */

import { existsSync } from "node:fs";
import type { Containment, Exit, Sandbox, SandboxCommand, SandboxLimits } from "../core/sandbox.ts";
import { MARKER, OUTER_MARKER } from "./marker.ts";
import { mountArguments } from "./mounts.ts";
import { handOver } from "./ownership.ts";
import { GRACE_MS } from "./process.ts";
import { type Launch, notRun, runProcess } from "./process-runner.ts";
import { SHELL, watched, wrapperArguments } from "./wrapper.ts";

const CONTAINMENT: Containment = {
  covered: [
    "files: system folders are read-only, home folders and given hidden paths are empty, only given paths are writable",
    "the .git of a writable folder can be neither changed nor replaced, where there is one",
    "scratch folders (/tmp, /var/tmp, /dev/shm, /run) are private and limited in size",
    "network: none, loopback of the machine included, unless limits.network is host",
    "processes of others can be neither seen nor signalled; 4096 processes at once",
    "processes left behind: the kernel kills all of them with the process namespace, also when nightlab itself is killed",
    "privileges: no capabilities, no new ones, never root",
    "environment: nothing is inherited; wall time; output size; no core dumps; no stdin",
    "sockets in the file system that somebody listens on when the command starts",
    "memory: looked at every 10 to 200 ms, then killed; bounded by the kernel, scratch folders included, where we may make groups (cgroup v1, as root)",
    "each scratch folder: 1 GiB, or limits.memory where that is less",
    "disk space and number of files: half of what is free at its start, looked at every 50 ms, then killed",
  ],
  notCovered: [
    "the kernel itself: system calls are not filtered, so a kernel hole is a way out",
    "as root: the command may open user namespaces of its own, which widens that way",
    "files outside home folders that everybody may read stay readable",
    "without such groups: memory taken faster than it is looked at, and memory of scratch folders",
    "CPU share, and disk filled faster than it is looked at",
    "graphics cards are shared: their memory and clocks are not limited",
    "with network host: everything this machine can reach, abstract sockets included",
  ],
};

/** A bound for fork bombs, far above what builds and test runners start. */
const PROCESSES = 4096;
const ARGUMENTS_FD = 4;

export interface BubblewrapOptions {
  /** Absolute path of bwrap. */
  readonly program: string;
  /**
   * Set when nightlab is root: bwrap then needs no user namespace, and the command is run as this other user.
   * Root inside bwrap is root for kernel files such as /proc/sys (bubblewrap issue 313).
   * Writable paths are handed over to that user; readable ones he must be able to read as they are.
   */
  readonly dropTo?: { readonly setpriv: string; readonly uid: number };
  /** bwrap knows --disable-userns (0.8.0 and later). */
  readonly canForbidUserNamespaces: boolean;
  readonly graceMs?: number;
  /** Whose commands these are, for `endLeftovers`. */
  readonly study?: string;
}

export class BubblewrapSandbox implements Sandbox {
  readonly name = "bubblewrap";
  readonly containment = CONTAINMENT;
  readonly #options: BubblewrapOptions;

  constructor(options: BubblewrapOptions) {
    this.#options = options;
  }

  async exec(command: SandboxCommand, limits: SandboxLimits, signal: AbortSignal): Promise<Exit> {
    const missing = command.writable.find((path) => !existsSync(path));
    if (missing !== undefined) {
      return notRun({ kind: "not_started", reason: `the writable path ${missing} does not exist` });
    }
    const { dropTo, graceMs = GRACE_MS, study = "" } = this.#options;
    return runProcess(
      (marker, joinScript) => {
        if (dropTo !== undefined) for (const path of command.writable) handOver(path, dropTo.uid);
        return this.#launch(command, limits, { marker, joinScript });
      },
      { command, limits, signal, graceMs, study },
    );
  }

  #launch(
    command: SandboxCommand,
    limits: SandboxLimits,
    { marker, joinScript }: { marker: string; joinScript: string },
  ): Launch {
    const { dropTo, program } = this.#options;
    const secret = [
      ...mountArguments(command, { ...limits, isOtherUser: dropTo !== undefined }),
      ...this.#namespaceArguments(limits.network),
      "--clearenv",
      ...Object.entries({ ...command.env, [MARKER]: marker }).flatMap(([name, value]) => [
        "--setenv",
        name,
        value,
      ]),
      ...["--chdir", command.cwd],
    ];
    const prefix = dropTo === undefined ? [] : dropArguments(dropTo);
    const wrapper = wrapperArguments(command.line, { prefix, processes: PROCESSES });
    return {
      file: SHELL,
      args: watched(program, ["--args", String(ARGUMENTS_FD), "--", SHELL, ...wrapper], joinScript),
      env: { PATH: "/usr/bin:/bin", [OUTER_MARKER]: marker },
      // Paths and values would show in /proc/1/cmdline inside otherwise, the hidden ones too.
      secretArguments: secret.map((argument) => `${argument}\0`).join(""),
      // bwrap would take everything down with it at once, without the grace period.
      isAsked: (member) => member.isMarked,
    };
  }

  #namespaceArguments(network: "none" | "host"): string[] {
    const { dropTo, canForbidUserNamespaces } = this.#options;
    const user = ["--unshare-user", ...(canForbidUserNamespaces ? ["--disable-userns"] : [])];
    const needed = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"].flatMap((name) => ["--cap-add", name]);
    return [
      ...["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
      ...(network === "none" ? ["--unshare-net"] : []),
      ...(dropTo === undefined ? user : []),
      ...["--die-with-parent", "--new-session", "--cap-drop", "ALL"],
      ...(dropTo === undefined ? [] : needed),
    ];
  }
}

/** The wrapper stays root, without the power to do anything but this, so that the command can't touch its report. */
function dropArguments(dropTo: { readonly setpriv: string; readonly uid: number }): string[] {
  const uid = String(dropTo.uid);
  return [
    ...[dropTo.setpriv, "--reuid", uid, "--regid", uid, "--clear-groups", "--no-new-privs"],
    ...["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--"],
  ];
}
