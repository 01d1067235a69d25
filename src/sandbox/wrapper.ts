/** The small shell program that runs a command line and reports how it ended. Knows nothing about namespaces. */

import { constants } from "node:os";

/**
 * The wrapper reports on its own stderr, which the command never holds; the command's stderr comes in as another
 * descriptor. It is redirected in a subshell: dash complains on the stderr of a simple command's own redirection.
 */
export const REPORT_FD = 2;
export const STDERR_FD = 3;

/** The shell that runs command lines, as program.md promises. */
export const SHELL = "/bin/sh";

/**
 * `$1` is the line, the other arguments are a prefix in front of the shell (setpriv, or nothing).
 *
 * A shell says "Killed" and the like on its own stderr when a child dies of a signal, and says nothing for a plain
 * `exit 137`: that is how the two are told apart. SIGINT and SIGPIPE are silent in every shell
 * and stay the codes 130 and 141. TERM is caught so that the report survives the grace period; a caught signal, unlike
 * an ignored one, is not inherited. `times` counts every descendant that was waited for.
 */
const SCRIPT = `
trap : TERM INT HUP
ulimit -c 0
NPROC
line=$1
shift
WATCH
echo started >&2
( exec 2>&${STDERR_FD} ${STDERR_FD}>&-; UNWATCHED exec "$@" ${SHELL} -c "$line" )
status=$?
printf '\\nstatus %s\\n' "$status" >&2
UNWATCH
times >&2
exit 0
`;

/** Held by nightlab alone: when it is killed, the descriptor ends and with it the whole process group. */
const LIFE_FD = 4;

/** The watcher is a member of the group, so it goes with the rest when the command has ended. */
const WATCH = `( read -r nothing <&${LIFE_FD}; kill -KILL 0 ) >/dev/null 2>&1 ${STDERR_FD}>&- & watcher=$!`;
const UNWATCH = `kill -KILL "$watcher" 2>/dev/null`;

export interface WrapperOptions {
  /** Programs in front of the shell, such as one that drops privileges. */
  readonly prefix: readonly string[];
  /** Processes of this user at once. Counted per user and, in a user namespace, for that namespace only. */
  readonly processes?: number;
  /** Ends the process group when LIFE_FD closes, for a sandbox whose kernel does not do so. */
  readonly isWatched?: boolean;
}

/** Arguments of `/bin/sh` that run `line` under the wrapper. */
export function wrapperArguments(line: string, options: WrapperOptions): string[] {
  const count = options.processes;
  // dash says -p where bash says -u; a shell with neither leaves the limit as it was.
  const limit =
    count === undefined ? "" : `ulimit -u ${count} 2>/dev/null || ulimit -p ${count} 2>/dev/null || :`;
  const isWatched = options.isWatched === true;
  const script = SCRIPT.replace("UNWATCHED", isWatched ? `exec ${LIFE_FD}<&-;` : "")
    .replace("UNWATCH", isWatched ? UNWATCH : ":")
    .replace("WATCH", isWatched ? WATCH : ":")
    .replace("NPROC", limit);
  return ["-c", script, "nightlab", line, ...options.prefix];
}

/** What the wrapper said. `status` is absent when it was killed before the command ended. */
export interface WrapperReport {
  readonly isStarted: boolean;
  /** Complaints of the shell, or of the program that should have started it. */
  readonly said: string;
  readonly status?:
    | { readonly kind: "exited"; readonly code: number }
    | { readonly kind: "signalled"; readonly signal: string };
  /** User and system time of all waited descendants; resolution 0.01 s. */
  readonly cpuSeconds?: number;
}

export function readReport(text: string): WrapperReport {
  const found = /^started\n([\s\S]*?)\nstatus (\d+)\n[^\n]*\n([^\n]*)/.exec(text);
  if (found === null) return { isStarted: text.startsWith("started\n"), said: text.trim() };
  const [, said = "", status = "", children = ""] = found;
  const cpuSeconds = secondsOf(children);
  const code = Number(status);
  const signal = said.trim() !== "" && code > 128 ? signalName(code - 128) : undefined;
  return {
    isStarted: true,
    said: said.trim(),
    status: signal === undefined ? { kind: "exited", code } : { kind: "signalled", signal },
    ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
  };
}

/** The name of a signal number, such as SIGKILL for 9; undefined for a number this system has no name for. */
export function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

/** Adds up `0m1.230s 0m0.020s`. */
function secondsOf(line: string): number | undefined {
  const parts = [...line.matchAll(/(\d+)m(\d+)[.,](\d+)s/g)];
  if (parts.length !== 2) return undefined;
  return parts.reduce(
    (sum, [, minutes, seconds, fraction]) => sum + Number(minutes) * 60 + Number(`${seconds}.${fraction}`),
    0,
  );
}
