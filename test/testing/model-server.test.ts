import { afterEach, describe, expect, it } from "vitest";
import { WIRES, type Wire } from "../../src/core/provider.ts";
import {
  type ModelServer,
  type ModelServerOptions,
  openModelServer,
  type ScriptInput,
  scriptText,
} from "../../src/testing/model-server/index.ts";
import { type Asking, askModel, framesOf } from "./ask-model.ts";

const servers: ModelServer[] = [];

async function open(options: ModelServerOptions = {}): Promise<ModelServer> {
  const server = await openModelServer(options);
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const base = (server: ModelServer, wire: Wire): string =>
  wire.startsWith("openai") ? `${server.origin}/v1` : server.origin;

const ask = (server: ModelServer, asking: Asking): Promise<Response> =>
  askModel(base(server, asking.wire), asking);

/** The text a stream or a whole answer adds up to, by each wire's own rules. */
function saidIn(wire: Wire, text: string, isStreaming: boolean): string {
  // biome-ignore lint/suspicious/noExplicitAny: answers of four providers, read by path
  const parts = (isStreaming ? framesOf(text) : [JSON.parse(text)]) as any[];
  const readers: Record<Wire, () => string[]> = {
    openai_chat: () => parts.map((part) => (part.choices[0]?.delta ?? part.choices[0]?.message)?.content),
    openai_responses: () =>
      isStreaming
        ? parts.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => delta)
        : [parts[0].output[0].content[0].text],
    anthropic: () =>
      isStreaming
        ? parts.map(({ delta }) => delta?.text)
        : parts[0].content.map((one: { text: string }) => one.text),
    gemini: () =>
      parts.flatMap((part) => part.candidates[0].content.parts.map((one: { text: string }) => one.text)),
  };
  return readers[wire]().join("");
}

const cases = WIRES.flatMap((wire) => [
  { wire, isStreaming: false },
  { wire, isStreaming: true },
]);

describe("the scripted model server", () => {
  it.each(cases)("says a text over $wire, streaming: $isStreaming", async ({ wire, isStreaming }) => {
    const text = "Grüße, 世界 👋 and a text longer than one piece";
    const server = await open({ answer: () => ({ text }) });
    const response = await ask(server, {
      wire,
      isStreaming,
      prompt: "hello",
      extra: includeUsage(wire, isStreaming),
    });
    expect(response.status).toBe(200);
    expect(saidIn(wire, await response.text(), isStreaming)).toBe(text);
    expect(server.calls).toMatchObject([
      { wire, isStreaming, model: "fake-model", status: 200, end: "whole" },
    ]);
    expect(server.calls[0]?.usage.freshTokens).toBeGreaterThan(10);
  });

  it("asks for the client's own tools, one step after the other, then says the final text", async () => {
    const server = await open();
    const script: ScriptInput = {
      id: "steps",
      steps: [
        { op: "write", path: "/r/a.txt", content: "one\n" },
        { op: "bash", cmd: "ls" },
      ],
      final: "ready",
    };
    const tools = [
      { name: "Bash", properties: { command: { type: "string" }, description: { type: "string" } } },
      { name: "Write", properties: { file_path: { type: "string" }, content: { type: "string" } } },
    ];
    const step = async (results: string[]) => {
      const prompt = `please ${scriptText(script)}`;
      const response = await ask(server, { wire: "anthropic", prompt, tools, results });
      return ((await response.json()) as { content: unknown[] }).content;
    };
    expect(await step([])).toMatchObject([
      { type: "tool_use", name: "Write", input: { file_path: "/r/a.txt", content: "one\n" } },
    ]);
    expect(await step(["written"])).toMatchObject([
      { type: "tool_use", name: "Bash", input: { command: "ls", description: "scripted step" } },
    ]);
    expect(await step(["written", "a.txt"])).toEqual([{ type: "text", text: "ready" }]);
    expect(server.calls.map((call) => call.step)).toEqual([0, 1, undefined]);
  });

  it("writes by patch, or by shell, where there is no tool that writes", async () => {
    const server = await open();
    const prompt = scriptText({
      id: "p",
      steps: [{ op: "write", path: "a b.txt", content: "x\ny\n" }],
      final: "",
    });
    const call = async (extra: Record<string, unknown>) => {
      const response = await ask(server, { wire: "openai_responses", prompt, extra });
      return ((await response.json()) as { output: unknown[] }).output[0];
    };
    const patch = "*** Begin Patch\n*** Add File: a b.txt\n+x\n+y\n*** End Patch\n";
    expect(await call({ tools: [{ type: "custom", name: "apply_patch" }] })).toMatchObject({
      type: "custom_tool_call",
      input: patch,
    });
    const parameters = { type: "object", properties: { cmd: { type: "string" } }, required: ["cmd"] };
    const shell = await call({ tools: [{ type: "function", name: "exec_command", parameters }] });
    expect(JSON.parse((shell as { arguments: string }).arguments)).toEqual({
      cmd: "printf %s 'eAp5Cg==' | base64 -d > 'a b.txt'",
    });
  });

  it("calls a tool of an MCP server inside its namespace", async () => {
    const server = await open();
    const prompt = scriptText({
      id: "m",
      steps: [{ op: "mcp", match: "lab/history", args: { n: 3 } }],
      final: "",
    });
    const tool = { type: "function", name: "history", parameters: {} };
    const extra = { tools: [{ type: "namespace", name: "mcp__lab", tools: [tool] }] };
    const response = await ask(server, { wire: "openai_responses", prompt, extra });
    const { output } = (await response.json()) as { output: unknown[] };
    expect(output).toMatchObject([{ name: "history", namespace: "mcp__lab", arguments: '{"n":3}' }]);
  });

  it("says so where no tool fits", async () => {
    const server = await open();
    const prompt = scriptText({ id: "n", steps: [{ op: "write", path: "a", content: "" }], final: "" });
    await ask(server, { wire: "gemini", prompt, tools: [{ name: "search", properties: {} }] });
    expect(server.calls[0]?.problem).toBe('no tool for "write" among: search');
  });

  it("answers a side call without tools with a title and keeps counted faults for the real one", async () => {
    const server = await open();
    const steps = [
      { op: "error", status: 429, retryAfterSeconds: 7 } as const,
      { op: "bash", cmd: "ls" } as const,
    ];
    const prompt = scriptText({ id: "side", steps, final: "f" });
    const tools = [{ name: "bash", properties: { command: { type: "string" } } }];
    expect((await ask(server, { wire: "openai_chat", prompt })).status).toBe(200);
    const struck = await ask(server, { wire: "openai_chat", prompt, tools });
    expect([struck.status, struck.headers.get("retry-after")]).toEqual([429, "7"]);
    expect((await ask(server, { wire: "openai_chat", prompt, tools })).status).toBe(200);
  });

  it.each(cases)("breaks off over $wire, streaming: $isStreaming", async ({ wire, isStreaming }) => {
    const server = await open();
    const prompt = scriptText({ id: "cut", steps: [{ op: "cut" }], final: "whole again" });
    await expect(ask(server, { wire, isStreaming, prompt }).then((one) => one.text())).rejects.toThrow();
    expect(server.calls[0]).toMatchObject({ end: "cut", usage: { outputTokens: 0 } });
    const again = await ask(server, { wire, isStreaming, prompt });
    expect(saidIn(wire, await again.text(), isStreaming)).toBe("whole again");
  });

  it.each(cases)("is silent until the client goes over $wire, streaming: $isStreaming", async (one) => {
    const server = await open();
    const prompt = scriptText({ id: "hang", steps: [{ op: "hang" }], final: "" });
    const leaving = new AbortController();
    const asked = ask(server, { ...one, prompt, signal: leaving.signal });
    if (one.isStreaming) await (await asked).body?.getReader().read();
    else await expect.poll(() => server.calls.length).toBe(1);
    leaving.abort();
    await asked.catch(() => undefined);
    await expect.poll(() => server.calls[0]?.end).toBe("left");
  });

  it.each(WIRES)("calls a tool with broken arguments over %s", async (wire) => {
    const server = await open();
    const prompt = scriptText({
      id: "bad",
      steps: [{ op: "malformed" }, { op: "bash", cmd: "ls" }],
      final: "",
    });
    const tools = [{ name: "bash", properties: { command: { type: "string" } } }];
    const broken = await (await ask(server, { wire, prompt, tools, isStreaming: true })).text();
    expect(broken).toMatch(/half o|MALFORMED_FUNCTION_CALL/);
    expect(await (await ask(server, { wire, prompt, tools })).text()).toContain("ls");
  });

  it("streams Gemini without alt=sse as one JSON array", async () => {
    const server = await open({ answer: () => ({ text: "a text longer than one piece" }) });
    const url = `${server.origin}/v1beta/models/g:streamGenerateContent`;
    const response = await fetch(url, { method: "POST", body: JSON.stringify({ contents: [] }) });
    expect(await response.json()).toHaveLength(2);
  });

  it("turns away another key, and knows the paths beside the models", async () => {
    const server = await open({ requireKey: "true-key", models: ["a", "b"] });
    expect((await ask(server, { wire: "anthropic", prompt: "", key: "other" })).status).toBe(401);
    expect((await ask(server, { wire: "anthropic", prompt: "", key: "true-key" })).status).toBe(200);
    const models = (await (await fetch(`${server.origin}/v1/models`)).json()) as { data: unknown[] };
    expect(models.data).toHaveLength(2);
    expect((await fetch(`${server.origin}/elsewhere`)).status).toBe(404);
    expect(server.otherRequests).toEqual(["GET /v1/models", "GET /elsewhere"]);
  });

  it("answers an unreadable script with 400", async () => {
    const server = await open();
    const prompt = `FAKE64:${Buffer.from('{"id":1}').toString("base64")}`;
    expect((await ask(server, { wire: "openai_chat", prompt })).status).toBe(400);
    expect(server.calls[0]?.problem).toContain("unreadable script");
  });
});

function includeUsage(wire: Wire, isStreaming: boolean): Record<string, unknown> {
  return wire === "openai_chat" && isStreaming ? { stream_options: { include_usage: true } } : {};
}
