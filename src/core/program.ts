/** The parsed program.md: what the machine needs and what the organisation says. Knows no file; parsing is in src/program/. */

import type { Constraint, MetricSpec } from "./metric.ts";
import type { Wire } from "./provider.ts";

export type Risk = "strict" | "cautious" | "balanced" | "bold";

/** Hard limits of a run; a missing key is no limit. */
export interface BudgetSpec {
  readonly experiments?: number;
  readonly measurements?: number;
  readonly timeMs?: number;
  /** Local wall time "HH:MM": the run ends at the next such moment after its start. */
  readonly until?: string;
  readonly usd?: number;
  readonly tokens?: number;
  /** End the run after this many experiments in a row without a keep. */
  readonly plateau?: number;
}

/** The limits of one run. */
export interface Budget extends Omit<BudgetSpec, "until"> {
  /** Moment the run ends, milliseconds since 1970, from `until`. */
  readonly deadlineMs?: number;
}

export interface CommandLimits {
  /** Wall time of one metric command. */
  readonly timeMs: number;
  readonly memoryBytes?: number;
  readonly network: "none" | "host";
  /** Output beyond this is dropped, not kept. */
  readonly outputBytes: number;
}

/** One line of `researchers:`. `share` is the least part of the experiments, 0..1; the rest goes to whoever earns most. */
export type ResearcherSpec = { readonly share?: number; readonly role?: string } & (
  | { readonly kind: "tuner" }
  | { readonly kind: "ideas" }
  | { readonly kind: "command"; readonly command: string }
  | ({ readonly kind: "agent"; readonly agent: string } & AgentSettings)
  | ({ readonly kind: "model" } & ModelSpec)
);

/** A model: `provider/name`, or as the server at `baseUrl` names it. `keyEnv`: the environment variable of its key. */
export interface ModelSpec extends Partial<Record<"baseUrl" | "keyEnv", string>> {
  readonly model: string;
  readonly wire?: Wire;
  readonly effort?: "low" | "medium" | "high";
  readonly temperature?: number;
}

/** `command`: a line that starts an agent of the user's own, which speaks ACP. Times: of one experiment, and without a sign of life. */
export interface AgentSettings extends Partial<Record<"command" | "model", string>> {
  readonly mode?: "headless" | "acp";
  readonly args?: readonly string[];
  readonly timeMs?: number;
  readonly idleMs?: number;
}

/** A `- [ ]` line of program.md, before there is code. */
export interface IdeaLine {
  /** 1-based line in program.md. */
  readonly line: number;
  readonly text: string;
  readonly done: boolean;
  /** From `(expect -0.01, 60 %)`: change of the metric as written, probability 0..1. */
  readonly forecast?: { readonly change: number; readonly probability: number };
  /** Path of a patch linked from the idea, `[patch](ideas/x.patch)`, relative to program.md. */
  readonly patch?: string;
}

export interface Section {
  readonly depth: number;
  readonly title: string;
  /** Markdown under the heading up to the next one, as written. */
  readonly text: string;
  readonly line: number;
}

/** A role file or a `### name` section under Roles. */
export interface Role {
  readonly name: string;
  readonly text: string;
  readonly path: string;
}

export interface Program {
  /** Path as given, for messages. */
  readonly path: string;
  /** The whole file as read; edits keep every other byte. */
  readonly source: string;
  readonly metric: MetricSpec;
  readonly constraints: readonly Constraint[];
  /** The metric command, a shell line; `{seed}` is replaced by the seed. */
  readonly measure: string;
  /** Harness-owned scoring of `artifact`, run in a checkout of the base commit that the candidate never enters. */
  readonly evaluate?: string;
  /** Like `evaluate`, for the final test only: held-out data. */
  readonly holdout?: string;
  /** Untracked paths of the user's checkout that `holdout` alone may see. */
  readonly holdoutFiles: readonly string[];
  /** Paths that `measure` leaves behind for `evaluate`. */
  readonly artifact: readonly string[];
  /** A JSON file the metric command writes, `{"val_bpb": 2.31}`, instead of printing. */
  readonly resultFile?: string;
  /** The scoring command writes that object to this descriptor instead. */
  readonly resultFd?: 3;
  readonly checks?: string;
  /** Run once in a checkout of the base commit; what it leaves untracked is linked into every workspace. */
  readonly setup?: string;
  /** Globs a candidate may change. */
  readonly edit: readonly string[];
  /** Globs restored from the base commit before every measurement. */
  readonly protect: readonly string[];
  /** The same for files that steer tools (package.json, conftest.py), unless `edit` names them one by one. */
  readonly steering: readonly string[];
  /** Untracked paths of the user's checkout that every workspace sees: linked (shared, read-only where contained) or copied. */
  readonly link: readonly string[];
  readonly copy: readonly string[];
  /** Environment of every command: fixed values, and names passed through from the user's. */
  readonly env: Readonly<Record<string, string>>;
  readonly passEnv: readonly string[];
  readonly limits: CommandLimits;
  readonly sandbox: "auto" | "process" | "bubblewrap";
  readonly budget: BudgetSpec;
  readonly risk: Risk;
  readonly parallel: number;
  readonly researchers: readonly ResearcherSpec[];
  /** US dollars per million tokens, by model; they win over the list that comes with nightlab. */
  readonly prices: Readonly<Record<string, { inputUsd: number; outputUsd: number; cachedUsd?: number }>>;
  readonly sections: readonly Section[];
  readonly roles: readonly Role[];
  readonly ideas: readonly IdeaLine[];
  /** Settings that were not written but inferred, as sentences for the user. */
  readonly inferred: readonly string[];
}
