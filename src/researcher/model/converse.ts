/** One conversation from brief to change: answers, retries after short faults, and an end in any case. */

import type { Clock } from "../../core/clock.ts";
import { CallFailure, type Chat, type ChatAnswer } from "./chat.ts";
import type { Draft } from "./draft.ts";
import { lastAnswers, NO_CHANGE } from "./instructions.ts";
import { spokenProposal } from "./spoken-proposal.ts";

export const MAX_ANSWERS = 24;
/** So many before the end the model is told to propose. */
export const WARN_AT = 3;
/** Waits before a call is made again, where it may succeed soon; longer ones are left to whoever gives out the turns. */
const RETRY_MS = [2000, 8000];
const LONGEST_WAIT_MS = 20_000;
const SOON: readonly CallFailure["end"][] = [
  "rate_limited",
  "overloaded",
  "server_error",
  "cut",
  "unreachable",
];

export interface Conversation {
  readonly chat: Chat;
  readonly draft: Draft;
  readonly clock: Clock;
  readonly name: string;
}

/** Why there is no change, or undefined once the draft has its idea. Throws the CallFailure of a call that stays broken. */
export async function converse(
  { chat, draft, clock, name }: Conversation,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (let left = MAX_ANSWERS; left > 0; left -= 1) {
    if (left === WARN_AT) chat.say(lastAnswers(left));
    const answer = await answered({ chat, clock }, signal);
    if (draft.idea === undefined && answer.toolCalls === 0) {
      const spoken = spokenProposal(answer.text, name);
      const reply = spoken === undefined ? draft.miss(NO_CHANGE) : await draft.attempt(spoken);
      if (draft.idea === undefined) chat.say(reply);
    }
    if (draft.idea !== undefined) return undefined;
    if (draft.givenUp !== undefined) return draft.givenUp;
  }
  return `no change was proposed in ${MAX_ANSWERS} answers`;
}

/** One answer, asked for again after short faults. */
export async function answered(
  { chat, clock }: { chat: Chat; clock: Clock },
  signal: AbortSignal,
): Promise<ChatAnswer> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await chat.answer(signal);
    } catch (error) {
      const backOffMs = RETRY_MS[tries];
      if (!(error instanceof CallFailure) || !SOON.includes(error.end) || backOffMs === undefined)
        throw error;
      const waitMs = Math.max(backOffMs, error.retryAfterMs ?? 0);
      if (signal.aborted || waitMs > LONGEST_WAIT_MS) throw error;
      await clock.delay(waitMs, signal);
    }
  }
}
