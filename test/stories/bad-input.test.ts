import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeSurroundings, type Surroundings } from "./command-line.ts";
import { git, makeRepository, programText, pythonResearch } from "./repositories.ts";

let place: Surroundings;
let study: string;
beforeAll(async () => {
  place = await makeSurroundings();
  study = await pythonResearch(join(place.folder, "study"), {
    sandbox: "process",
    budget: { experiments: 1 },
  });
});
afterAll(() => place.remove());

/** A repository whose metric command is `measure`. */
async function measuring(name: string, measure: string, settings = {}): Promise<string> {
  const program = { metric: { name: "loss", goal: "minimize" }, measure, edit: ["a.py"], sandbox: "process" };
  const files = { "a.py": "X = 1\n", "program.md": programText({ ...program, ...settings }) };
  return await makeRepository(join(place.folder, name), files);
}

describe("a wrong start is refused with the next thing to type", () => {
  test.each([
    ["status", /no run|nothing/i],
    ["log", /no experiments/i],
  ])("%s before any run is not an error", async (command, text) => {
    const said = await place.nightlab(study, command);
    expect(said).toMatchObject({ code: 0, stderr: "" });
    expect(said.stdout).toMatch(text);
  });

  test.each([
    [["resume"], /no run to resume/, /nightlab run/],
    [["report"], /no run/, /nightlab run/],
    [["show", "e1"], /no experiment e1/, /nightlab log/],
    [["log", "--status", "nice"], /`nice`/, /kept/],
    [["run", "--for", "soon"], /soon/, /8h/],
    [["run", "--parallel", "0"], /--parallel/, /--help/],
    [["run", "--program", "absent.md"], /absent\.md/, /nightlab init/],
    [["stat"], /unknown command/, /nightlab --help/],
  ])("nightlab %j", async (args, message, next) => {
    const said = await place.nightlab(study, ...args);
    expect(said.code).toBe(2);
    expect(said.stderr).toMatch(message);
    expect(said.stderr).toMatch(new RegExp(`next: .*${next.source}`));
    expect(said.stderr).not.toMatch(/ at .*\.ts:/);
  });

  test("with --json the error is one JSON value with its next command", async () => {
    const said = await place.nightlab(study, "resume", "--json");
    expect(said.code).toBe(2);
    expect(JSON.parse(said.stdout)).toMatchObject({
      error: { message: expect.any(String), next: "nightlab run" },
    });
  });

  test("outside a repository, and in one without commits", async () => {
    const bare = join(place.folder, "no-repository");
    await mkdir(bare, { recursive: true });
    const outside = await place.nightlab(bare, "run");
    expect(outside).toMatchObject({ code: 2, stderr: expect.stringContaining("next: git init") });
    git(bare, "init", "--quiet");
    const empty = await place.nightlab(bare, "run");
    expect(empty).toMatchObject({ code: 2, stderr: expect.stringMatching(/no commit[\s\S]*next: git add/) });
  });

  test("a broken program.md names line, cause and fix", async () => {
    const repository = await makeRepository(join(place.folder, "broken"), {
      "program.md":
        "---\nmetric: { name: loss, goal: minimise }\nmeasur: python3 a.py\nedit: [a.py]\n---\n# Mission\n",
      "a.py": "X = 1\n",
    });
    const said = await place.nightlab(repository, "run");
    expect(said.code).toBe(2);
    expect(said.stderr).toMatch(/program\.md:2/);
    expect(said.stderr).toMatch(/minimise|minimize/);
    expect(said.stderr).toMatch(/program\.md:3|measur/);
  });
});

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
