/** The small shell program that runs a command line and reports how it ended. Knows nothing about namespaces. */

import { constants } from "node:os";
import { MARKER, OUTER_MARKER } from "./marker.ts";

/**
 * The wrapper reports on its own stderr, which the command never holds; the command's stderr comes in as another
 * descriptor. It is redirected in a subshell: dash complains on the stderr of a simple command's own redirection.
 */
export const REPORT_FD = 2;
export const STDERR_FD = 3;

/** The shell that runs command lines, as program.md promises. */
export const SHELL = "/bin/sh";

/** What must not be seen in a process list, and the system-call filter: read by the program in front of the wrapper. */
export const ARGUMENTS_FD = 4;
export const FILTER_FD = 6;

/** Held by nightlab alone: when it is killed, the descriptor ends, and the watcher ends everything. */
const LIFE_FD = 5;

/**
 * Where the command's result comes in; the command itself, where it is given one, finds it as COMMAND_RESULT_FD. For a
 * command with a channel it is the end of its stdin. The highest of all.
 */
export const RESULT_FD = 7;
const COMMAND_RESULT_FD = 3;

/**
 * The watcher waits for the death of nightlab, also between the end of a command and the sweep, which takes it last: so
 * its process id is told. It kills whoever has the mark in its environment (Linux: by /proc) until nobody is found five
 * times in a row (within execve a process shows no environment), then its process group. It stands outside any namespace: inside, it could not kill the first process, nor another user's.
 * An empty mark would be found everywhere. Its own environment shows the mark too, so it must know its process id, which `$$` does not tell in a subshell.
 */
const WATCH = `
( trap '' TERM INT HUP
  read -r nothing <&${LIFE_FD}
  self=$(exec ${SHELL} -c 'echo "$PPID"')
  mark=\${${MARKER}:-$${OUTER_MARKER}}
  unset ${MARKER} ${OUTER_MARKER}
  round=0
  empty=0
  while [ -n "$mark" ] && [ "$round" -lt 100 ] && [ "$empty" -lt 5 ]; do
    round=$((round + 1))
    empty=$((empty + 1))
    for file in $(grep -laF "$mark" /proc/[0-9]*/environ 2>/dev/null); do
      pid=\${file#/proc/}
      pid=\${pid%/environ}
      [ "$pid" = "$self" ] || { kill -KILL "$pid" && empty=0; }
    done
    [ "$empty" -eq 0 ] || sleep 0.01
  done
  kill -KILL 0
) >/dev/null 2>&1 ${STDERR_FD}>&- ${ARGUMENTS_FD}>&- ${FILTER_FD}>&- ${RESULT_FD}>&- &
echo "watcher $!" >&2
`;

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
JOIN
ulimit -c 0
NPROC
WATCH
line=$1
shift
echo started >&2
( exec 2>&${STDERR_FD} ${STDERR_FD}>&-
  exec ${ARGUMENTS_FD}>&- ${LIFE_FD}<&- ${FILTER_FD}>&-
  RESULT
  exec "$@" ${SHELL} -c "$line" )
status=$?
printf '\\nstatus %s\\n' "$status" >&2
times >&2
exit 0
`;

export interface WrapperOptions {
  /** Programs in front of the shell, such as one that drops privileges. */
  readonly prefix: readonly string[];
  /** Processes of this user at once. Counted per user and, in a user namespace, for that namespace only. */
  readonly processes?: number;
  /** Shell text in front of all else: joins a group of the kernel. */
  readonly joinScript?: string;
  /** The command finds COMMAND_RESULT_FD open. */
  readonly hasResult?: boolean;
  /** Its stdin is RESULT_FD. */
  readonly hasChannel?: boolean;
  /** Starts a watcher, for a sandbox that stands in front of nothing; `watched` does it for a program. */
  readonly isWatched?: boolean;
}

/** Arguments of `/bin/sh` that run `line` under the wrapper. */
export function wrapperArguments(line: string, options: WrapperOptions): string[] {
  const count = options.processes;
  // dash says -p where bash says -u; a shell with neither leaves the limit as it was.
  const limit =
    count === undefined ? "" : `ulimit -u ${count} 2>/dev/null || ulimit -p ${count} 2>/dev/null || :`;
  const result = options.hasResult ? `${COMMAND_RESULT_FD}>&${RESULT_FD} ` : "";
  // Not for stdout too: who makes one of them non-blocking would make both so.
  const channel = options.hasChannel ? `0<&${RESULT_FD} ` : "";
  const script = SCRIPT.replace("NPROC", limit)
    .replace("RESULT", `exec ${result}${channel}${RESULT_FD}>&-`)
    .replace("WATCH", () => (options.isWatched ? WATCH : ""))
    .replace("JOIN", () => options.joinScript ?? "");
  return ["-c", script, "nightlab", line, ...options.prefix];
}

/** Arguments of `/bin/sh` that become `file` with `args`, with a watcher beside it that does not join the group. */
export function watched(file: string, args: readonly string[], joinScript = ""): string[] {
  return ["-c", `${WATCH}${joinScript}\nexec ${LIFE_FD}<&-; exec "$0" "$@"`, file, ...args];
}

/** What the wrapper said. `status` is absent when it was killed before the command ended. */
export interface WrapperReport {
  readonly isStarted: boolean;
  /** Process id of the watcher. */
  readonly watcher?: number;
  /** Complaints of the shell, or of the program that should have started it. */
  readonly said: string;
  readonly status?:
    | { readonly kind: "exited"; readonly code: number }
    | { readonly kind: "signalled"; readonly signal: string };
  /** User and system time of all waited descendants; resolution 0.01 s. */
  readonly cpuSeconds?: number;
}

export function readReport(text: string): WrapperReport {
  const [, watcher] = /^watcher (\d+)\n/.exec(text) ?? [];
  const told = watcher === undefined ? {} : { watcher: Number(watcher) };
  const [head, ...rest] = text.split(/^started\n/m);
  if (rest.length === 0)
    return { ...told, isStarted: false, said: (head ?? "").replace(/^watcher \d+\n/, "").trim() };
  const after = rest.join("started\n");
  const begun = { ...told, isStarted: true };
  const found = /^([\s\S]*?)\nstatus (\d+)\n[^\n]*\n([^\n]*)/.exec(after);
  if (found === null) return { ...begun, said: after.trim() };
  const [, said = "", status = "", children = ""] = found;
  const cpuSeconds = secondsOf(children);
  const code = Number(status);
  const signal = said.trim() !== "" && code > 128 ? signalName(code - 128) : undefined;
  return {
    ...begun,
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
