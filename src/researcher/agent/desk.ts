/** Where an agent works: what the composition root provides for one experiment. */

import type { Brief } from "../../core/brief.ts";
import type { Clock } from "../../core/clock.ts";
import type { ModelCall } from "../../core/provider.ts";
import type { Exit, SandboxCommand } from "../../core/sandbox.ts";
import type { Access, McpServer } from "./preset.ts";

export interface AgentRun extends Pick<SandboxCommand, "line" | "onLine" | "onChannel"> {
  /** Beside PATH, LANG, HOME and TMPDIR. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Desk {
  /** Empty but for the login's files; the desk and all in it are gone afterwards. */
  readonly home: string;
  readonly access: Access;
  /** What the gateway saw so far; empty for an agent that uses its login. */
  readonly calls: readonly ModelCall[];
  readonly isWalled: boolean;
  /** Tools beside the agent's own. */
  readonly mcpServers: readonly McpServer[];
  /** Programs by name, as found on PATH. */
  readonly found: Readonly<Record<string, string>>;
  /** Writes files below the home. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** As `Sandbox.exec`, in the workspace. */
  exec(run: AgentRun, signal: AbortSignal): Promise<Exit>;
}

export interface Host {
  readonly clock: Clock;
  /** Why an agent that may need so much memory cannot be started now, in words; undefined when it can. */
  shortage(memoryBytes: number): string | undefined;
  /** The desk is cleared away when `work` has ended, whatever it did. */
  atDesk<Result>(brief: Brief, workspacePath: string, work: (desk: Desk) => Promise<Result>): Promise<Result>;
}
