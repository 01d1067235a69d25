import { spawnSync } from "node:child_process";
import { chmodSync, chownSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { makeSurroundings, type Surroundings } from "../stories/command-line.ts";
import { git, makeRepository, programText } from "../stories/repositories.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "nightlab.js");
const SETTINGS = {
  metric: { name: "loss", goal: "minimize" },
  measure: "echo loss: 1",
  edit: ["code.txt"],
  sandbox: "process",
  budget: { experiments: 1 },
};

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

const repositoryNamed = (name: string, files: Readonly<Record<string, string>> = {}) =>
  makeRepository(join(place.folder, name), {
    "code.txt": "x\n",
    "program.md": programText(SETTINGS),
    ...files,
  });

/** nightlab with another environment, or as another user. */
function nightlab(
  cwd: string,
  args: readonly string[],
  other: { env?: NodeJS.ProcessEnv; uid?: number } = {},
) {
  const { env = place.env, ...user } = other;
  const said = spawnSync(process.execPath, [PROGRAM, ...args], { cwd, env, encoding: "utf8", ...user });
  return { code: said.status, stdout: said.stdout, stderr: said.stderr };
}

function expectMistake(said: { code: number | null; stderr: string }, error: RegExp, next: RegExp): void {
  expect(said.stderr).toMatch(/^error: /);
  expect(said.stderr).toMatch(error);
  expect(/^next: (.+)$/m.exec(said.stderr)?.[1]).toMatch(next);
  expect(said.code).toBe(2);
}

test("without git on PATH, or with nothing on it, it is said what to install", async () => {
  const repository = await repositoryNamed("no-git");
  for (const PATH of ["", dirname(process.execPath)]) {
    const said = nightlab(repository, ["status"], { env: { ...place.env, PATH } });
    expectMistake(said, /git is not found on PATH/, /install git/);
  }
  const { PATH: _, ...env } = place.env;
  expectMistake(nightlab(repository, ["run"], { env }), /git is not found on PATH/, /install git/);
});

test("in a folder that is not there it is said that it is not there", () => {
  expectMistake(
    nightlab(place.folder, ["status", "-C", "/no/such/folder"]),
    /no folder \/no\/such\/folder/,
    /-C/,
  );
});

test("without HOME and any other variable but PATH a command still works", async () => {
  const repository = await repositoryNamed("no-home");
  const said = nightlab(repository, ["status"], { env: { PATH: place.env.PATH } });
  expect(said).toMatchObject({ code: 0, stderr: "" });
});

test.for(["file", "link", "dangling link"])(
  "a .nightlab that is a %s is left alone, and it is said how to move it",
  async (kind) => {
    const repository = await repositoryNamed(`taken-${kind}`);
    const path = join(repository, ".nightlab");
    if (kind === "file") await writeFile(path, "mine\n");
    else await symlink(kind === "link" ? place.folder : "/no/such/place", path);
    const before = git(repository, "status", "--porcelain");
    expectMistake(nightlab(repository, ["run"]), /\.nightlab is a (?:file|link)/, /^mv .*\.nightlab/);
    expect(git(repository, "status", "--porcelain")).toBe(before);
  },
);

const isRoot = process.getuid?.() === 0;
test.runIf(isRoot)("where this user may not write, it is said whose it is to find out", async () => {
  const repository = await repositoryNamed("locked");
  chmodSync(place.folder, 0o755);
  const home = join(place.folder, "other-home");
  await mkdir(home);
  chownSync(home, 61_901, 61_901);
  const env = { ...place.env, HOME: home, XDG_STATE_HOME: join(home, "state"), XDG_CACHE_HOME: home };
  const said = nightlab(repository, ["run"], { env, uid: 61_901 });
  expectMistake(said, /may not write there/, /ls -ld/);
});

test("a ledger of a newer nightlab is left alone by every command, repair among them", async () => {
  const repository = await repositoryNamed("newer");
  const folder = join(repository, ".nightlab");
  await (await openLedger({ folder, clock: new FakeClock(), mode: "write" })).close();
  const database = new DatabaseSync(join(folder, "ledger.db"));
  database.exec("pragma user_version = 12");
  database.close();
  for (const args of [["status"], ["run"], ["doctor", "--repair"]])
    expectMistake(nightlab(repository, args), /written by a newer nightlab.*Update nightlab/, /./);
});

test.for([
  ["CRLF line ends", (text: string) => Buffer.from(text.replaceAll("\n", "\r\n")), undefined],
  ["a byte order mark", (text: string) => Buffer.from(`\uFEFF${text}`), undefined],
  ["a NUL byte", (text: string) => Buffer.from(`${text}\0`), /not text/],
  ["10 MB", (text: string) => Buffer.from(text + "x\n".repeat(5_000_000)), /is 10\d+ bytes/],
] as const)("a program.md with %s is read or refused with its place", async ([name, bytes, refusal]) => {
  const repository = await repositoryNamed(`program-${name.replaceAll(/\W/g, "-")}`);
  await writeFile(join(repository, "program.md"), bytes(programText(SETTINGS)));
  const said = nightlab(repository, ["doctor"]);
  if (refusal === undefined)
    expect(said.stdout).toContain("ok program.md: minimize loss with `echo loss: 1`");
  else {
    expect(said.stdout).toMatch(new RegExp(`!! program\\.md: .*${refusal.source}`));
    expectMistake(nightlab(repository, ["run"]), refusal, /./);
  }
});
