/** What a client asked, in the one form all four wires are read into, and what it is answered. */

import type { TokenUsage, Wire } from "../../core/provider.ts";

/** A tool the client offers to the model. */
export interface OfferedTool {
  readonly name: string;
  /** The group some clients file tools of an MCP server under. */
  readonly namespace?: string;
  readonly description: string;
  /** JSON schema of the arguments. `freeform` tools take a plain text, `local_shell` a list of words. */
  readonly schema: JsonObject;
  readonly kind: "function" | "freeform" | "local_shell";
}

export type JsonObject = { readonly [key: string]: unknown };

/** One piece of the conversation, in order: something a person said, or what a tool gave back. */
export type Turn =
  | { readonly kind: "text"; readonly role: string; readonly text: string }
  | { readonly kind: "result"; readonly toolCallId: string; readonly text: string };

export interface ModelRequest {
  readonly wire: Wire;
  readonly model: string;
  readonly isStreaming: boolean;
  /** The client wants what OpenAI calls `include_usage`. */
  readonly wantsUsage: boolean;
  readonly turns: readonly Turn[];
  readonly tools: readonly OfferedTool[];
  readonly bodyBytes: number;
}

export interface ToolCall {
  readonly id: string;
  readonly tool: Pick<OfferedTool, "name" | "namespace" | "kind">;
  /** Text is sent as it is: the input of a freeform tool, or arguments that are no JSON. */
  readonly args: JsonObject | string;
}

/**
 * How a call goes wrong. `error`: an answer with that status. `cut`: the connection breaks in the middle of the answer.
 * `hang`: silence after the first event (before the head, where nothing is streamed), until the client goes away.
 */
export type Fault =
  | {
      readonly kind: "error";
      readonly status: number;
      readonly code?: string;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: "cut" }
  | { readonly kind: "hang" };

export interface Answer {
  readonly text?: string;
  /** Sent as text: a structured answer. */
  readonly json?: unknown;
  readonly toolCalls?: readonly ToolCall[];
  /** A call to a tool that the wire's own format cannot carry: Gemini's MALFORMED_FUNCTION_CALL. */
  readonly isMalformed?: boolean;
  readonly fault?: Fault;
  /** Overrides what `usage` of the server says. */
  readonly usage?: Partial<TokenUsage>;
  /** Awaited in the middle of a streamed answer, and before a whole one: lets a test look while a call is under way. */
  readonly hold?: Promise<unknown>;
}

/** An answer on its way out. */
export interface Reply {
  readonly request: ModelRequest;
  readonly answer: Answer;
  readonly usage: TokenUsage;
  readonly requestId: string;
}

/** One wire: how its requests are read and its answers written. */
export interface WireFormat {
  parse(body: JsonObject, url: URL): Omit<ModelRequest, "wire" | "bodyBytes">;
  whole(reply: Reply): unknown;
  /** Server-sent events, each a full frame. */
  events(reply: Reply): string[];
  error(status: number, code: string, message: string): unknown;
}

export function textOf(answer: Answer): string {
  return answer.json === undefined ? (answer.text ?? "") : JSON.stringify(answer.json);
}

/** `text` in pieces as a model streams it; never splits a character. */
export function piecesOf(text: string, pieceLength = 16): string[] {
  const characters = Array.from(text);
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += pieceLength) {
    pieces.push(characters.slice(at, at + pieceLength).join(""));
  }
  return pieces;
}

export function argumentsText({ args }: ToolCall): string {
  return typeof args === "string" ? args : JSON.stringify(args);
}

/** Anything into the list of objects it should be. */
export function objectsIn(value: unknown): JsonObject[] {
  const list = Array.isArray(value) ? value : [];
  return list.filter((one): one is JsonObject => typeof one === "object" && one !== null);
}

export function objectIn(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

export function stringIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The text of what providers let be a string or a list of parts. */
export function textIn(content: unknown): string {
  if (typeof content === "string") return content;
  return objectsIn(content)
    .map((part) => stringIn(part.text))
    .join("\n");
}
