/** Seam: where a command runs, and how it ended. */

import type { Resources } from "./metric.ts";

/** What a command may write to its result descriptor; `Exit.resultText` holds one byte more of what is longer. */
export const RESULT_BYTES = 64 * 1024;

export interface SandboxCommand {
  /** A line for `sh -c`. */
  readonly line: string;
  readonly cwd: string;
  /** The whole environment; nothing is inherited. PATH must be in it. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute paths the command may write (cwd is not implied). */
  readonly writable: readonly string[];
  /** Absolute paths outside the system folders that it must be able to read (linked folders, tool chains). */
  readonly readable: readonly string[];
  /** Absolute paths it must not see, where the sandbox can hide them. */
  readonly hidden: readonly string[];
  /** Combined stdout and stderr are appended here, up to the output limit. */
  readonly logPath?: string;
  /** Called for every complete line of stdout while the command runs. Must not throw. */
  readonly onLine?: (line: string) => void;
  /** Descriptor 3 is a socket for the result, which no path names; without this it is closed. */
  readonly hasResult?: boolean;
  /** Given stdin and stdout of the command, which then are neither closed nor logged. Never together with `hasResult`. */
  readonly onChannel?: (input: WritableStream<Uint8Array>, output: ReadableStream<Uint8Array>) => void;
  /** Unix sockets it may connect to; others that somebody listens on are out of reach where the sandbox can hide them. */
  readonly sockets?: readonly string[];
}

export interface SandboxLimits {
  readonly timeMs: number;
  readonly memoryBytes?: number;
  readonly outputBytes: number;
  readonly network: "none" | "host";
}

/** How a command ended; the first cause wins. An absent exit code is absent, not zero. */
export type Ending =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: string }
  | { readonly kind: "timed_out" }
  | { readonly kind: "out_of_memory" | "out_of_disk" }
  | { readonly kind: "cancelled" }
  | { readonly kind: "not_started"; readonly reason: string };

export interface Exit {
  readonly ending: Ending;
  readonly resources: Resources;
  /** Last part of stdout and stderr together, at most 16 KiB. */
  readonly outputTail: string;
  /** stdout alone, at most 1 MiB from its end: where metric lines are looked for. */
  readonly stdoutTail: string;
  readonly resultText?: string;
  readonly isOutputCut: boolean;
}

/** What a sandbox keeps a command from doing, and what not; shown by doctor and in the report. */
export interface Containment {
  readonly covered: readonly string[];
  readonly notCovered: readonly string[];
}

/**
 * Contract: `exec` resolves for anything the command does, and rejects only for a bug of ours. When it resolves, every
 * descendant is gone, also those that called setsid, as far as `containment` covers it. Aborting `signal` ends the
 * command as `cancelled`. stdin is closed, unless it is a channel. Concurrent calls are independent.
 */
export interface Sandbox {
  readonly name: string;
  readonly containment: Containment;
  exec(command: SandboxCommand, limits: SandboxLimits, signal: AbortSignal): Promise<Exit>;
}
