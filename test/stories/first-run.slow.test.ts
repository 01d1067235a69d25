import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeSurroundings, type Surroundings } from "./command-line.ts";
import { git, makeRepository, programText, pythonResearch } from "./repositories.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

/** A repository whose metric command is `measure`. */
async function measuring(name: string, measure: string, settings = {}): Promise<string> {
  const program = { metric: { name: "loss", goal: "minimize" }, measure, edit: ["a.py"], sandbox: "process" };
  const files = { "a.py": "X = 1\n", "program.md": programText({ ...program, ...settings }) };
  return await makeRepository(join(place.folder, name), files);
}

describe("a metric command that does not work on the unchanged code ends the run with the reason", () => {
  test.each([
    ["never-printed", "echo hello", /no line `loss: <number>`/],
    ["not-found", "no-such-program --fast", /not found/],
    ["not-a-number", "echo loss: nan", /loss was NaN/],
    ["infinite", "echo loss: inf", /loss was Infinity/],
    ["crash", "python3 -c 'import nothing_like_this'", /ModuleNotFoundError/],
  ])("%s", async (name, measure, reason) => {
    const repository = await measuring(name, measure);
    const said = await place.nightlab(repository, "run");
    expect(said.code).toBe(2);
    expect(said.stderr).toMatch(reason);
    expect(said.stderr).toContain(`at: measure: ${measure}`);
    expect(said.stderr).toMatch(/next: .*nightlab (run|resume)/);
  });

  test("a command that hangs is stopped at its time limit", async () => {
    const repository = await measuring("hangs", "sleep 60", { limits: { time: "300ms" } });
    const said = await place.nightlab(repository, "run");
    expect(said).toMatchObject({ code: 2, stderr: expect.stringContaining("no end after 0.3 s") });
  });
});

test("init writes a program.md only on consent, and what it writes runs", async () => {
  const repository = await pythonResearch(join(place.folder, "fresh"));
  await rm(join(repository, "program.md"));
  git(repository, "commit", "--quiet", "--all", "--message=without a program");
  const asked = await place.nightlab(repository, "init");
  expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining("next: nightlab init --yes") });
  const said = await place.nightlab(repository, "init", "--json", "--yes");
  expect(JSON.parse(said.stdout)).toMatchObject({
    metric: "val_bpb",
    goal: "minimize",
    edit: ["train.py"],
    written: true,
  });
  await writeFile(join(repository, "unrelated.txt"), "");
  const run = await place.nightlab(repository, "run", "--experiments", "2", "--sandbox", "process", "--json");
  expect(run.code).toBe(0);
  const last = JSON.parse(run.stdout.trimEnd().split("\n").at(-1) ?? "");
  expect(last).toMatchObject({ kind: "summary", run: { state: "ended" } });
});
