import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeSurroundings, type Surroundings } from "./command-line.ts";
import { mistakesIn } from "./mistake.ts";
import { git, makeRepository, programText } from "./repositories.ts";

let place: Surroundings;
let mistakes: ReturnType<typeof mistakesIn>;
let fresh: string;
beforeAll(async () => {
  place = await makeSurroundings();
  mistakes = mistakesIn(place);
  fresh = await mistakes.repositoryWith("fresh", "echo loss: 1");
});
afterAll(() => place.remove());

test.for([
  ["no-such-program", /no-such-program.*not found/],
  ["echo loss: nan", /loss was NaN/],
  ["echo trouble >&2; exit 3", /exit code 3[\s\S]*trouble/],
] as const)("a baseline of `%s` is refused in words and as JSON", async ([measure, error]) => {
  const program = {
    metric: { name: "loss", goal: "minimize" },
    measure,
    edit: ["code.txt"],
    sandbox: "process",
  };
  const files = { "code.txt": "x\n", "program.md": programText(program) };
  const repository = await makeRepository(join(place.folder, measure.replaceAll(/\W/g, "-")), files);

  const text = await place.nightlab(repository, "run");
  expect(text.code).toBe(2);
  expect(text.stderr).toMatch(error);
  expect(text.stderr).toContain(`at: measure: ${measure}`);
  expect(text.stderr).toMatch(/^next: .*program\.md/m);

  const json = await place.nightlab(repository, "run", "--json");
  const last = JSON.parse(json.stdout.trimEnd().split("\n").at(-1) ?? "");
  expect(last).toMatchObject({
    exitCode: 2,
    error: { place: `measure: ${measure}`, next: expect.any(String) },
  });
  expect(last.error.message).toMatch(error);

  // The advice ends in "nightlab run": it must work then.
  const again = await place.nightlab(repository, "run");
  expect(again.stderr).toMatch(error);
});

test("checkouts of one repository share its refs, and so one study", async () => {
  const metric = { name: "loss", goal: "minimize" };
  const program = { metric, measure: "echo loss: 1", edit: ["code.txt"], sandbox: "process" };
  const files = { "code.txt": "x\n", "program.md": programText(program) };
  const main = await makeRepository(join(place.folder, "shared"), files);
  const linked = join(place.folder, "shared-linked");
  git(main, "worktree", "add", "--quiet", "-b", "other", linked);
  const first = await place.nightlab(main, "run", "--tag", "one", "--experiments", "1");
  expect(first.code).toBe(0);
  const status = await place.nightlab(linked, "status");
  expect(status.stdout).toContain("nightlab one");
  const second = await place.nightlab(linked, "run", "--tag", "two", "--experiments", "1");
  expect(second.code).toBe(0);
  const log = await place.nightlab(main, "status", "--json");
  expect(JSON.parse(log.stdout).run.tag).toBe("two");
  expect(existsSync(join(linked, ".nightlab"))).toBe(false);
  expect(
    git(main, "for-each-ref", "--format=%(refname)", "refs/nightlab/runs/").split("\n").length,
  ).toBeGreaterThan(2);
});

test("before any run, show, report, resume and stop say what to type; status and log say that there is nothing", async () => {
  await mistakes.expectMistake(fresh, ["show", "e1"], { error: /no experiment e1/, next: /nightlab log/ });
  await mistakes.expectMistake(fresh, ["report"], { error: /no run has been started/, next: /nightlab run/ });
  await mistakes.expectJsonMistake(fresh, ["resume"], { error: /no run to resume/, next: /nightlab run/ });
  await mistakes.expectMistake(fresh, ["stop"], { error: /no run is at work/, next: /nightlab status/ });
  expect((await place.nightlab(fresh, "status")).stdout).toMatch(/nightlab run/);
  expect((await place.nightlab(fresh, "log")).stdout).toContain("no experiments yet");
});

test("the folder and --json may be named before or after the command", async () => {
  for (const args of [
    ["-C", fresh, "--json", "status"],
    ["status", "--json", "-C", fresh],
  ]) {
    expect(JSON.parse((await place.nightlab(place.folder, ...args)).stdout)).toMatchObject({ runs: [] });
  }
});

test("a baseline that prints no metric says which command, why, and what to do", async () => {
  const repository = await mistakes.repositoryWith("silent", "echo done");
  await mistakes.expectMistake(repository, ["run"], {
    error: /no line `loss: <number>`/,
    at: /^measure: echo done$/,
    next: /program\.md.*nightlab run/,
  });
});

test("outside a repository, and in one without a commit, it is said how to make one", async () => {
  const outside = join(place.folder, "outside");
  const empty = join(place.folder, "empty");
  await Promise.all([mkdir(outside), mkdir(empty)]);
  git(empty, "init", "--quiet");
  await mistakes.expectMistake(outside, ["status"], { error: /not in a git repository/, next: /git init/ });
  await mistakes.expectJsonMistake(outside, ["run"], { error: /not in a git repository/, next: /git init/ });
  await mistakes.expectMistake(empty, ["run"], { error: /no commit yet/, next: /git commit/ });
});
