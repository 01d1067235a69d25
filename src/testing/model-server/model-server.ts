/** A scripted model on loopback that speaks the four wires, streaming and not, and logs exactly what it counted. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import type { TokenUsage, Wire } from "../../core/provider.ts";
import { type Answerer, countTokens, decide } from "./answer.ts";
import { argumentsText, type ModelRequest, objectIn, type Reply, textOf } from "./model-request.ts";
import { errorCode, FORMATS, sideAnswer, wireOf } from "./routes.ts";
import { ScriptReader } from "./script.ts";

export interface ModelServerOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** Asked where a prompt holds no script. Without it: the text "Done.". */
  readonly answer?: Answerer;
  /** What a call is said to have used. Without it: a number that follows from the bytes of the request. */
  readonly usage?: (request: ModelRequest) => TokenUsage;
  /** Any other key gets 401. */
  readonly requireKey?: string;
  /** Writes answers in pieces of so many bytes, splitting characters and frames anywhere. */
  readonly writeBytes?: number;
  readonly models?: readonly string[];
  /** Keeps the body of each request in `calls`. */
  readonly keepsBodies?: boolean;
}

/** One call as the server saw it. */
export interface ServedCall {
  readonly number: number;
  readonly requestId: string;
  readonly wire: Wire;
  readonly model: string;
  readonly path: string;
  readonly isStreaming: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string;
  readonly body?: Buffer;
  readonly script?: string;
  readonly step?: number;
  /** What is wrong with the script or the tools; a test that sees one looks here. */
  readonly problem?: string;
  status: number;
  /** `open` until the answer ended; `left`: the client went away first. */
  end: "open" | "whole" | "error" | "cut" | "left";
  /** What a whole answer said was used; zero for every other end. */
  usage: TokenUsage;
}

export interface ModelServer {
  readonly origin: string;
  readonly calls: readonly ServedCall[];
  /** Other requests, as `GET /v1/models`. */
  readonly otherRequests: readonly string[];
  /** Ends what is under way. */
  close(): Promise<void>;
}

export async function openModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const calls: ServedCall[] = [];
  const otherRequests: string[] = [];
  const reader = new ScriptReader();
  const server = createServer((request, response) => {
    serve(request, response, { options, calls, otherRequests, reader }).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, JSON_TYPE);
      response.end(JSON.stringify({ error: { message: String(error) } }));
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    calls,
    otherRequests,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const JSON_TYPE = { "content-type": "application/json" };
const NOTHING: TokenUsage = {
  freshTokens: 0,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
};

interface Serving {
  readonly options: ModelServerOptions;
  readonly calls: ServedCall[];
  readonly otherRequests: string[];
  readonly reader: ScriptReader;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function serve(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const method = request.method ?? "GET";
  const wire = wireOf(method, url.pathname);
  const bytes = await bodyOf(request);
  if (wire === undefined) {
    serving.otherRequests.push(`${method} ${url.pathname}`);
    const answer = sideAnswer(method, url.pathname, serving.options.models ?? ["fake-model"]);
    response.writeHead(answer === undefined ? 404 : 200, JSON_TYPE);
    response.end(JSON.stringify(answer ?? { error: { message: `nothing at ${url.pathname}` } }));
    return;
  }
  const asked = readRequest(wire, url, bytes);
  const decided = await decide(asked, serving.reader, serving.options.answer);
  const { answer, ...told } = decided;
  const usage = usageFor(asked, serving.options, answer);
  const number = serving.calls.length + 1;
  const requestId = `req_${number}`;
  const call: ServedCall = {
    ...{ number, requestId, wire, model: asked.model, path: url.pathname, isStreaming: asked.isStreaming },
    headers: Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)])),
    key: keyOf(request, url),
    ...told,
    ...(serving.options.keepsBodies ? { body: bytes } : {}),
    ...{ status: 200, end: "open", usage: NOTHING },
  };
  serving.calls.push(call);
  response.once("close", () => {
    if (call.end === "open") call.end = "left";
  });
  const sending: Sending = { response, call, url, reply: { request: asked, answer, usage, requestId } };
  const { requireKey, writeBytes } = serving.options;
  if (requireKey !== undefined && call.key !== requireKey) return sendError(sending, { status: 401 });
  if (answer.fault?.kind === "error") return sendError(sending, answer.fault);
  await (asked.isStreaming ? sendStream(sending, writeBytes) : sendWhole(sending));
}

function readRequest(wire: Wire, url: URL, bytes: Buffer): ModelRequest {
  const body = objectIn(JSON.parse(bytes.toString("utf8")));
  return { wire, bodyBytes: bytes.length, ...FORMATS[wire].parse(body, url) };
}

function usageFor(request: ModelRequest, options: ModelServerOptions, answer: Reply["answer"]): TokenUsage {
  const said = [textOf(answer), ...(answer.toolCalls ?? []).map(argumentsText)].join("");
  return { ...(options.usage?.(request) ?? countTokens(request, said)), ...answer.usage };
}

function keyOf({ headers }: IncomingMessage, url: URL): string {
  const named = headers["x-api-key"] ?? headers["x-goog-api-key"] ?? url.searchParams.get("key");
  return String(named ?? headers.authorization?.replace(/^Bearer /i, "") ?? "");
}

interface Sending {
  readonly response: ServerResponse;
  readonly call: ServedCall;
  readonly url: URL;
  readonly reply: Reply;
}

function sendError(
  { response, call }: Sending,
  fault: { status: number; code?: string; retryAfterSeconds?: number },
): void {
  const { status, retryAfterSeconds } = fault;
  const code = fault.code ?? errorCode(call.wire, status);
  call.status = status;
  call.end = "error";
  const wait = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  response.writeHead(status, { ...JSON_TYPE, ...wait, "x-request-id": call.requestId });
  response.end(JSON.stringify(FORMATS[call.wire].error(status, code, `scripted error ${status}`)));
}

async function sendWhole({ response, call, reply }: Sending): Promise<void> {
  const { fault, hold } = reply.answer;
  if (fault?.kind === "hang") return;
  await hold;
  const body = Buffer.from(JSON.stringify(FORMATS[call.wire].whole(reply)));
  const head = { ...JSON_TYPE, "content-length": body.length, "x-request-id": call.requestId };
  response.writeHead(200, head);
  if (fault?.kind === "cut") {
    call.end = "cut";
    await cut(response, body.subarray(0, Math.floor(body.length / 2)));
    return;
  }
  finish(call, reply);
  response.end(body);
}

async function sendStream({ response, call, url, reply }: Sending, writeBytes?: number): Promise<void> {
  const { fault, hold } = reply.answer;
  const isArray = call.wire === "gemini" && url.searchParams.get("alt") !== "sse";
  const frames = isArray ? arrayFrames(FORMATS.gemini.events(reply)) : FORMATS[call.wire].events(reply);
  const type = isArray ? JSON_TYPE : { "content-type": "text/event-stream" };
  response.writeHead(200, { ...type, "cache-control": "no-cache", "x-request-id": call.requestId });
  const half = Math.max(1, Math.floor(frames.length / 2));
  await write(
    response,
    fault?.kind === "hang" ? (frames[0] ?? "") : frames.slice(0, half).join(""),
    writeBytes,
  );
  if (fault?.kind === "hang") return;
  if (fault?.kind === "cut") {
    call.end = "cut";
    await cut(response, Buffer.alloc(0));
    return;
  }
  await hold;
  finish(call, reply);
  await write(response, frames.slice(half).join(""), writeBytes);
  response.end();
}

/** Without `alt=sse` Gemini streams one JSON array, an element at a time. */
function arrayFrames(frames: readonly string[]): string[] {
  const elements = frames.map((frame) => frame.replace(/^data: /, "").trimEnd());
  return elements.map((element, index) => {
    const isLast = index === elements.length - 1;
    return `${index === 0 ? "[" : ",\r\n"}${element}${isLast ? "]" : ""}`;
  });
}

function finish(call: ServedCall, reply: Reply): void {
  call.end = "whole";
  const isCounted = call.wire !== "openai_chat" || !call.isStreaming || reply.request.wantsUsage;
  if (isCounted) call.usage = reply.usage;
}

async function write(response: ServerResponse, text: string, writeBytes?: number): Promise<void> {
  const bytes = Buffer.from(text);
  const size = writeBytes ?? Math.max(bytes.length, 1);
  for (let at = 0; at < bytes.length && !response.destroyed; at += size) {
    const isTaken = response.write(bytes.subarray(at, at + size));
    if (!isTaken) await Promise.race([once(response, "drain"), once(response, "close")]);
    // Each piece gets a packet of its own only if the loop turns in between.
    else if (writeBytes !== undefined) await turn();
  }
}

/** Breaks the connection when what came before is out. */
async function cut(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (bytes.length > 0) await new Promise((resolve) => response.write(bytes, resolve));
  else response.flushHeaders();
  await turn();
  response.destroy();
}
