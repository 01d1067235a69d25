/** A model as a researcher: it reads the workspace, proposes edits, and its calls go through metered access. */

import type { Brief } from "../../core/brief.ts";
import type { Clock } from "../../core/clock.ts";
import type { ExperimentId } from "../../core/experiment.ts";
import type { ModelAccess, ModelCall } from "../../core/provider.ts";
import type { Answer, Proposal, Researcher } from "../../core/researcher.ts";
import { globMatcher } from "../../core/scope.ts";
import { shortLine } from "../../text/untrusted.ts";
import { briefParts } from "../brief-text.ts";
import { CallFailure, type Chat, type ChatOptions } from "./chat.ts";
import { answered, converse, MAX_ANSWERS, WARN_AT } from "./converse.ts";
import { Desk } from "./desk.ts";
import { Draft } from "./draft.ts";
import { INSTRUCTIONS, PROPOSE_DESCRIPTION } from "./instructions.ts";
import { proposalSchema } from "./proposal.ts";

export interface ModelResearcherOptions {
  /** Such as `openai/gpt-5` or `openai/gpt-5/theorist`. */
  readonly name: string;
  readonly role?: string;
  readonly clock: Clock;
  readonly openAccess: (experiment: ExperimentId) => ModelAccess;
  readonly openChat: (access: ModelAccess, options: ChatOptions) => Promise<Chat>;
  /** The whole conversation may take so long. */
  readonly totalMs: number;
  /** What to type when the provider refuses the key or knows no such model. */
  readonly next: { readonly unauthorized: string; readonly unknownModel: string };
}

export function modelResearcher(options: ModelResearcherOptions): Researcher {
  const { name, role } = options;
  const counted = { limitedInARow: 0 };
  return {
    name,
    readsDiffs: true,
    ...(role === undefined ? {} : { role }),
    propose: (brief, workspacePath, signal) =>
      converseInTime(options, { brief, counted, signal }, (access, within) =>
        propose(options, { access, brief, workspacePath }, within),
      ),
    answer: (brief, question, workspacePath, signal) =>
      converseInTime(options, { brief, counted, signal }, (access, within) =>
        answer(options, { access, brief, workspacePath, question }, within),
      ),
  };
}

type GaveUp = Extract<Proposal, { kind: "gave_up" }>;

/** Opens the way to the model for one conversation; whatever goes wrong in it is a sentence and a wait. */
async function converseInTime<Said>(
  options: ModelResearcherOptions,
  { brief, counted, signal }: { brief: Brief; counted: { limitedInARow: number }; signal: AbortSignal },
  talk: (access: ModelAccess, within: AbortSignal) => Promise<Said>,
): Promise<Said | GaveUp> {
  const { name, clock, totalMs } = options;
  const [late, ended] = [new AbortController(), new AbortController()];
  void clock.delay(totalMs, ended.signal).then(() => ended.signal.aborted || late.abort());
  const access = options.openAccess(brief.experiment);
  try {
    const said = await talk(access, AbortSignal.any([signal, late.signal]));
    counted.limitedInARow = 0;
    return said;
  } catch (error) {
    if (late.signal.aborted) {
      const minutes = Math.round(totalMs / 60_000);
      return { kind: "gave_up", reason: `${name}: it took longer than ${minutes} minutes` };
    }
    const { end, message, status, retryAfterMs } = asFailure(error);
    const told = lastCall(access, end);
    const known = { end: told?.end ?? end, message: told?.detail ?? message, status };
    counted.limitedInARow = WAITED.includes(known.end) ? counted.limitedInARow + 1 : 0;
    const waitMs = told?.retryAfterMs ?? retryAfterMs;
    return gaveUp(options, { ...known, retryAfterMs: waitMs, inARow: counted.limitedInARow });
  } finally {
    ended.abort();
    access.close();
  }
}

/** The workspace may be read for it; the last answer without a call of a tool counts. */
async function answer(
  { name, openChat, clock }: ModelResearcherOptions,
  about: { access: ModelAccess; brief: Brief; workspacePath: string; question: string },
  signal: AbortSignal,
): Promise<Answer> {
  const { access, brief, workspacePath: root, question } = about;
  const { stable, changing } = briefParts(brief);
  const chat = await openChat(access, {
    instructions: stable,
    tools: new Desk({ root, hidden: brief.program.holdoutFiles }).tools(),
  });
  chat.say(`${changing}\n\n# Your task\n\n${question}`);
  for (let left = MAX_ANSWERS; left > 0; left -= 1) {
    const { text, toolCalls } = await answered({ chat, clock }, signal);
    if (toolCalls === 0) return { kind: "text", text };
    if (left === WARN_AT) chat.say("Answer now, without reading more.");
  }
  return { kind: "gave_up", reason: `${name} gave no answer in ${MAX_ANSWERS} turns` };
}

async function propose(
  { name, openChat, clock }: ModelResearcherOptions,
  about: { access: ModelAccess; brief: Brief; workspacePath: string },
  signal: AbortSignal,
): Promise<Proposal> {
  const { access, brief, workspacePath: root } = about;
  const hidden = brief.program.holdoutFiles;
  const draft = new Draft({ root, program: brief.program, isHidden: globMatcher(hidden) });
  const { stable, changing } = briefParts(brief);
  const chat = await openChat(access, {
    instructions: `${INSTRUCTIONS}\n\n${stable}`,
    tools: [
      ...new Desk({ root, hidden }).tools(),
      {
        name: "propose_change",
        description: PROPOSE_DESCRIPTION,
        schema: proposalSchema,
        run: async (input) => await draft.attempt(proposalSchema.parse(input)),
      },
    ],
  });
  chat.say(changing);
  const problem = await converse({ chat, draft, clock, name }, signal);
  if (draft.idea !== undefined) return { kind: "idea", idea: draft.idea };
  return { kind: "gave_up", reason: `${name} proposed no change: ${shortLine(problem ?? "", 300)}` };
}

// --- what went wrong ---

/** The gateway classed the call that failed, if one stands between. */
function lastCall(
  { calls }: ModelAccess,
  end: CallFailure["end"],
): (ModelCall & { end: CallFailure["end"] }) | undefined {
  const call = calls.at(-1);
  return call === undefined || call.end === "ok" || end === "cancelled"
    ? undefined
    : { ...call, end: call.end };
}

function asFailure(error: unknown): CallFailure {
  return error instanceof CallFailure ? error : new CallFailure(String(error), { end: "bad_request" });
}

/** Ends after which waiting helps, with the first wait where the provider names none; it doubles each time in a row. */
const FIRST_WAIT_MS: Partial<Record<CallFailure["end"], number>> = {
  rate_limited: 60_000,
  quota: 15 * 60_000,
  overloaded: 30_000,
  server_error: 30_000,
  unreachable: 30_000,
};
const WAITED = Object.keys(FIRST_WAIT_MS) as readonly CallFailure["end"][];
const LONGEST_WAIT_MS = 60 * 60_000;

const WORDS: Record<CallFailure["end"], string> = {
  unauthorized: "the provider refuses the key",
  rate_limited: "the provider limits the rate",
  quota: "the quota of the provider is used up",
  overloaded: "the provider is overloaded",
  server_error: "the provider failed",
  bad_request: "the provider refuses the request",
  cut: "the answer broke off",
  unreachable: "the provider cannot be reached",
  over_budget: "the budget for models is spent",
  cancelled: "called off",
};

function gaveUp(
  { name, next }: ModelResearcherOptions,
  failure: Pick<CallFailure, "end" | "message" | "status" | "retryAfterMs"> & { inARow: number },
): GaveUp {
  const { end, message, status, retryAfterMs, inARow } = failure;
  const first = FIRST_WAIT_MS[end];
  const isUnknown = end === "bad_request" && status === 404;
  const todo = end === "unauthorized" ? `; ${next.unauthorized}` : isUnknown ? `; ${next.unknownModel}` : "";
  const reason = `${name}: ${WORDS[end]}${status === undefined ? "" : ` (${status})`}: ${shortLine(message, 300)}${todo}`;
  if (end === "unauthorized" || isUnknown) return { kind: "gave_up", reason, exhausted: true };
  if (first === undefined) return { kind: "gave_up", reason };
  const growing = Math.min(LONGEST_WAIT_MS, first * 2 ** Math.max(0, inARow - 1));
  return { kind: "gave_up", reason, retryAfterMs: Math.max(1000, retryAfterMs ?? growing) };
}
