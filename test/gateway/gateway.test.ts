import { request as httpRequest } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type CallEnd, type ModelCall, WIRES } from "../../src/core/provider.ts";
import { scriptText } from "../../src/testing/model-server/index.ts";
import { type Asking, askModel, framesOf } from "../testing/ask-model.ts";
import { baseOf, closeAll, openSetting, sumOf, TRUE_KEY } from "./open.ts";

afterEach(closeAll);

const cases = WIRES.flatMap((wire) => [
  { wire, isStreaming: false },
  { wire, isStreaming: true },
]);

const USAGE = {
  freshTokens: 4321,
  cachedTokens: 987,
  cacheWriteTokens: 0,
  outputTokens: 65,
  reasoningTokens: 7,
};
const ANTHROPIC_USAGE = { ...USAGE, cacheWriteTokens: 54, reasoningTokens: 0 };

/** Raw, since fetch sets its own Host. */
function rawStatus(port: string, path: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host: "127.0.0.1", port, path, headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.once("error", reject).end();
  });
}

describe("a call through the gateway", () => {
  it.each(cases)("is counted exactly over $wire, streaming: $isStreaming", async ({ wire, isStreaming }) => {
    const usage = wire === "anthropic" ? ANTHROPIC_USAGE : USAGE;
    const { ask, access, told, server } = await openSetting({
      server: { usage: () => usage, writeBytes: 37 },
    });
    const response = await ask({ wire, isStreaming, prompt: "hello", model: "gpt-5" });
    await response.text();
    expect(response.status).toBe(200);
    expect(access.calls).toMatchObject([{ wire, model: "gpt-5", end: "ok", usage }]);
    expect(access.calls[0]?.isEstimated).toBeUndefined();
    expect(told).toEqual([{ call: access.calls[0], caller: { experiment: "e1", researcher: "agent" } }]);
    expect(server.calls[0]?.usage).toEqual(usage);
  });

  it.each(cases)(
    "passes byte for byte over $wire, streaming: $isStreaming",
    async ({ wire, isStreaming }) => {
      const text = "Grüße, 世界 👋: every byte as it came, whatever the packets";
      const { ask, server, access } = await openSetting({
        server: { answer: () => ({ text }), writeBytes: 23 },
      });
      const extra = wire === "openai_chat" && isStreaming ? { stream_options: { include_usage: true } } : {};
      const asking: Asking = { wire, isStreaming, prompt: "ü", extra, headers: { "x-own": "1" } };
      const through = await ask(asking);
      const direct = await askModel(baseOf(server.origin, wire), { ...asking, key: TRUE_KEY });
      const throughText = (await through.text()).replaceAll("req_1", "req_2");
      expect(throughText).toBe(await direct.text());
      expect(through.headers.get("content-type")).toBe(direct.headers.get("content-type"));
      const [first, second] = server.calls;
      expect(first?.body).toEqual(second?.body);
      expect(first?.headers["x-own"]).toBe("1");
      expect(access.calls).toHaveLength(1);
    },
  );

  it("asks a chat stream for its usage and hides what the client did not ask for", async () => {
    const { ask, server, access } = await openSetting({ server: { usage: () => USAGE } });
    const text = await (await ask({ wire: "openai_chat", isStreaming: true, prompt: "hello" })).text();
    const sent = JSON.parse(server.calls[0]?.body?.toString() ?? "");
    expect(sent.stream_options).toEqual({ include_usage: true });
    expect(framesOf(text).every((frame) => (frame.choices as unknown[]).length === 1)).toBe(true);
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(access.calls[0]?.usage).toEqual(USAGE);
  });

  it("asks for usage beside other options of a stream, and leaves a provider alone that knows none", async () => {
    const setting = await openSetting();
    const extra = { stream_options: { include_obfuscation: false } };
    await (await setting.ask({ wire: "openai_chat", isStreaming: true, prompt: "a", extra })).text();
    const body = JSON.parse(setting.server.calls[0]?.body?.toString() ?? "");
    expect(body.stream_options).toEqual({ include_obfuscation: false, include_usage: true });

    const upstream = {
      wire: "openai_chat",
      baseUrl: `${setting.server.origin}/v1`,
      apiKey: TRUE_KEY,
      knowsStreamOptions: false,
    } as const;
    const old = await openSetting({ gateway: { upstreams: [upstream] } });
    await (await old.ask({ wire: "openai_chat", isStreaming: true, prompt: "a" })).text();
    expect(setting.server.calls[1]?.body?.toString()).not.toContain("stream_options");
    expect(old.access.calls[0]).toMatchObject({ end: "ok", isEstimated: true });
  });

  it.each(WIRES)("reaches the client frame by frame, not when it is over, on %s", async (wire) => {
    const held = Promise.withResolvers<void>();
    const answer = () => ({ text: "a text longer than one piece of the stream", hold: held.promise });
    const { ask, access } = await openSetting({ server: { answer } });
    const reader = (await ask({ wire, isStreaming: true, prompt: "hello" })).body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(first).toContain("data: {");
    expect(access.calls).toEqual([]);
    held.resolve();
    while (!(await reader?.read())?.done);
    expect(access.calls).toHaveLength(1);
  });

  it.each(cases)(
    "is written down before its end is sent over $wire, streaming: $isStreaming",
    async (one) => {
      const written = Promise.withResolvers<void>();
      const answer = () => ({ text: "a text longer than one piece of the stream" });
      const { ask } = await openSetting({ server: { answer }, gateway: { onCall: () => written.promise } });
      let text = "";
      const asked = ask({ ...one, prompt: "hello" }).then(async (response) => {
        for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
      });
      const ending = /\[DONE\]|response\.completed|message_stop|"finishReason"/;
      if (one.isStreaming) await expect.poll(() => text).not.toBe("");
      // Enough turns of the loop for anything that was not held to arrive.
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (one.isStreaming) expect(text).not.toMatch(ending);
      else expect(text).toBe("");
      written.resolve();
      await asked;
      if (one.isStreaming) expect(text).toMatch(ending);
      else expect(JSON.parse(text)).toBeTypeOf("object");
    },
  );

  it("gives the true key to the provider alone", async () => {
    const answer = () => ({ fault: { kind: "error", status: 401, code: `bad key ${TRUE_KEY}` } }) as const;
    const { ask, access, server } = await openSetting({ server: { answer } });
    for (const wire of WIRES) {
      const response = await ask({ wire, prompt: "hello", headers: { cookie: "a=b", "api-key": "mine" } });
      const seen = `${await response.text()} ${JSON.stringify([...response.headers])}`;
      expect(seen).not.toContain(TRUE_KEY);
    }
    expect(JSON.stringify(access.calls)).not.toContain(TRUE_KEY);
    for (const call of server.calls) {
      expect(call.key).toBe(TRUE_KEY);
      expect(JSON.stringify(call.headers)).not.toContain(access.key);
      expect(call.headers).not.toHaveProperty("cookie");
      expect(call.headers).not.toHaveProperty("api-key");
    }
    const query = `${access.baseUrl("gemini")}/v1beta/models/g:generateContent?key=${access.key}&alt=json`;
    await fetch(query, { method: "POST", body: JSON.stringify({ contents: [] }) });
    expect(server.calls.at(-1)?.key).toBe(TRUE_KEY);
  });

  it("goes to the provider that the model's name asks for", async () => {
    const other = await openSetting();
    const mine = { wire: "openai_chat", baseUrl: `${other.server.origin}/v1`, apiKey: TRUE_KEY } as const;
    const upstreams = [
      { ...mine, baseUrl: "http://127.0.0.1:1/v1" },
      { ...mine, modelPrefix: "deepseek" },
      { ...mine, modelPrefix: "deep", baseUrl: "http://127.0.0.1:1/v1" },
    ];
    const { ask } = await openSetting({ gateway: { upstreams } });
    expect((await ask({ wire: "openai_chat", prompt: "", model: "deepseek-flash" })).status).toBe(200);
    expect((await ask({ wire: "openai_chat", prompt: "", model: "gpt-5" })).status).toBe(502);
    expect((await ask({ wire: "anthropic", prompt: "" })).status).toBe(404);
  });

  it("is priced by the list, by the user, or not at all", async () => {
    const prices = { "gpt-5": { inputUsd: 100, outputUsd: 1000 } };
    const { ask, access } = await openSetting({ gateway: { prices }, server: { usage: () => USAGE } });
    const models = ["gpt-5", "deepseek-flash", "nobody-knows-it"];
    for (const model of models) await (await ask({ wire: "openai_chat", prompt: "", model })).text();
    const [own, listed, unknown] = access.calls;
    expect(own?.usd).toBeCloseTo(((4321 + 987) * 100 + 65 * 1000) / 1e6, 12);
    expect(listed?.usd).toBeCloseTo((4321 * 0.3 + 987 * 0.006 + 65 * 1.2) / 1e6, 12);
    expect(unknown).not.toHaveProperty("usd");
    await (
      await ask({ wire: "openai_chat", prompt: "", model: "gpt-5", extra: { service_tier: "priority" } })
    ).text();
    expect(access.calls[3]).not.toHaveProperty("usd");
  });

  it("counts tokens per second by the clock", async () => {
    const { ask, clock, gateway } = await openSetting({ server: { usage: () => USAGE } });
    await clock.advance(120_000);
    await (await ask({ wire: "openai_responses", prompt: "" })).text();
    const { 1: minute, 5: five } = gateway.throughput();
    expect(minute.freshPerSecond).toBeCloseTo(4321 / 60);
    expect(five.totalPerSecond).toBeCloseTo((4321 + 987 + 65) / 120);
  });
});

describe("a call that fails", () => {
  const faults: { status: number; code?: string; retryAfterSeconds?: number; end: CallEnd }[] = [
    { status: 401, end: "unauthorized" },
    { status: 403, end: "unauthorized" },
    { status: 429, end: "rate_limited" },
    { status: 429, retryAfterSeconds: 17, end: "rate_limited" },
    { status: 500, end: "server_error" },
    { status: 503, end: "overloaded" },
    { status: 529, end: "overloaded" },
    { status: 400, end: "bad_request" },
  ];
  it.each(faults.flatMap((fault) => WIRES.map((wire) => ({ ...fault, wire }))))(
    "with $status is $end over $wire and passes as it is",
    async ({ wire, end, ...fault }) => {
      const answer = () => ({ fault: { kind: "error", ...fault } }) as const;
      const { ask, access, server } = await openSetting({ server: { answer } });
      const response = await ask({ wire, prompt: "", isStreaming: true });
      const direct = await askModel(baseOf(server.origin, wire), { wire, prompt: "", key: TRUE_KEY });
      expect(response.status).toBe(fault.status);
      expect(response.headers.get("retry-after")).toBe(direct.headers.get("retry-after"));
      expect((await response.text()).replaceAll("req_1", "req_2")).toBe(await direct.text());
      const wait = fault.retryAfterSeconds;
      const expected = { end, usd: 0, ...(wait === undefined ? {} : { retryAfterMs: wait * 1000 }) };
      expect(access.calls).toMatchObject([expected]);
      expect(sumOf(access.calls.map(({ usage }) => usage)).freshTokens).toBe(0);
      if (wait === undefined) expect(access.calls[0]).not.toHaveProperty("retryAfterMs");
    },
  );

  it("for want of money is told from one for want of patience", async () => {
    const answer = () => ({ fault: { kind: "error", status: 429, code: "insufficient_quota" } }) as const;
    const { ask, access } = await openSetting({ server: { answer } });
    await (await ask({ wire: "openai_responses", prompt: "" })).text();
    expect(access.calls[0]?.end).toBe("quota");
  });

  it.each(cases)("cut over $wire, streaming: $isStreaming, is cut for the client too", async (one) => {
    const { ask, access } = await openSetting();
    const prompt = scriptText({ id: "cut", steps: [{ op: "cut" }], final: "" });
    await expect(ask({ ...one, prompt }).then((response) => response.text())).rejects.toThrow();
    expect(access.calls).toMatchObject([{ end: "cut", isEstimated: true }]);
    expect(access.calls[0]?.usage.freshTokens).toBeGreaterThan(20);
    if (one.isStreaming) expect(access.calls[0]?.usage.outputTokens).toBeGreaterThan(0);
  });

  it("cut after the provider said what the input was keeps that count", async () => {
    const { ask, access } = await openSetting({ server: { usage: () => ANTHROPIC_USAGE } });
    const prompt = scriptText({ id: "cut", steps: [{ op: "cut" }], final: "" });
    await expect(
      ask({ wire: "anthropic", isStreaming: true, prompt }).then((response) => response.text()),
    ).rejects.toThrow();
    const { freshTokens, cachedTokens, cacheWriteTokens } = ANTHROPIC_USAGE;
    expect(access.calls[0]?.usage).toMatchObject({ freshTokens, cachedTokens, cacheWriteTokens });
  });

  it.each(cases)("by silence over $wire, streaming: $isStreaming, is given up in time", async (one) => {
    const { ask, access, clock, server } = await openSetting({ gateway: { idleMs: 60_000 } });
    const prompt = scriptText({ id: "hang", steps: [{ op: "hang" }], final: "" });
    const asked = ask({ ...one, prompt }).then((response) => response.text());
    asked.catch(() => undefined);
    await expect.poll(() => server.calls.length).toBe(1);
    await clock.advance(59_000);
    expect(access.calls).toEqual([]);
    await clock.advance(61_000);
    await expect(asked).rejects.toThrow();
    expect(access.calls).toMatchObject([
      { end: "cut", isEstimated: true, detail: expect.stringContaining("silent") },
    ]);
    await expect.poll(() => server.calls[0]?.end).toBe("left");
  });

  it("because nobody is there is unreachable, and free", async () => {
    const upstreams = [{ wire: "anthropic", baseUrl: "http://127.0.0.1:1" }] as const;
    const { ask, access } = await openSetting({ gateway: { upstreams } });
    const response = await ask({ wire: "anthropic", prompt: "" });
    expect([response.status, ((await response.json()) as { type: string }).type]).toEqual([502, "error"]);
    expect(access.calls).toMatchObject([{ end: "unreachable", usd: 0, usage: { freshTokens: 0 } }]);
  });

  it.each(cases)(
    "by its client leaving over $wire, streaming: $isStreaming, stops the provider",
    async (one) => {
      const { ask, access, server } = await openSetting();
      const prompt = scriptText({ id: "hang", steps: [{ op: "hang" }], final: "" });
      const leaving = new AbortController();
      const asked = ask({ ...one, prompt, signal: leaving.signal }).then((response) => response.text());
      asked.catch(() => undefined);
      await expect.poll(() => server.calls.length).toBe(1);
      leaving.abort();
      await expect.poll(() => access.calls).toMatchObject([{ end: "cancelled", isEstimated: true }]);
      await expect.poll(() => server.calls[0]?.end).toBe("left");
    },
  );
});

describe("the door of the gateway", () => {
  it("knows only addresses it gave out, under its own name", async () => {
    const { access, gateway } = await openSetting();
    const { origin, port, pathname } = new URL(access.baseUrl("gemini"));
    expect((await fetch(`${origin}/r/guessed/v1/models`)).status).toBe(404);
    expect((await fetch(`${origin}/v1/models`)).status).toBe(404);
    expect(await rawStatus(port, `${pathname}/v1/models`, "evil.example")).toBe(403);
    expect(await rawStatus(port, `${pathname}/v1/models`, `127.0.0.1:${port}`)).toBe(200);
    expect(gateway.access("e2", "a").baseUrl("gemini")).not.toBe(access.baseUrl("gemini"));
    expect(pathname.length).toBeGreaterThan(30);
  });

  it("listens on loopback alone", async () => {
    const { access } = await openSetting();
    const { port } = new URL(access.baseUrl("gemini"));
    await expect(fetch(`http://[::1]:${port}/`)).rejects.toThrow();
    expect(new URL(access.baseUrl("openai_chat")).hostname).toBe("127.0.0.1");
  });

  it("lets through what is metered or free, and nothing else that the key would open", async () => {
    const { access, server } = await openSetting();
    const root = access.baseUrl("anthropic");
    const paths = [
      "/v1/embeddings",
      "/v1/files",
      "/v1/images/generations",
      "/v1/responses/compact",
      "/v1/batches",
    ];
    const sneaky = [
      "/v1/models/../files",
      "/v1beta/models/x:batchGenerateContent",
      "/v1/messages/batches",
      "//v1/x",
    ];
    for (const path of [...paths, ...sneaky]) {
      expect((await fetch(`${root}${path}`, { method: "POST", body: "{}" })).status, path).toBe(404);
    }
    expect((await fetch(`${root}/v1/files`)).status).toBe(404);
    expect((await fetch(`${root}/v1/models/x`, { method: "DELETE" })).status).toBe(404);
    expect(server.otherRequests).toEqual([]);
    for (const path of ["/v1/models", "/v1beta/models", "/"])
      expect((await fetch(root + path)).status).toBe(200);
    const count = await fetch(`${root}/v1/messages/count_tokens`, { method: "POST", body: "{}" });
    expect(await count.json()).toEqual({ input_tokens: 1000 });
    expect(access.calls).toEqual([]);
  });

  it("answers nothing after its access was closed, and breaks off what was under way", async () => {
    const { ask, access, server, gateway } = await openSetting();
    const prompt = scriptText({ id: "hang", steps: [{ op: "hang" }], final: "" });
    const asked = ask({ wire: "openai_chat", isStreaming: true, prompt }).then((response) => response.text());
    asked.catch(() => undefined);
    await expect.poll(() => server.calls.length).toBe(1);
    access.close();
    await expect(asked).rejects.toThrow();
    await gateway.settled();
    expect(access.calls).toMatchObject([{ end: "cancelled", detail: "the access was closed" }]);
    expect((await ask({ wire: "openai_chat", prompt: "" })).status).toBe(403);
    expect(server.calls).toHaveLength(1);
  });

  it("refuses bodies that are too large or no JSON before anything is sent on", async () => {
    const { ask, server, access } = await openSetting({ gateway: { maxBodyBytes: 10_000 } });
    expect((await ask({ wire: "openai_chat", prompt: "x".repeat(20_000) })).status).toBe(413);
    const url = `${access.baseUrl("openai_chat")}/chat/completions`;
    for (const body of ["no json", "[]", ""])
      expect((await fetch(url, { method: "POST", body })).status).toBe(400);
    const packed = { method: "POST", body: "{}", headers: { "content-encoding": "gzip" } };
    expect((await fetch(url, packed)).status).toBe(400);
    expect([server.calls, access.calls]).toEqual([[], []]);
  });

  it("refuses what is billed after its call has ended", async () => {
    const { ask, server } = await openSetting();
    const response = await ask({ wire: "openai_responses", prompt: "", extra: { background: true } });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("background")]);
    expect((await ask({ wire: "openai_chat", prompt: "", extra: { n: 100 } })).status).toBe(400);
    expect(server.calls).toEqual([]);
  });

  it("sends clients that try WebSockets back to HTTP", async () => {
    const { access } = await openSetting();
    const { port, pathname } = new URL(access.baseUrl("openai_responses"));
    const status = await new Promise((resolve, reject) => {
      const headers = {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-key": "a",
        "sec-websocket-version": "13",
      };
      const path = `${pathname}/responses`;
      httpRequest({ host: "127.0.0.1", port, path, headers }, (answer) => resolve(answer.resume().statusCode))
        .once("error", reject)
        .end();
    });
    expect(status).toBe(426);
  });

  it("lets nothing more through once a call could not be written down", async () => {
    const onCall = (call: ModelCall) =>
      call.model === "bad" ? Promise.reject(new Error("disk full")) : Promise.resolve();
    const { ask, server, gateway, access } = await openSetting({ gateway: { onCall } });
    expect((await ask({ wire: "openai_chat", prompt: "" })).status).toBe(200);
    expect((await ask({ wire: "openai_chat", prompt: "", model: "bad" })).status).toBe(403);
    expect(gateway.failure?.cause).toMatchObject({ message: "disk full" });
    expect((await ask({ wire: "openai_chat", prompt: "" })).status).toBe(403);
    expect([server.calls.length, access.calls.length]).toEqual([2, 1]);
  });
});
