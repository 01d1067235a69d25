import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventsOf, makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { expectContinues, expectSound, processesOf } from "./ledger-rules.ts";
import { pythonResearch } from "./repositories.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

describe("a run that is paused, asked to stop, and resumed", () => {
  let repository: string;
  beforeAll(async () => {
    repository = await pythonResearch(`${place.folder}/paused`, {
      sandbox: "process",
      budget: { experiments: 1000 },
    });
  });

  test("Ctrl-C ends with exit code 4 and says how to go on", async () => {
    const run = place.start(repository, "run", "--tag", "night");
    await run.line(/e1 .*tries/);
    run.child.kill("SIGINT");
    const said = await run.ended;
    expect(said.code).toBe(4);
    expect(said.stdout).toContain("next: nightlab resume");
    expect(eventsOf(await readLines(repository), "run_paused")).toHaveLength(1);
  });

  test("another run is refused while this one is unfinished", async () => {
    const said = await place.nightlab(repository, "run");
    expect(said.code).toBe(2);
    expect(said.stderr).toContain("run night is not finished");
    expect(said.stderr).toContain("next: nightlab resume");
  });

  test("resume goes on, a second process is told who is at work, and nightlab stop pauses from outside", async () => {
    const before = await readLines(repository);
    const run = place.start(repository, "resume");
    await run.line(/tries/);
    const second = await place.nightlab(repository, "resume");
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(new RegExp(`process ${run.child.pid}[\\s\\S]*next: nightlab status`));
    const stop = await place.nightlab(repository, "stop", "--json");
    const ended = await run.ended;
    expect(JSON.parse(stop.stdout), ended.stdout).toMatchObject({ what: "pausing", pid: run.child.pid });
    expect(ended.code, ended.stdout).toBe(4);
    expectContinues(before, await readLines(repository));
  });

  test("resume works to the end, and an ended run cannot be resumed", async () => {
    const before = await readLines(repository);
    const enough = eventsOf(before, "opened").length + 2;
    expect((await place.nightlab(repository, "resume", "--experiments", String(enough))).code).toBe(0);
    await expectSound(repository);
    expect(eventsOf(await readLines(repository), "opened")).toHaveLength(enough);
    const again = await place.nightlab(repository, "resume");
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/run night has ended[\s\S]*next: nightlab report/);
    const stop = await place.nightlab(repository, "stop");
    expect(stop).toMatchObject({ code: 2, stderr: expect.stringContaining("next: nightlab status") });
  });
});

test("a run killed in the middle loses nothing, leaves no process and goes on", async () => {
  const repository = await pythonResearch(`${place.folder}/killed`, {
    sandbox: "process",
    budget: { experiments: 1000 },
  });
  const run = place.start(repository, "run", "--tag", "night", "--parallel", "2");
  await run.line(/e3 .*tries/);
  run.child.kill("SIGKILL");
  expect((await run.ended).signal).toBe("SIGKILL");
  const before = await readLines(repository);
  const status = await place.nightlab(repository, "status", "--json");
  expect(JSON.parse(status.stdout).run.state).toBe("interrupted");
  const enough = String(eventsOf(before, "opened").length + 2);
  expect((await place.nightlab(repository, "resume", "--experiments", enough)).code).toBe(0);
  expectContinues(before, await readLines(repository));
  await expectSound(repository);
  expect(processesOf(repository)).toEqual([]);
});
