/** The provider behind a wire: where it is, and how a request reaches it with the true key. */

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { Wire } from "../core/provider.ts";
import { keyHeader } from "./wires.ts";

export interface Upstream {
  readonly wire: Wire;
  /** As that wire's clients take it: for OpenAI up to and with /v1, for the others the root. */
  readonly baseUrl: string;
  readonly apiKey?: string;
  /** Sent with every request, in place of what the client sent. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Only models whose name begins so; the longest prefix wins. */
  readonly modelPrefix?: string;
  /** False for a provider that refuses `stream_options`. */
  readonly knowsStreamOptions?: boolean;
}

export function chooseUpstream(upstreams: readonly Upstream[], wire: Wire, model = ""): Upstream | undefined {
  const fitting = upstreams.filter(
    (upstream) => upstream.wire === wire && model.startsWith(upstream.modelPrefix ?? ""),
  );
  return fitting.toSorted(
    (left, right) => (right.modelPrefix?.length ?? 0) - (left.modelPrefix?.length ?? 0),
  )[0];
}

const KEY_PARAMETERS = ["key", "api_key", "api-key", "access_token"];

/** Headers of one connection, and whatever may hold a key or say where the client is. */
const NOT_SENT_ON = new Set([
  ...[
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
  ],
  ...[
    "host",
    "content-length",
    "accept-encoding",
    "cookie",
    "origin",
    "referer",
    "forwarded",
    "x-forwarded-for",
  ],
  ...["authorization", "proxy-authorization", "x-api-key", "x-goog-api-key", "api-key"],
]);
const NOT_SENT_BACK = new Set([
  ...["connection", "keep-alive", "proxy-connection", "trailer", "transfer-encoding", "upgrade"],
  ...["set-cookie", "content-length", "content-encoding", "alt-svc", "strict-transport-security"],
]);

export type Headers = Record<string, string | string[] | undefined>;

export interface Forwarded {
  readonly upstream: Upstream;
  readonly method: string;
  /** Below the base URL of the upstream. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal;
}

class StaleConnection extends Error {}

/** Keeps connections open between calls. */
export class Upstreams {
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });

  /** Resolves with the head of the answer; rejects where none comes. */
  async send(forwarded: Forwarded): Promise<IncomingMessage> {
    try {
      return await this.#send(forwarded);
    } catch (error) {
      // A kept connection that the provider closed just now: the request was not read.
      const isStale = error instanceof StaleConnection && !forwarded.signal.aborted;
      if (!isStale) throw error;
      return this.#send(forwarded);
    }
  }

  #send({ upstream, method, path, query, headers, body, signal }: Forwarded): Promise<IncomingMessage> {
    const url = new URL(`${upstream.baseUrl.replace(/\/+$/, "")}${path}`);
    for (const [name, value] of query)
      if (!KEY_PARAMETERS.includes(name)) url.searchParams.append(name, value);
    const isSecure = url.protocol === "https:";
    const options = { method, headers: headersFor(upstream, headers, body), signal };
    return new Promise((resolve, reject) => {
      const request = isSecure
        ? httpsRequest(url, { ...options, agent: this.#https }, resolve)
        : httpRequest(url, { ...options, agent: this.#http }, resolve);
      request.once("error", (error: NodeJS.ErrnoException) => {
        const isStale = request.reusedSocket && error.code === "ECONNRESET";
        reject(isStale ? new StaleConnection(error.message, { cause: error }) : error);
      });
      request.end(body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function headersFor(upstream: Upstream, headers: Headers, body: Buffer | undefined): Headers {
  const kept = Object.entries(headers).filter(([name]) => !NOT_SENT_ON.has(name));
  const key = upstream.apiKey === undefined ? {} : keyHeader(upstream.wire, upstream.apiKey);
  return {
    ...Object.fromEntries(kept),
    "accept-encoding": "identity",
    ...(body === undefined ? {} : { "content-length": String(body.length) }),
    ...key,
    ...upstream.headers,
  };
}

/** What the client may see of the head of an answer. */
export function headersBack(headers: Headers, secret: string | undefined): Headers {
  const kept = Object.entries(headers).filter(
    ([name, value]) => !NOT_SENT_BACK.has(name) && (secret === undefined || !String(value).includes(secret)),
  );
  return Object.fromEntries(kept);
}

const UNPACKERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** The body of an answer, unpacked where the provider packed it although it was asked not to. */
export function bodyOf(answer: IncomingMessage): Readable {
  const unpack = UNPACKERS[answer.headers["content-encoding"] ?? ""];
  if (unpack === undefined) return answer;
  const unpacker = unpack() as unknown as Readable & NodeJS.WritableStream;
  answer.once("error", (error) => unpacker.destroy(error));
  answer.once("aborted", () => unpacker.destroy(new Error("aborted")));
  return answer.pipe(unpacker);
}
