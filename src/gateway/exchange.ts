/** One request that came to the gateway, from the door to the ledger. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../core/clock.ts";
import type { ModelCall } from "../core/provider.ts";
import type { OpenAccess } from "./access.ts";
import type { Gate } from "./admission.ts";
import { meteredCall, unmadeCall } from "./metered-call.ts";
import type { Prices, Seller } from "./prices.ts";
import { relay, sendText } from "./relay.ts";
import {
  type AskedCall,
  asksForUsage,
  jsonOf,
  modelIn,
  offList,
  readBody,
  unmeterable,
  unpacked,
  withUsageAsked,
  worstCaseOf,
} from "./request.ts";
import { chooseUpstream, type Headers, headersBack, type Upstream, type Upstreams } from "./upstream.ts";
import { errorBody, spentBody, spentStatus, type Wanted, wanted } from "./wires.ts";

/** What all requests share. */
export interface House {
  readonly upstreams: readonly Upstream[];
  readonly prices: Prices | undefined;
  readonly connections: Upstreams;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly idleMs: number;
  readonly maxBodyBytes: number;
  /** Rejects where the ledger did not take the call. */
  record(call: ModelCall, access: OpenAccess): Promise<void>;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly access: OpenAccess;
  /** Below the prefix of the experiment. */
  readonly url: URL;
}

export async function handle(house: House, exchange: Exchange): Promise<void> {
  const { request, response, url } = exchange;
  const isAnthropic = request.headers["anthropic-version"] !== undefined;
  const want = wanted(request.method ?? "", url.pathname, isAnthropic);
  if (want === undefined) {
    request.resume();
    const message = `nightlab: ${request.method} ${url.pathname} does not pass the gateway: only calls to models, lists of models and counts of tokens do`;
    return sendText(response, 404, errorBody(isAnthropic ? "anthropic" : undefined, 404, message));
  }
  if (want.kind === "hello") return sendText(response, 200, "{}");
  const body = await readBody(request, house.maxBodyBytes);
  if (body === undefined) {
    const message = `nightlab: a request of more than ${house.maxBodyBytes} bytes does not pass the gateway`;
    return sendText(response, 413, errorBody(want.wire, 413, message));
  }
  await (want.kind === "side"
    ? passSide(house, exchange, { want, body })
    : passCall(house, exchange, { want, body }));
}

interface Come<Kind extends Wanted["kind"]> {
  readonly want: Extract<Wanted, { kind: Kind }>;
  readonly body: Buffer;
}

/** Lists of models and counts of tokens: free, so not metered. */
async function passSide(house: House, exchange: Exchange, { want, body }: Come<"side">): Promise<void> {
  const { request, response, url } = exchange;
  const wires = want.wire === "openai_chat" ? (["openai_chat", "openai_responses"] as const) : [want.wire];
  const upstream = wires
    .map((wire) => chooseUpstream(house.upstreams, wire))
    .find((one) => one !== undefined);
  if (upstream === undefined)
    return sendText(response, 404, errorBody(want.wire, 404, noProvider(want.wire)));
  const method = request.method ?? "GET";
  const signal = leaving(exchange);
  try {
    const sent = method === "GET" ? undefined : body;
    const { path } = want;
    const to = {
      upstream,
      method,
      path,
      query: url.searchParams,
      headers: headersOf(request),
      body: sent,
      signal,
    };
    const answer = await house.connections.send(to);
    response.writeHead(answer.statusCode ?? 502, {
      ...headersBack(answer.headers, upstream.apiKey),
      ...encodingOf(answer.headers),
    });
    for await (const chunk of answer) response.write(chunk);
    response.end();
  } catch (error) {
    if (response.headersSent) response.destroy();
    else
      sendText(response, 502, errorBody(want.wire, 502, `the provider cannot be reached: ${String(error)}`));
  }
}

const encodingOf = (headers: Headers): Headers =>
  headers["content-encoding"] === undefined ? {} : { "content-encoding": headers["content-encoding"] };

const noProvider = (wire: string, model = ""): string =>
  `nightlab: no provider for ${wire}${model === "" ? "" : ` and the model ${model}`} is set up`;

async function passCall(house: House, exchange: Exchange, come: Come<"call">): Promise<void> {
  const { response } = exchange;
  const { wire } = come.want;
  const refuse = (status: number, message: string): void =>
    sendText(response, status, errorBody(wire, status, message));
  const asked = await askedCall(exchange, come);
  if (asked === undefined) return refuse(400, "nightlab: the body of the request is no JSON object");
  const upstream = chooseUpstream(house.upstreams, wire, asked.model);
  if (upstream === undefined) return refuse(404, noProvider(wire, asked.model));
  const reason = unmeterable(asked);
  if (reason !== undefined) return refuse(400, `nightlab: ${reason}`);

  const startMs = house.clock.now();
  const signal = leaving(exchange);
  const admission = await house.gate.admit(worstCaseOf(asked, sellerOf(house, upstream)), signal);
  const wallMs = (): number => house.clock.now() - startMs;
  if (admission.kind === "left") {
    await house.record(unmadeCall(asked, "cancelled", { wallMs: wallMs() }), exchange.access);
    response.destroy();
  } else if (admission.kind === "refused") {
    const message = overBudget(asked, admission.reason);
    await recordRefusal(
      house,
      exchange.access,
      unmadeCall(asked, "over_budget", { wallMs: wallMs(), detail: message }),
    );
    sendText(response, spentStatus(wire), spentBody(wire, message));
  } else {
    try {
      await passAdmitted(house, exchange, { asked, upstream, come, signal, wallMs });
    } finally {
      // Only now is what the call used in the ledger, and so in what is left.
      admission.release();
    }
  }
}

const sellerOf = ({ prices }: House, { baseUrl }: Upstream): Seller => ({ own: prices, baseUrl });

function overBudget(asked: AskedCall, reason: string): string {
  const { model } = asked;
  const why = offList(asked);
  const help =
    why === undefined
      ? `give it one under prices: ${model}: in program.md`
      : `${why}; a budget in tokens can`;
  return `nightlab: the call to ${model} was not made: ${reason}${reason.includes("price") ? `; ${help}` : ""}`;
}

const MAX_REFUSED_MODELS = 10;

/** An agent may ask again and again; the ledger hears of each model once, and of few models. */
async function recordRefusal(house: House, access: OpenAccess, call: ModelCall): Promise<void> {
  if (access.refusedModels.has(call.model) || access.refusedModels.size >= MAX_REFUSED_MODELS) return;
  access.refusedModels.add(call.model);
  await house.record(call, access);
}

interface Admitted {
  readonly asked: AskedCall;
  readonly upstream: Upstream;
  readonly come: Come<"call">;
  readonly signal: AbortSignal;
  wallMs(): number;
}

async function passAdmitted(house: House, exchange: Exchange, admitted: Admitted): Promise<void> {
  const { request, response, access, url } = exchange;
  const { asked, upstream, come, signal, wallMs } = admitted;
  const asksUsage = asked.wire === "openai_chat" && asked.isStreaming && !asksForUsage(asked);
  const isChanged = asksUsage && upstream.knowsStreamOptions !== false;
  const { "content-encoding": encoding, ...headers } = headersOf(request);
  const forwarded = {
    ...{ upstream, method: "POST", path: come.want.path, query: url.searchParams },
    headers: isChanged || encoding === undefined ? headers : { ...headers, "content-encoding": encoding },
    body: isChanged ? withUsageAsked(asked) : come.body,
  };
  const { connections, clock, idleMs } = house;
  const relayed = await relay({ asked, forwarded, response, signal, upstreams: connections, clock, idleMs });
  const seller = sellerOf(house, upstream);
  await house.record(meteredCall(asked, relayed, { seller, wallMs: wallMs() }), access);
  relayed.deliver();
}

async function askedCall(
  { request, url }: Exchange,
  { want, body }: Come<"call">,
): Promise<AskedCall | undefined> {
  const plain = await unpacked(body, request.headers["content-encoding"]);
  const json = plain === undefined ? undefined : jsonOf(plain);
  if (plain === undefined || json === undefined) return undefined;
  const isStreaming =
    want.wire === "gemini" ? url.pathname.endsWith(":streamGenerateContent") : json.stream === true;
  return { wire: want.wire, model: want.model ?? modelIn(json), isStreaming, plain, json };
}

const headersOf = (request: IncomingMessage): Headers => ({ ...request.headers });

/** Aborts when the client goes away before its answer is whole, or its access is closed. */
function leaving({ response, access }: Exchange): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort("client");
  });
  if (response.destroyed) gone.abort("client");
  return AbortSignal.any([gone.signal, access.signal]);
}
