import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { askModel } from "./ask-model.ts";

const main = resolve(import.meta.dirname, "../../src/testing/model-server/main.ts");

it("the model server as a process says where it is, then what was asked, and ends with its input", async () => {
  const server = spawn(process.execPath, [main], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? "{}");
  const { origin, pid } = await next();
  expect(pid).toBe(server.pid);
  await (await askModel(origin, { wire: "anthropic", prompt: "hello", model: "c" })).text();
  expect(await next()).toMatchObject({ wire: "anthropic", model: "c", end: "whole", status: 200 });
  const ended = once(server, "exit");
  server.stdin.end();
  expect(await ended).toEqual([0, null]);
});
