import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeSurroundings, type Surroundings } from "./command-line.ts";
import { git, makeRepository, programText } from "./repositories.ts";

let place: Surroundings;
let fresh: string;
beforeAll(async () => {
  place = await makeSurroundings();
  fresh = await repositoryWith("fresh", "echo loss: 1");
});
afterAll(() => place.remove());

function repositoryWith(name: string, measure: string): Promise<string> {
  const metric = { name: "loss", goal: "minimize" };
  const program = { metric, measure, edit: ["code.txt"], sandbox: "process" };
  return makeRepository(join(place.folder, name), { "code.txt": "x\n", "program.md": programText(program) });
}

interface Mistake {
  readonly error: RegExp;
  readonly next: RegExp;
  readonly at?: RegExp;
}

/** Exit code 2, a sentence, a place where there is one, the next thing to type. */
async function expectMistake(cwd: string, args: readonly string[], said: Mistake) {
  const { code, stderr } = await place.nightlab(cwd, ...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: /);
  expect(stderr).toMatch(said.error);
  expect(/^next: (.+)$/m.exec(stderr)?.[1]).toMatch(said.next);
  if (said.at !== undefined) expect(/^ {2}at: (.+)$/m.exec(stderr)?.[1]).toMatch(said.at);
}

/** The same as one JSON object, the last line of stdout. */
async function expectJsonMistake(cwd: string, args: readonly string[], said: Mistake) {
  const { code, stdout } = await place.nightlab(cwd, ...args, "--json");
  expect(code).toBe(2);
  const { error, exitCode } = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  expect(exitCode).toBe(2);
  expect(error.message).toMatch(said.error);
  expect(error.next).toMatch(said.next);
  if (said.at !== undefined) expect(error.place).toMatch(said.at);
}

test.concurrent("outside a repository, and in one without a commit, it is said how to make one", async () => {
  const outside = join(place.folder, "outside");
  const empty = join(place.folder, "empty");
  await Promise.all([mkdir(outside), mkdir(empty)]);
  git(empty, "init", "--quiet");
  await expectMistake(outside, ["status"], { error: /not in a git repository/, next: /git init/ });
  await expectJsonMistake(outside, ["run"], { error: /not in a git repository/, next: /git init/ });
  await expectMistake(empty, ["run"], { error: /no commit yet/, next: /git commit/ });
});

test.concurrent("before any run, show, report, resume and stop say what to type; status and log say that there is nothing", async () => {
  await expectMistake(fresh, ["show", "e1"], { error: /no experiment e1/, next: /nightlab log/ });
  await expectMistake(fresh, ["report"], { error: /no run has been started/, next: /nightlab run/ });
  await expectJsonMistake(fresh, ["resume"], { error: /no run to resume/, next: /nightlab run/ });
  await expectMistake(fresh, ["stop"], { error: /no run is at work/, next: /nightlab status/ });
  expect((await place.nightlab(fresh, "status")).stdout).toMatch(/nightlab run/);
  expect((await place.nightlab(fresh, "log")).stdout).toContain("no experiments yet");
});

test.concurrent("a mistyped command or option is answered like any other mistake", async () => {
  await expectJsonMistake(fresh, ["sttus"], { error: /unknown command 'sttus'/, next: /nightlab --help/ });
  await expectMistake(fresh, ["run", "--sandbox", "jail"], { error: /--sandbox/, next: /nightlab --help/ });
});

test.concurrent("the folder and --json may be named before or after the command", async () => {
  for (const args of [
    ["-C", fresh, "--json", "status"],
    ["status", "--json", "-C", fresh],
  ]) {
    expect(JSON.parse((await place.nightlab(place.folder, ...args)).stdout)).toMatchObject({ runs: [] });
  }
});

test.concurrent("a program.md that is missing or wrong is named with its line", async () => {
  const repository = await makeRepository(join(place.folder, "broken"), {
    "code.txt": "x\n",
    "program.md": programText({ metric: "loss", mesure: "echo loss: 1", edit: ["code.txt"] }),
  });
  const said = { error: /mesure/, next: /Did you mean `measure`/, at: /program\.md:3$/ };
  await Promise.all([expectMistake(repository, ["run"], said), expectJsonMistake(repository, ["run"], said)]);
  await rm(join(repository, "program.md"));
  await expectMistake(repository, ["run"], {
    error: /is not there/,
    next: /nightlab init/,
    at: /program\.md$/,
  });
});

test.concurrent("a baseline that prints no metric says which command, why, and what to do", async () => {
  const repository = await repositoryWith("silent", "echo done");
  await expectMistake(repository, ["run"], {
    error: /no line `loss: <number>`/,
    at: /^measure: echo done$/,
    next: /program\.md.*nightlab run/,
  });
});
