import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventsOf, makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { makeRepository, programText } from "./repositories.ts";

let place: Surroundings;
let repository: string;
beforeAll(async () => {
  place = await makeSurroundings();
  const program = {
    metric: { name: "loss", goal: "minimize" },
    measure: "sleep 0.1; cat code.txt",
    edit: ["code.txt"],
    protect: ["propose.sh"],
    sandbox: "process",
    researchers: [{ command: "sh propose.sh" }],
  };
  repository = await makeRepository(join(place.folder, "daemon"), {
    "code.txt": "loss: 9\n",
    "propose.sh":
      'n=$(tr -dc 0-9 </dev/urandom | head -c 6); echo "loss: 1$n" > code.txt; cp "$NIGHTLAB_BRIEF" /dev/stdout | tail -c 1\n',
    "program.md": programText(program),
  });
});
afterAll(() => place.remove());

const started = async () =>
  JSON.parse((await place.nightlab(repository, "up", "--json")).stdout) as { pid: number };
const count = async (kind: "closed" | "run_resumed" | "told") =>
  eventsOf(await readLines(repository), kind).length;

/** Looks at the ledger until `isSo`; the daemon writes it in its own time. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(100);
}

test("up works on behind the terminal, goes on by itself after a kill, obeys, and stays down when it is stopped", async () => {
  const first = await started();
  const again = await place.nightlab(repository, "up");
  expect(again.code).toBe(2);
  expect(again.stderr).toMatch(/is at work here/);
  await until(async () => (await count("closed")) >= 1);
  process.kill(first.pid, "SIGKILL");
  await until(async () => (await count("run_resumed")) === 1);
  expect((await place.nightlab(repository, "tell", "only even numbers")).code).toBe(0);
  await until(async () => (await count("told")) === 1);
  expect((await place.nightlab(repository, "stop")).code).toBe(0);
  await until(async () => eventsOf(await readLines(repository), "run_paused").length === 1);
  const closed = await count("closed");
  const second = await started();
  expect(second.pid).not.toBe(first.pid);
  await until(async () => (await count("closed")) > closed);
  await place.nightlab(repository, "stop", "--finish");
  await until(async () => eventsOf(await readLines(repository), "run_ended").length === 1);
  const ids = eventsOf(await readLines(repository), "opened").map(({ experiment }) => experiment);
  expect(new Set(ids).size).toBe(ids.length);
});
