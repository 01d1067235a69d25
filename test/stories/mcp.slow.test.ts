import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callerOf } from "../mcp/lab-study.ts";
import { eventsOf, makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { makeRepository, programText } from "./repositories.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "nightlab.js");
let place: Surroundings;
let repository: string;
beforeAll(async () => {
  place = await makeSurroundings();
  const settings = {
    metric: { name: "loss", goal: "minimize" },
    measure: "sleep 0.1; cat code.txt",
    edit: ["code.txt"],
    protect: ["propose.sh"],
    sandbox: "process",
    researchers: [{ command: "sh propose.sh" }],
  };
  repository = await makeRepository(join(place.folder, "study"), {
    "code.txt": "loss: 9\n",
    "propose.sh":
      'n=$(tr -dc 0-9 </dev/urandom | head -c 6); echo "loss: 1$n" > code.txt; echo "number $n"\n',
    "program.md": programText(settings),
  });
});
afterAll(() => place.remove());

async function connect(...args: string[]) {
  const client = new Client({ name: "test", version: "0" });
  const command = { command: process.execPath, args: [program, "-C", repository, "mcp", ...args] };
  await client.connect(new StdioClientTransport({ ...command, env: { ...place.env } }));
  return { call: callerOf(client), close: () => client.close() };
}

test("two servers beside a run at work say the same as the command line, and one of them steers it", async () => {
  await place.nightlab(repository, "up");
  const [reader, steering] = await Promise.all([connect(), connect("--steer")]);
  const closed = async () => (await reader.call("experiments", { status: "discarded" })).facts.matching ?? 0;
  while ((await closed()) < 3) await delay(100);
  const asked = Array.from({ length: 20 }, (_, at) =>
    (at % 2 ? reader : steering).call("experiments", { limit: 5 }),
  );
  for (const { isError, facts } of await Promise.all(asked)) {
    expect(isError).toBe(false);
    expect(facts.experiments).toHaveLength(Math.min(5, facts.ofRun));
  }
  expect((await steering.call("tell", { text: "only even numbers" })).facts).toMatchObject({
    isAtWork: true,
  });
  await steering.call("add_idea", { title: "Even smaller" });
  const told = async () => (await reader.call("notebook")).facts.told;
  while ((await told()).length === 0) await delay(100);
  expect(await told()).toEqual(["only even numbers"]);
  expect((await steering.call("finish")).isError).toBe(false);
  while ((await reader.call("status")).facts.run.state !== "ended") await delay(200);

  const { facts } = await reader.call("status");
  const ended = JSON.parse((await place.nightlab(repository, "status", "--json")).stdout);
  expect(facts.run).toEqual(ended.run);
  expect(facts.experiments).toBe(ended.experiments.length);
  const lines = await readLines(repository);
  expect(eventsOf(lines, "ideas_added").map(({ by, ideas }) => [by, ideas[0]?.title])).toEqual([
    ["you", "Even smaller"],
  ]);
  await Promise.all([reader.close(), steering.close()]);
});
