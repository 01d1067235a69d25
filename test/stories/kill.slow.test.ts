import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { eventsOf, makeSurroundings, readLines, type Started, type Surroundings } from "./command-line.ts";
import { endProblems, killProblems, processesIn } from "./kill-checks.ts";
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

/** What each does to the process, and to the terminal or pipe it writes to. */
const INTERRUPTIONS: Readonly<Record<string, (started: Started) => void>> = {
  "Ctrl-C": ({ child }) => child.kill("SIGINT"),
  SIGTERM: ({ child }) => child.kill("SIGTERM"),
  SIGHUP: ({ child }) => child.kill("SIGHUP"),
  "a reader that goes away": ({ child }) => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  },
};

test.each(Object.entries(INTERRUPTIONS))(
  "%s pauses a run with exit code 4, and it is resumed to its end",
  async (name, interrupt) => {
    const folder = join(place.folder, `interrupted by ${name}`);
    const repository = await pythonResearch(folder, { sandbox: "process", budget: { experiments: 3 } });
    const started = place.start(repository, "run", "--tag", "night");
    await started.line(/baseline, seed/);
    interrupt(started);
    const said = await started.ended;
    expect(said.code).toBe(4);
    expect(eventsOf(await readLines(repository), "run_paused")).toHaveLength(1);
    expect(processesOf(place, repository)).toEqual([]);
    expect(await place.nightlab(repository, "resume")).toMatchObject({ code: 0, stderr: "" });
    checkWholeStudy(repository, await readLines(repository));
  },
);

test("a wrapper or a git that is killed under a run costs no more than what it was at", async () => {
  const folder = join(place.folder, "wounded");
  const repository = await pythonResearch(folder, { sandbox: "process", budget: { experiments: 6 } });
  let started = place.start(repository, "run", "--tag", "night");
  await started.line(/calibrated|noise/);
  for (let wounds = 0; wounds < 3; wounds += 1) {
    await vi.waitFor(() => expect(woundOne(folder, place.folder)).toBe(true), {
      timeout: 20_000,
      interval: 1,
    });
    const said = await Promise.race([started.ended, new Promise((resolve) => setTimeout(resolve, 1000))]);
    if (said !== undefined) started = place.start(repository, "resume");
  }
  let said = await started.ended;
  for (let tries = 0; said.code === 1 && tries < 3; tries += 1)
    said = await place.nightlab(repository, "resume");
  expect(said).toMatchObject({ code: 0 });
  const lines = await readLines(repository);
  expect([
    ...killProblems(repository, lines, { known: [], printed: [] }),
    ...endProblems(repository, lines, 6),
  ]).toEqual([]);
});

/** Kills one process that works for a run, but nightlab itself. */
function woundOne(...folders: string[]): boolean {
  const [victim] = folders.flatMap(processesIn).filter((text) => !text.includes("nightlab.js"));
  if (victim === undefined) return false;
  try {
    process.kill(Number(victim.split(" ")[0]), "SIGKILL");
    return true;
  } catch {
    return false; // it has ended meanwhile
  }
}
