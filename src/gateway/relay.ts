/** One call passed on: the request to the provider, the answer to the client, and what was read of it on the way. */

import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { Clock } from "../core/clock.ts";
import { classify, type Failed } from "./classify.ts";
import { dataOf, FrameCutter } from "./frames.ts";
import { IdleWatch } from "./idle-watch.ts";
import { objectIn, objectsIn, parsed } from "./json.ts";
import { type AskedCall, asksForUsage, MAX_BODY_BYTES } from "./request.ts";
import { bodyOf, type Forwarded, headersBack, type Upstreams } from "./upstream.ts";
import { note, nothingSeen, type Seen } from "./usage.ts";
import { errorBody } from "./wires.ts";

/** Why a call was broken off from this side. */
type BreakReason = "client" | "closed" | "silent";

/** What came of a call. Nothing the client waits for is sent before `deliver`: the end of the answer is held back. */
export interface Relayed {
  readonly seen: Seen;
  /** `ended`: the provider closed its answer. `broken`: the connection broke. `unreachable`: no answer began. */
  readonly how: "ended" | "broken" | "unreachable" | BreakReason;
  /** Set where the provider answered with an error. */
  readonly failed?: Failed;
  readonly detail?: string;
  deliver(): void;
}

export interface Relaying {
  readonly asked: AskedCall;
  readonly forwarded: Omit<Forwarded, "signal">;
  readonly response: ServerResponse;
  /** Aborted when the client left or its access was closed; the reason says which. */
  readonly signal: AbortSignal;
  readonly upstreams: Upstreams;
  readonly clock: Clock;
  readonly idleMs: number;
}

/** Passes a call on. Rejects only for bugs: whatever the provider or the network does is in what it resolves to. */
export async function relay(relaying: Relaying): Promise<Relayed> {
  const silence = new AbortController();
  const watch = new IdleWatch(relaying.clock, relaying.idleMs, () => silence.abort("silent"));
  const signal = AbortSignal.any([relaying.signal, silence.signal]);
  try {
    return await relayWatched(relaying, watch, signal);
  } finally {
    watch.stop();
  }
}

async function relayWatched(relaying: Relaying, watch: IdleWatch, signal: AbortSignal): Promise<Relayed> {
  let answer: IncomingMessage;
  try {
    answer = await relaying.upstreams.send({ ...relaying.forwarded, signal });
  } catch (error) {
    return notAnswered(relaying, signal, error);
  }
  watch.heard();
  const status = answer.statusCode ?? 0;
  const type = String(answer.headers["content-type"] ?? "");
  if (status < 400 && type.includes("text/event-stream"))
    return relayStream(relaying, { answer, watch, signal });
  return relayWhole(relaying, { answer, watch, signal });
}

interface Answering {
  readonly answer: IncomingMessage;
  readonly watch: IdleWatch;
  readonly signal: AbortSignal;
}

const reasonOf = (signal: AbortSignal): BreakReason | undefined =>
  signal.aborted ? (signal.reason as BreakReason) : undefined;

function notAnswered({ asked, response }: Relaying, signal: AbortSignal, error: unknown): Relayed {
  const reason = reasonOf(signal);
  const { code, message } = error as NodeJS.ErrnoException;
  const detail = `the provider cannot be reached: ${code ?? message}`;
  const deliver = (): void => {
    if (reason !== undefined) response.destroy();
    else sendText(response, 502, errorBody(asked.wire, 502, detail));
  };
  const seen = nothingSeen();
  return { seen, how: reason ?? "unreachable", ...(reason === undefined ? { detail } : {}), deliver };
}

export function sendText(response: ServerResponse, status: number, body: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json", "x-should-retry": String(status >= 500) });
  response.end(body);
}

/** An answer in one piece, or an error: small enough to be held until it is written down. */
async function relayWhole(relaying: Relaying, answering: Answering): Promise<Relayed> {
  const { asked, response, clock, forwarded } = relaying;
  const { answer, watch, signal } = answering;
  const seen = nothingSeen();
  const secret = forwarded.upstream.apiKey;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of bodyOf(answer)) {
      watch.heard();
      length += (chunk as Buffer).length;
      if (length > MAX_BODY_BYTES) throw new Error("the answer is larger than 64 MiB");
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    const detail = (error as Error).message;
    return { seen, how: reasonOf(signal) ?? "broken", detail, deliver: () => response.destroy() };
  }
  const body = withoutSecret(Buffer.concat(chunks), secret);
  const status = answer.statusCode ?? 502;
  const deliver = (): void => {
    response.writeHead(status, { ...headersBack(answer.headers, secret), "content-length": body.length });
    response.end(body);
  };
  if (status >= 300) {
    const text = body.toString("utf8");
    const failed = classify({
      wire: asked.wire,
      status,
      headers: answer.headers,
      body: text,
      nowMs: clock.now(),
    });
    return { seen, how: "ended", failed, deliver };
  }
  // Gemini streams an array of answers where it is not asked for events.
  const value = parsed(body.toString("utf8"));
  for (const part of Array.isArray(value) ? objectsIn(value) : [objectIn(value)])
    note(asked.wire, seen, part);
  // Whatever can be read has arrived whole.
  seen.isComplete = value !== undefined;
  return { seen, how: "ended", deliver };
}

/** A stream, frame by frame as it comes; from the frame that ends the answer on, it is held. */
async function relayStream(relaying: Relaying, { answer, watch, signal }: Answering): Promise<Relayed> {
  const { response, forwarded } = relaying;
  const reader = new StreamReader(relaying);
  response.writeHead(answer.statusCode ?? 200, headersBack(answer.headers, forwarded.upstream.apiKey));
  response.flushHeaders();
  const stream = bodyOf(answer);
  let how: Relayed["how"] = "ended";
  try {
    for await (const chunk of stream as Readable & AsyncIterable<Buffer>) {
      watch.heard();
      await send(response, reader.read(chunk), signal);
    }
    await send(response, reader.end(), signal);
  } catch {
    how = reasonOf(signal) ?? "broken";
  }
  const deliver = (): void => {
    for (const frame of reader.held) response.write(frame);
    // A cut answer is cut for the client too: a clean end would pass for a whole one.
    if (how === "ended" || reader.seen.isComplete) response.end();
    else response.destroy();
  };
  return { seen: reader.seen, how, deliver };
}

/** Writes, and waits where the client is slower than the provider. */
async function send(response: ServerResponse, frames: readonly Buffer[], signal: AbortSignal): Promise<void> {
  if (frames.length === 0) return;
  const [only] = frames;
  const isTaken = response.write(frames.length === 1 ? only : Buffer.concat(frames));
  if (!isTaken) await once(response, "drain", { signal });
}

class StreamReader {
  readonly seen: Seen = nothingSeen();
  readonly held: Buffer[] = [];
  readonly #cutter = new FrameCutter();
  readonly #relaying: Relaying;
  /** The client did not ask for the usage, so it must not see the frame that holds it. */
  readonly #hidesUsage: boolean;

  constructor(relaying: Relaying) {
    this.#relaying = relaying;
    this.#hidesUsage = relaying.asked.wire === "openai_chat" && !asksForUsage(relaying.asked);
  }

  /** What may go on to the client now. */
  read(chunk: Buffer): Buffer[] {
    return this.#cutter.cut(chunk).flatMap((frame) => this.#take(frame));
  }

  end(): Buffer[] {
    const rest = this.#cutter.rest();
    return rest.length === 0 ? [] : this.#take(rest);
  }

  #take(frame: Buffer): Buffer[] {
    const { asked, forwarded } = this.#relaying;
    const data = dataOf(frame);
    let role: ReturnType<typeof note> = "part";
    if (data === "[DONE]") {
      this.seen.isComplete = true;
      role = "last";
    } else if (data !== undefined) role = note(asked.wire, this.seen, objectIn(parsed(data)));
    if (role === "usage" && this.#hidesUsage) return [];
    const shown = withoutSecret(frame, forwarded.upstream.apiKey);
    if (role !== "last" && this.held.length === 0) return [shown];
    this.held.push(shown);
    return [];
  }
}

/** Some providers repeat a wrong key in their error. */
function withoutSecret(bytes: Buffer, secret: string | undefined): Buffer {
  if (secret === undefined || secret === "" || !bytes.includes(secret)) return bytes;
  return Buffer.from(bytes.toString("utf8").replaceAll(secret, "[key]"));
}
