import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventsOf, makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { checkWholeStudy, killAndResume, processesOf } from "./killing.ts";
import { pythonResearch } from "./repositories.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

test("a run killed fifteen times at any instant ends as if nothing had happened", async () => {
  const repository = await pythonResearch(join(place.folder, "killed"), {
    sandbox: "process",
    parallel: 2,
    budget: { experiments: 24 },
  });
  const kills = Array.from({ length: 15 }, () => ({
    acknowledged: 1 + Math.floor(Math.random() * 12),
    delayMs: Math.random() * 120,
  }));
  const said = await killAndResume(place, repository, kills);
  expect(said, JSON.stringify(kills)).toMatchObject({ code: 0, stderr: "" });
  const lines = await readLines(repository);
  checkWholeStudy(repository, lines);
  expect(eventsOf(lines, "run_resumed").length).toBeGreaterThan(7);
  expect(eventsOf(lines, "run_ended")).toHaveLength(1);
  expect(eventsOf(lines, "opened")).toHaveLength(24);
  expect(processesOf(place, repository)).toEqual([]);
});

test("Ctrl-C pauses a run with exit code 4", async () => {
  const repository = await pythonResearch(join(place.folder, "interrupted"), { sandbox: "process" });
  const started = place.start(repository, "run");
  await started.line(/baseline, seed/);
  started.child.kill("SIGINT");
  const said = await started.ended;
  expect(said.code).toBe(4);
  expect(eventsOf(await readLines(repository), "run_paused")).toHaveLength(1);
});
