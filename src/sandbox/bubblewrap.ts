/** Sandbox of Linux namespaces (bubblewrap): no network, no other processes, no files but those given. */

import { existsSync } from "node:fs";
import type { Containment, Exit, Sandbox, SandboxCommand, SandboxLimits } from "../core/sandbox.ts";
import { bubblewrapContainment } from "./containment.ts";
import { MARKER, OUTER_MARKER } from "./marker.ts";
import { mountArguments } from "./mounts.ts";
import { handOver } from "./ownership.ts";
import { GRACE_MS } from "./process.ts";
import { type Launch, notRun, runProcess } from "./process-runner.ts";
import { seccompFilter } from "./seccomp.ts";
import { ARGUMENTS_FD, FILTER_FD, SHELL, watched, wrapperArguments } from "./wrapper.ts";

/** A bound for fork bombs, far above what builds and test runners start. */
const PROCESSES = 4096;

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
  /** As `seccompFilter` takes it; without one, or where there is no filter for it, system calls are not filtered. */
  readonly filterFor?: string;
  readonly graceMs?: number;
  /** Whose commands these are, for `endLeftovers`. */
  readonly study?: string;
}

export class BubblewrapSandbox implements Sandbox {
  readonly name = "bubblewrap";
  readonly containment: Containment;
  readonly #options: BubblewrapOptions;

  constructor(options: BubblewrapOptions) {
    this.#options = options;
    this.containment = bubblewrapContainment({
      isFiltered: filterOf(options, false) !== undefined,
      canNest: options.dropTo !== undefined || !options.canForbidUserNamespaces,
    });
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
    const { hasResult = false } = command;
    const filter = filterOf(this.#options, hasResult);
    const secret = [
      ...(filter === undefined ? [] : ["--seccomp", String(FILTER_FD)]),
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
    const wrapper = wrapperArguments(command.line, {
      prefix,
      processes: PROCESSES,
      hasResult,
      hasChannel: command.onChannel !== undefined,
    });
    return {
      file: SHELL,
      args: watched(program, ["--args", String(ARGUMENTS_FD), "--", SHELL, ...wrapper], joinScript),
      env: { PATH: "/usr/bin:/bin", [OUTER_MARKER]: marker },
      // Paths and values would show in /proc/1/cmdline inside otherwise, the hidden ones too.
      secretArguments: secret.map((argument) => `${argument}\0`).join(""),
      ...(filter === undefined ? {} : { filter }),
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

function filterOf({ filterFor }: BubblewrapOptions, holdsResult: boolean): Buffer | undefined {
  return filterFor === undefined ? undefined : seccompFilter(filterFor, { holdsResult });
}

/** The wrapper stays root, without the power to do anything but this, so that the command can't touch its report. */
function dropArguments(dropTo: { readonly setpriv: string; readonly uid: number }): string[] {
  const uid = String(dropTo.uid);
  return [
    ...[dropTo.setpriv, "--reuid", uid, "--regid", uid, "--clear-groups", "--no-new-privs"],
    ...["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--"],
  ];
}
