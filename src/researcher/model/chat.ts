/** What the model researcher needs of a model: a conversation with tools. Adapters stand behind it. */

import type { z } from "zod";
import type { CallEnd } from "../../core/provider.ts";

/** A tool the model may call. `run` gives what the model reads; it never throws for what the model asked. */
export interface ChatTool {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType;
  run(input: unknown): Promise<string>;
}

export interface ChatAnswer {
  readonly text: string;
  /** Tools it called; they have run, and their results are told with the next answer that is asked for. */
  readonly toolCalls: number;
}

/**
 * Contract: `answer` makes one call to the model. It throws a CallFailure for whatever went wrong on the way, and the
 * conversation is then as it was before, so that asking again is safe.
 */
export interface Chat {
  say(text: string): void;
  answer(signal: AbortSignal): Promise<ChatAnswer>;
}

export interface ChatOptions {
  /** The same for every experiment of a role: providers cache it. */
  readonly instructions: string;
  readonly tools: readonly ChatTool[];
}

/** A call that gave no answer. `status` is that of HTTP. */
export class CallFailure extends Error {
  override readonly name = "CallFailure";
  readonly end: Exclude<CallEnd, "ok">;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    about: { end: CallFailure["end"]; status?: number | undefined; retryAfterMs?: number | undefined },
  ) {
    super(message);
    this.end = about.end;
    this.status = about.status;
    this.retryAfterMs = about.retryAfterMs;
  }
}
