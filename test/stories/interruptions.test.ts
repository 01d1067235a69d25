import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { checkWholeStudy, killAndResume, processesOf } from "./killing.ts";
import { makeRepository, programText, pythonResearch } from "./repositories.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

const QUICK = { sandbox: "process", budget: { experiments: 2 } };

test.concurrent("a killed run is resumed without losing or repeating anything", async () => {
  const repository = await pythonResearch(join(place.folder, "killed"), QUICK);
  const said = await killAndResume(place, repository, [{ acknowledged: 9, delayMs: 20 }]);
  expect(said).toMatchObject({ code: 0, stderr: "" });
  checkWholeStudy(repository, await readLines(repository));
  expect(processesOf(place, repository)).toEqual([]);
});

test.concurrent("a killed run leaves no command behind", async () => {
  const program = {
    metric: { name: "loss", goal: "minimize" },
    measure: "sleep 98.7; echo loss: 1",
    edit: ["code.txt"],
    sandbox: "process",
  };
  const repository = await makeRepository(join(place.folder, "sleeping"), {
    "code.txt": "x\n",
    "program.md": programText(program),
  });
  const started = place.start(repository, "run");
  await vi.waitFor(() => expect(processesOf(place, repository).join()).toContain("98.7"), { timeout: 8000 });
  started.child.kill("SIGKILL");
  await started.ended;
  await vi.waitFor(() => expect(processesOf(place, repository)).toEqual([]), { timeout: 4000 });
});

test.concurrent("a second run is refused, stop pauses the first from outside, and resume ends it", async () => {
  const repository = await pythonResearch(join(place.folder, "stopped"), {
    ...QUICK,
    budget: { experiments: 500 },
  });
  const first = place.start(repository, "run", "--tag", "night");
  await first.line(/baseline, seed/);
  const second = await place.nightlab(repository, "run");
  expect(second.code).toBe(2);
  expect(second.stderr).toContain(`process ${first.child.pid}`);
  expect(second.stderr).toMatch(/^next: .*nightlab (?:status|stop)/m);

  const stop = await place.nightlab(repository, "stop");
  expect(stop).toMatchObject({ code: 0, stderr: "" });
  expect(stop.stdout).toContain("pausing run night");
  const paused = await first.ended;
  expect(paused.code).toBe(4);
  expect(paused.stdout).toContain("nightlab resume");

  const again = await place.nightlab(repository, "run");
  expect(again.code).toBe(2);
  expect(again.stderr).toMatch(/run night is not finished[\s\S]*next: nightlab resume/);

  const resumed = place.start(repository, "resume", "--experiments", "2");
  expect(await resumed.ended).toMatchObject({ code: 0, stderr: "" });
  const lines = await readLines(repository);
  checkWholeStudy(repository, lines);
  const kinds = lines.map(({ event }) => event.kind).filter((kind) => kind.startsWith("run_"));
  expect(kinds).toEqual(["run_started", "run_paused", "run_resumed", "run_ended"]);

  const ended = await place.nightlab(repository, "resume");
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/run night has ended[\s\S]*next: nightlab report/);
});
