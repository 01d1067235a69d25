import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LabStudy, makeLabStudy } from "./lab-study.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "nightlab.js");
let study: LabStudy;
beforeAll(async () => {
  study = await makeLabStudy();
});
afterAll(() => study.remove());

/** Speaks lines to `nightlab mcp`, closes its stdin after the last answer that is waited for. */
async function speak(lines: readonly string[], answers: number) {
  const child = spawn(process.execPath, [program, "-C", study.folder, "mcp"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((done) => child.once("close", done));
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.write(`${lines.join("\n")}\n`);
  const heard: Record<string, unknown>[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    heard.push(JSON.parse(line));
    if (heard.length === answers) child.stdin.end();
  }
  return { heard, code: await ended, stderr };
}

const call = (id: number, method: string, params: unknown = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });
const opening = call(1, "initialize", {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "test", version: "0" },
});

it("goes on after garbage, prints nothing but messages, and ends with its input", async () => {
  const garbage = [
    "",
    "{",
    "null",
    "[]",
    '"text"',
    '{"jsonrpc":"2.0"}',
    "\u0000\ufffd\u001b[2J",
    "x".repeat(100_000),
  ];
  const lines = [
    ...garbage,
    opening,
    ...garbage,
    JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }),
    call(2, "no/such/method"),
    call(3, "tools/call", { name: "status", arguments: {} }),
  ];
  const { heard, code } = await speak(lines, 3);
  expect(code).toBe(0);
  const byId = new Map(heard.map((one) => [one.id, one]));
  expect(byId.get(1)).toMatchObject({ result: { serverInfo: { name: "nightlab" } } });
  expect(byId.get(2)).toMatchObject({ error: { code: -32601 } });
  expect(byId.get(3)).toMatchObject({ result: { content: [{ text: expect.stringContaining("night-1") }] } });
});

it("ends when its input ends before a word was said", async () => {
  const child = spawn(process.execPath, [program, "-C", study.folder, "mcp"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(await new Promise((done) => child.once("close", done))).toBe(0);
});

it("says at the start that there is no such folder", async () => {
  const child = spawn(process.execPath, [program, "-C", join(study.folder, "nowhere"), "mcp"]);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  expect(await new Promise((done) => child.once("close", done))).toBe(2);
  expect(stderr).toMatch(/^error: there is no folder .*\n.*at: .*\nnext: /);
});
