import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeSurroundings, type Surroundings } from "./command-line.ts";
import { git, makeRepository, pythonResearch } from "./repositories.ts";

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
