/** Providers and clients that do what the scripted server does not. */

import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { Wire } from "../../src/core/provider.ts";
import { openModelServer } from "../../src/testing/model-server/index.ts";
import { baseOf, closeAll, openSetting, TRUE_KEY } from "./open.ts";

const closers: (() => void)[] = [];

afterEach(async () => {
  await closeAll();
  for (const close of closers.splice(0)) close();
});

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** A gateway before a provider of the test's own making. */
async function openOdd(handler: Handler) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    handler(request, response, Buffer.concat(chunks));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const upstreams = (["openai_chat", "anthropic"] as const).map((wire: Wire) => ({
    wire,
    baseUrl: baseOf(origin, wire),
    apiKey: TRUE_KEY,
  }));
  return { ...(await openSetting({ gateway: { upstreams } })), upstream: server };
}

const USAGE = { prompt_tokens: 100, completion_tokens: 20 };
const STREAM = { "content-type": "text/event-stream" };
const chatFrame = (fields: Record<string, unknown>) =>
  `data: ${JSON.stringify({ choices: [], ...fields })}\n\n`;
const said = (content: string, finish_reason: string | null = null) =>
  chatFrame({ choices: [{ index: 0, delta: { content }, finish_reason }] });

const packers = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

describe("a provider that", () => {
  it.each(Object.entries(packers))(
    "packs with %s although it was asked not to is read all the same",
    async (encoding, pack) => {
      const { ask, access } = await openOdd((request, response, body) => {
        expect(request.headers["accept-encoding"]).toBe("identity");
        const isStreaming = JSON.parse(body.toString()).stream;
        const plain = isStreaming
          ? [said("hi", "stop"), chatFrame({ usage: USAGE }), "data: [DONE]\n\n"].join("")
          : JSON.stringify({ choices: [], usage: USAGE });
        const type = isStreaming ? STREAM["content-type"] : "application/json";
        response.writeHead(200, { "content-type": type, "content-encoding": encoding });
        response.end(pack(Buffer.from(plain)));
      });
      const whole = await ask({ wire: "openai_chat", prompt: "" });
      expect(await whole.json()).toEqual({ choices: [], usage: USAGE });
      const stream = await ask({ wire: "openai_chat", prompt: "", isStreaming: true });
      expect(await stream.text()).toBe(`${said("hi", "stop")}data: [DONE]\n\n`);
      for (const call of access.calls) {
        expect(call).toMatchObject({ end: "ok", usage: { freshTokens: 100, outputTokens: 20 } });
      }
    },
  );

  it("ends a stream without [DONE] has ended it, if the model said that it is done", async () => {
    let finish: string | null = "stop";
    const { ask, access } = await openOdd((_request, response) => {
      response.writeHead(200, STREAM).end(`: comment\n\n${said("some words", finish)}`);
    });
    const asking = { wire: "openai_chat", prompt: "", isStreaming: true } as const;
    expect(await (await ask(asking)).text()).toBe(`: comment\n\n${said("some words", finish)}`);
    finish = null;
    expect(await (await ask(asking)).text()).toContain("some words");
    expect(access.calls).toMatchObject([
      { end: "ok", isEstimated: true },
      { end: "cut", isEstimated: true },
    ]);
    expect(access.calls[0]?.usage.outputTokens).toBe(4);
  });

  it("breaks off with an error in the stream is told apart by its error", async () => {
    const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    const frames = `event: error\ndata: ${JSON.stringify(error)}\n\n`;
    const { ask, access } = await openOdd((_request, response) => {
      response.writeHead(200, STREAM).end(frames);
    });
    expect(await (await ask({ wire: "anthropic", prompt: "", isStreaming: true })).text()).toBe(frames);
    expect(access.calls).toMatchObject([{ end: "overloaded", usd: 0, usage: { freshTokens: 0 } }]);
  });

  it("repeats the key in what it says is not heard saying it", async () => {
    const { ask } = await openOdd((request, response, body) => {
      const key = String(request.headers.authorization);
      const isStreaming = JSON.parse(body.toString()).stream;
      const type = isStreaming ? STREAM["content-type"] : "application/json";
      response.writeHead(200, {
        "content-type": type,
        "x-key": key,
        "set-cookie": "session=1",
        "x-other": "kept",
      });
      response.end(isStreaming ? said(key, "stop") : JSON.stringify({ key }));
    });
    for (const isStreaming of [false, true]) {
      const response = await ask({ wire: "openai_chat", prompt: "", isStreaming });
      expect(await response.text()).toContain("[key]");
      expect(JSON.stringify([...response.headers])).not.toMatch(`${TRUE_KEY}|session`);
      expect(response.headers.get("x-other")).toBe("kept");
    }
  });

  it("sends elsewhere is not followed: the key would go along", async () => {
    let asked = 0;
    const { ask, access } = await openOdd((_request, response) => {
      asked += 1;
      response.writeHead(307, { location: "/v1/elsewhere" }).end();
    });
    const response = await ask({ wire: "openai_chat", prompt: "", extra: {} }).catch(
      (error: unknown) => error,
    );
    expect(access.calls[0]).toMatchObject({ end: "bad_request" });
    // The client itself may follow; it has no key that opens anything, and the path does not pass.
    expect(response).toMatchObject({ status: 404 });
    expect(asked).toBe(1);
  });

  it("answers with no JSON is passed on, and what it used is estimated", async () => {
    const { ask, access } = await openOdd((_request, response) => {
      response.writeHead(200, { "content-type": "text/plain" }).end("hello");
    });
    expect(await (await ask({ wire: "openai_chat", prompt: "" })).text()).toBe("hello");
    expect(access.calls).toMatchObject([{ end: "cut", isEstimated: true }]);
  });

  it("closed a kept connection just now is asked again on a new one", async () => {
    const sockets = new Set<Socket>();
    let isClosing = false;
    const { ask, access, upstream } = await openOdd((_request, response) => {
      response.end(JSON.stringify({ choices: [], usage: USAGE }));
    });
    upstream.on("connection", (socket) => {
      sockets.add(socket);
      // Resets what arrives on a connection that was used before, as a provider that has just given it up.
      socket.prependListener("data", () => {
        if (isClosing && sockets.size === 1) socket.resetAndDestroy();
      });
    });
    await (await ask({ wire: "openai_chat", prompt: "" })).text();
    isClosing = true;
    expect((await ask({ wire: "openai_chat", prompt: "" })).status).toBe(200);
    expect([sockets.size, access.calls.map(({ end }) => end)]).toEqual([2, ["ok", "ok"]]);
  });
});

describe("a client that", () => {
  it.each(Object.entries(packers))(
    "packs its request with %s is understood, and its bytes go on",
    async (encoding, pack) => {
      const bodies: [unknown, Buffer][] = [];
      const { access } = await openOdd((request, response, body) => {
        bodies.push([request.headers["content-encoding"], body]);
        response.end(JSON.stringify({ choices: [], usage: USAGE }));
      });
      const url = `${access.baseUrl("openai_chat")}/chat/completions`;
      const send = (json: unknown) => {
        const body = new Uint8Array(pack(Buffer.from(JSON.stringify(json))));
        return fetch(url, { method: "POST", body, headers: { "content-encoding": encoding } });
      };
      const whole = { model: "gpt-5", messages: [] };
      expect((await send(whole)).status).toBe(200);
      expect(bodies[0]).toEqual([encoding, pack(Buffer.from(JSON.stringify(whole)))]);
      // What is changed on the way goes on plain.
      await send({ ...whole, stream: true });
      const asked = { ...whole, stream: true, stream_options: { include_usage: true } };
      expect([bodies[1]?.[0], JSON.parse(String(bodies[1]?.[1]))]).toEqual([undefined, asked]);
      expect(access.calls.map(({ model }) => model)).toEqual(["gpt-5", "gpt-5"]);
    },
  );

  it("sends a bomb is refused", async () => {
    const { access } = await openOdd((_request, response) => response.end("{}"));
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(80 * 1024 * 1024, " ")));
    const url = `${access.baseUrl("openai_chat")}/chat/completions`;
    const headers = { "content-encoding": "gzip" };
    expect((await fetch(url, { method: "POST", body: bomb, headers })).status).toBe(400);
  });

  it("reads slowly slows the provider down, instead of filling the memory", async () => {
    let sent = 0;
    let isFull = false;
    const { access } = await openOdd((_request, response) => {
      response.writeHead(200, STREAM);
      const frame = said("x".repeat(64 * 1024));
      const more = (): void => {
        while (sent < 100 * 1024 * 1024 && response.write(frame)) sent += frame.length;
        isFull = true;
        response.once("drain", more);
      };
      more();
    });
    const { port, pathname } = new URL(access.baseUrl("openai_chat"));
    const body = JSON.stringify({ model: "m", stream: true, messages: [] });
    const path = `${pathname}/chat/completions`;
    const asked = httpRequest({ host: "127.0.0.1", port, path, method: "POST" }, (answer) => answer.pause());
    asked.on("error", () => undefined);
    asked.end(body);
    await expect.poll(() => isFull).toBe(true);
    const atRest = (): boolean => {
      const isAtRest = before === sent;
      before = sent;
      return isAtRest;
    };
    let before = -1;
    await expect.poll(atRest, { interval: 100 }).toBe(true);
    expect(sent).toBeLessThan(40 * 1024 * 1024);
    asked.destroy();
    await expect.poll(() => access.calls).toMatchObject([{ end: "cancelled" }]);
  });

  it("goes away while its answer is written down has its call counted once, as it was", async () => {
    const written = Promise.withResolvers<void>();
    const server = await openModelServer({ requireKey: TRUE_KEY });
    closers.push(() => void server.close());
    const upstreams = [{ wire: "openai_chat", baseUrl: `${server.origin}/v1`, apiKey: TRUE_KEY }] as const;
    const { ask, access, gateway } = await openSetting({
      gateway: { upstreams, onCall: () => written.promise },
    });
    const leaving = new AbortController();
    const asked = ask({ wire: "openai_chat", prompt: "", signal: leaving.signal });
    asked.catch(() => undefined);
    await expect.poll(() => server.calls[0]?.end).toBe("whole");
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await asked.catch(() => undefined);
    written.resolve();
    await gateway.settled();
    expect(access.calls).toMatchObject([{ end: "ok", usage: server.calls[0]?.usage }]);
  });
});
