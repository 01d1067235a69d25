/** What nightlab must know of a coding agent to start it and to read what it says. The agents themselves are in presets.ts. */

import type { Wire } from "../../core/provider.ts";
import type { Reader } from "./said.ts";

/** Stands in arguments for the prompt, which is read from a file: it may be longer than a line of a shell is pleasant. */
export const PROMPT = "\0prompt";

/** How an agent reaches its model: by the gateway, or by its own login. */
export type Access =
  | {
      readonly kind: "metered";
      readonly wire: Wire;
      readonly baseUrl: string;
      readonly key: string;
      /** Of every wire the gateway has a provider for. */
      readonly baseUrls: Readonly<Partial<Record<Wire, string>>>;
    }
  | { readonly kind: "login" };

export interface McpServer {
  readonly name: string;
  /** Absolute path of a program that speaks MCP over its stdin and stdout. */
  readonly command: string;
  readonly args: readonly string[];
}

/** What one start depends on. */
export interface Task {
  readonly access: Access;
  /** As its provider calls it; absent: the agent's own choice. */
  readonly model?: string;
  readonly home: string;
  readonly workspace: string;
  /** A sandbox stands around the agent: its own one would fail inside, and is not needed. */
  readonly isWalled: boolean;
  readonly mcpServers: readonly McpServer[];
  /** Programs that others start, by name, as they were found on PATH. */
  readonly found: Readonly<Record<string, string>>;
}

/** Arguments without the program, environment beside HOME, TMPDIR and PATH, and files below the home. */
export interface Start {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  /** A file below the home that is printed as a last line when the agent has ended. */
  readonly printedAfter?: string;
  /** Mode of an ACP session: one in which it asks for as little as may be, and no second model decides. */
  readonly sessionMode?: string;
}

export interface AcpWay {
  /** The program on PATH that speaks ACP; what to install for it when it is another than the agent's own. */
  readonly program: string;
  readonly install?: string;
  start(task: Task): Start;
}

export interface Preset {
  readonly name: string;
  readonly program: string;
  readonly versionArgs: readonly string[];
  readonly install: string;
  /** Wires it speaks, the preferred one first. */
  readonly wires: readonly Wire[];
  /** Its own login: files below the home and names in the environment that hold it, and how the user makes one. */
  readonly login: {
    readonly files: readonly string[];
    readonly env: readonly string[];
    readonly how: string;
  };
  /** It has no model of its own choice when it does not use its login. */
  readonly needsModel: boolean;
  /** Proportional set size at its peak as measured, bytes. */
  readonly memoryBytes: number;
  /** Which way `mode` left out means, where both are there. */
  readonly prefers: "headless" | "acp";
  headless(task: Task): Start;
  /** Reads what the headless command prints. */
  reader(): Reader;
  readonly acp?: AcpWay;
}
