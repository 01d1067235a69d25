// An agent that does what its order says: `fake-agent.mjs headless|acp ARGS…`, in the manner of codex. The order stands in
// the prompt as AGENT64 and base64 of JSON; what the model does stands there as FAKE64 (see src/testing/model-server/).
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { agent, methods, ndJsonStream } from "@agentclientprotocol/sdk/unstable";

const [, , mode, ...args] = process.argv;
/** How to start the lab's MCP server: from the session, or from the settings as codex reads them. */
let labCommand = mcpServerIn(configText());
const [, baseUrl] = /base_url = "(.*)"/.exec(configText()) ?? [];

function configText() {
  try {
    return readFileSync(`${process.env.CODEX_HOME}/config.toml`, "utf8");
  } catch {
    return "";
  }
}

function mcpServerIn(config) {
  const [, command, list] = /\[mcp_servers\.lab\]\ncommand = (".*")\nargs = (\[.*\])/.exec(config) ?? [];
  return command === undefined ? undefined : [JSON.parse(command), ...JSON.parse(list)];
}

/** Calls tools of the lab one after the other, as an MCP client does; gives the texts they answer. */
async function askLab(calls, { keepsLab = false }) {
  if (labCommand === undefined) return "there is no lab";
  const [command, ...rest] = labCommand;
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
  const send = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const opening = {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "fake", version: "0" },
  };
  send({ id: 0, method: "initialize", params: opening });
  send({ method: "notifications/initialized" });
  for (const [at, params] of calls.entries()) send({ id: at + 1, method: "tools/call", params });
  const said = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const { id, result, error } = JSON.parse(line);
    if (id > 0) said[id - 1] = error?.message ?? result.content[0].text;
    if (said.filter((text) => text !== undefined).length < calls.length) continue;
    if (keepsLab) break;
    child.stdin.end();
  }
  return said;
}

function orderIn(prompt) {
  const [, encoded] = /AGENT64:([A-Za-z0-9+/=]+)/.exec(prompt) ?? [];
  return encoded === undefined ? {} : JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
}

/** One answer of the model, after as many tries as the order allows; throws as agents do. */
async function ask(prompt, { tries = 3 }) {
  if (baseUrl === undefined) return "Done without a model.";
  for (let count = 1; ; count += 1) {
    try {
      const response = await fetch(`${baseUrl}/responses`, {
        method: "POST",
        headers: { authorization: `Bearer ${process.env.NIGHTLAB_KEY}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "gpt-5", input: prompt, stream: false }),
      });
      const body = await response.text();
      if (!response.ok) throw new Error(`unexpected status ${response.status}: ${body}`);
      const { output } = JSON.parse(body);
      for (const { type, arguments: given } of output) if (type === "function_call") JSON.parse(given);
      return output.flatMap(({ content = [] }) => content.map(({ text }) => text)).join("");
    } catch (error) {
      if (count >= tries) throw error;
      await delay(5);
    }
  }
}

/** Does the order's deeds; gives the last words. */
async function work(prompt, say) {
  const order = orderIn(prompt);
  for (const [path, text] of Object.entries(order.first ?? {})) write(path, text);
  if (order.probe) write("probe.json", JSON.stringify(await probe(order.probe)));
  if (order.asksLab) write("lab.json", JSON.stringify(await askLab(order.asksLab, order)));
  if (order.crash && !wasHereBefore()) process.kill(process.pid, "SIGKILL");
  if (order.leaves)
    spawn("setsid", ["sh", "-c", `sleep 1000; : ${order.leaves}`], { stdio: "ignore" }).unref();
  if (order.floodMegabytes) await flood(order.floodMegabytes, say);
  if (order.killsParent) process.kill(process.ppid, "SIGKILL");
  if (order.hangs) await new Promise((done) => setTimeout(done, 10 ** 9));
  const text = await ask(prompt, order);
  for (const [path, content] of Object.entries(order.writes ?? {})) write(path, content);
  return { text: order.says ?? text, order };
}

/** What comes of reaching for each. */
async function probe({ urls, reads, writes }) {
  const code = (error) => error.cause?.code ?? error.code;
  const attempt = (use) => {
    try {
      use();
      return "ok";
    } catch (error) {
      return code(error);
    }
  };
  const answers = urls.map((url) =>
    fetch(url === "$GATEWAY" ? new URL(baseUrl).origin : url).then(({ status }) => status, code),
  );
  return {
    urls: await Promise.all(answers),
    reads: reads.map((path) => attempt(() => readFileSync(path))),
    writes: writes.map((folder) => attempt(() => writeFileSync(`${folder}/written`, ""))),
  };
}

function wasHereBefore() {
  const mark = `${process.env.HOME}/was-here`;
  try {
    return readFileSync(mark).length >= 0;
  } catch {
    writeFileSync(mark, "");
    return false;
  }
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function flood(megabytes, say) {
  for (let count = 0; count < megabytes; count += 1) await say("x".repeat(2 ** 20));
}

async function headless() {
  const say = (event) =>
    new Promise((done) =>
      process.stdout.write(`${typeof event === "string" ? event : JSON.stringify(event)}\n`, done),
    );
  await say({ type: "thread.started" });
  try {
    const { text, order } = await work(args.at(-1), say);
    await say({ type: "item.completed", item: { type: "agent_message", text } });
    await say({
      type: "turn.completed",
      usage: { input_tokens: 100, cached_input_tokens: 40, output_tokens: 7 },
    });
    process.exit(order.exitCode ?? 0);
  } catch (error) {
    await say({ type: "turn.failed", error: { message: error.message } });
    process.exit(orderIn(args.at(-1)).failCode ?? 1);
  }
}

function acp() {
  agent({ name: "fake" })
    .onRequest(methods.agent.initialize, () => ({
      protocolVersion: 1,
      agentCapabilities: { loadSession: true, sessionCapabilities: {} },
    }))
    .onRequest(methods.agent.session.new, ({ params: { mcpServers } }) => {
      const [lab] = mcpServers;
      if (lab !== undefined) labCommand = [lab.command, ...lab.args];
      return { sessionId: "s1" };
    })
    .onRequest(methods.agent.session.load, () => ({}))
    .onRequest(methods.agent.session.prompt, async ({ params: { sessionId, prompt }, client }) => {
      const say = (text) =>
        client.notify(methods.client.session.update, {
          sessionId,
          update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text } },
        });
      const said = prompt.map(({ text }) => text).join("");
      const kept = `${process.env.HOME}/order`;
      if (said.includes("AGENT64")) writeFileSync(kept, said);
      try {
        const { text } = await work(said.includes("AGENT64") ? said : readFileSync(kept, "utf8"), say);
        await say(`\n${text}`);
      } catch (error) {
        // As real agents do: the failure is prose, and the turn ends well.
        await say(`Ran into this error: ${error.message}`);
      }
      return {
        stopReason: "end_turn",
        usage: { inputTokens: 60, outputTokens: 7, totalTokens: 107, cachedReadTokens: 40 },
      };
    })
    .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));
}

if (mode === "acp") acp();
else await headless();
