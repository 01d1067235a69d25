/** Seam: who proposes changes. */

import type { Brief } from "./brief.ts";
import type { Idea } from "./experiment.ts";
import type { ModelCall } from "./provider.ts";

/**
 * `reported`: what a researcher whose calls no gateway sees says it used.
 * `complaint`: what went wrong beside it; the cause where nothing was changed.
 * `exhausted`: this researcher has nothing more to propose in this run, do not ask again.
 * `retryAfterMs`: ask again no sooner than that (quota).
 */
export type Proposal = { readonly reported?: readonly ModelCall[] } & (
  | { readonly kind: "idea"; readonly idea: Idea; readonly complaint?: string }
  | { readonly kind: "gave_up"; readonly reason: string; exhausted?: boolean; retryAfterMs?: number }
);

export type Answer =
  | { readonly kind: "text"; readonly text: string; readonly reported?: readonly ModelCall[] }
  | Extract<Proposal, { kind: "gave_up" }>;

/**
 * Contract: given a brief, `propose` edits files below `workspacePath` and returns the idea, or gives up. It never
 * throws for what a model or command did, writes nowhere else, and ends soon after `signal` aborts. Its word about
 * success is ignored. Calls may overlap; each has its own workspace.
 */
export interface Researcher {
  /** Unique in a study, e.g. `tuner` or `claude/architect`. */
  readonly name: string;
  /** Name of its role in program.md, and whether it is shown what past attempts changed. */
  readonly role?: string;
  readonly readsDiffs?: boolean;
  propose(brief: Brief, workspacePath: string, signal: AbortSignal): Promise<Proposal>;
  /** Answers a question about the study; what it edits is thrown away. The rest of the contract is the same. */
  answer?(brief: Brief, question: string, workspacePath: string, signal: AbortSignal): Promise<Answer>;
}
