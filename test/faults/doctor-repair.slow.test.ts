import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repairStudy } from "../../src/compose/repair-study.ts";
import { UsageError } from "../../src/core/errors.ts";
import { currentRun, replay } from "../../src/core/study.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import {
  contentOf,
  eventsOf,
  makeSurroundings,
  readLines,
  type Surroundings,
} from "../stories/command-line.ts";
import { git, shrinkingText } from "../stories/repositories.ts";

/** One finished run whose four candidates are each a line shorter; each test damages a copy of it. */
let place: Surroundings;
let finished: string;
beforeAll(async () => {
  place = await makeSurroundings();
  finished = await shrinkingText(join(place.folder, "finished"));
  expect(await place.nightlab(finished, "run", "--tag", "small")).toMatchObject({ code: 0 });
});
afterAll(() => place.remove());

async function damagedCopy(name: string, sql: string): Promise<string> {
  const copy = join(place.folder, name);
  await cp(finished, copy, { recursive: true });
  const database = new DatabaseSync(join(copy, ".nightlab", "ledger.db"));
  database.exec(`pragma secure_delete = on; ${sql}`); // otherwise deleted lines stay in the file and are found
  database.close();
  return copy;
}

const AT_END = "kind in ('final_judged', 'run_ended', 'verified_moved', 'published', 'promotion_judged')";

test.concurrent("a damaged ledger stops every command, with its place and the way out", async () => {
  const copy = await damagedCopy(
    "stopped",
    "update lines set event = replace(event, 'a', 'b') where number = 9",
  );
  for (const command of ["status", "run"]) {
    const { code, stderr } = await place.nightlab(copy, command);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: .*ledger\.db is damaged: line 9 was altered\n {2}at: .*ledger\.db\nnext: nightlab doctor --repair/,
    );
  }
  const examined = await place.nightlab(copy, "doctor");
  expect(examined.stdout).toMatch(/!! ledger: .*line 9 was altered\n {5}next: nightlab doctor --repair/);
});

test.concurrent("repair keeps the rest, says what it dropped, keeps the damaged file, and the run goes on to its end", async () => {
  const copy = await damagedCopy(
    "opened",
    `delete from lines where kind = 'opened' and experiment = 'e2';
     delete from lines where kind in ('final_judged', 'run_ended')`,
  );
  const before = await contentOf(copy);
  const said = await place.nightlab(copy, "doctor", "--repair");
  expect(said).toMatchObject({ code: 0, stderr: "" });
  expect(said.stdout).toMatch(/lost: lines 16, \d+–\d+ could not be read/);
  expect(said.stdout).toMatch(/dropped: line \d+ \(proposed\): the opening of e2 is lost/);
  expect(said.stdout).toMatch(
    /git: refs\/nightlab\/candidates\/e2 is out of the way: e2 is not in the ledger; .* kept as refs\/nightlab\/damaged\//,
  );
  expect(said.stdout).toMatch(/next: nightlab resume\n$/);
  const kept = /are in (.*ledger\.damaged-.*)$/m.exec(said.stdout)?.[1] ?? "";
  expect((await readdir(kept)).sort()).toEqual(["dropped.jsonl", "ledger.db"]);
  expect(await readFile(join(kept, "dropped.jsonl"), "utf8")).toContain("the opening of e2 is lost");

  expect(await place.nightlab(copy, "status")).toMatchObject({ code: 0, stderr: "" });
  expect(await place.nightlab(copy, "resume")).toMatchObject({ code: 0, stderr: "" });
  expect(await contentOf(copy)).toEqual(before);
  const run = currentRun(replay(await readLines(copy)));
  expect(run?.warnings.join()).toContain("the ledger was damaged and has been repaired");
  expect(run?.final?.verdict.kind).toBe("keep");
  expect(git(copy, "rev-parse", "nightlab/small")).toBe(run?.verified);
});

test.concurrent("a second repair finds nothing to do", async () => {
  const copy = await damagedCopy("twice", "delete from lines where number = 20");
  const first = await repairStudy(copy);
  expect(first).toMatchObject({ ledger: { kind: "repaired", lost: [20] } });
  const refs = git(copy, "for-each-ref");
  const second = await repairStudy(copy);
  expect(second).toMatchObject({ ledger: { kind: "whole", lost: [], unfit: [] }, restored: [], refs: [] });
  expect(second.ledger.lines).toBe(first.ledger.lines);
  expect(git(copy, "for-each-ref")).toBe(refs);
});

test.concurrent("moves of head and verified whose lines are lost come back from what git holds", async () => {
  const copy = await damagedCopy(
    "moves",
    "delete from lines where kind in ('head_moved', 'verified_moved', 'final_judged', 'run_ended')",
  );
  const wanted = currentRun(replay(await readLines(finished)));
  const said = await repairStudy(copy);
  expect(said.refs).toEqual([]);
  const run = currentRun(replay(await readLines(copy)));
  expect(run).toMatchObject({ head: wanted?.head, verified: wanted?.verified });
  expect((await place.nightlab(copy, "resume")).code).toBe(0);
});

test.concurrent("a proof whose lines are lost is proven again, and what verified was is kept", async () => {
  const copy = await damagedCopy("unproven", `delete from lines where ${AT_END}`);
  const was = git(copy, "rev-parse", "refs/nightlab/runs/small/verified");
  const said = await repairStudy(copy);
  expect(said.refs).toMatchObject([{ ref: "refs/nightlab/runs/small/verified", from: was }]);
  expect(git(copy, "rev-parse", said.refs[0]?.keptAs ?? "")).toBe(was);
  expect((await place.nightlab(copy, "resume")).code).toBe(0);
  const lines = await readLines(copy);
  expect(eventsOf(lines, "promotion_judged")).toHaveLength(1);
  expect(git(copy, "rev-parse", "refs/nightlab/runs/small/verified")).toBe(was);
});

test.concurrent.for([
  ["nothing left of the file", Buffer.alloc(0)],
  ["noise in its place", Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 251))],
] as const)("with %s, what git holds of the lost run is kept under other names", async ([name, bytes]) => {
  const copy = await damagedCopy(name.replaceAll(" ", "-"), "select 1");
  await writeFile(join(copy, ".nightlab", "ledger.db"), bytes);
  const verified = git(copy, "rev-parse", "refs/nightlab/runs/small/verified");
  expect((await place.nightlab(copy, "run")).stderr).toContain("next: nightlab doctor --repair");
  expect(await repairStudy(copy)).toMatchObject({
    next: "nightlab run",
    ledger: { kind: "repaired", lines: 0 },
  });
  const kept = git(copy, "for-each-ref", "--format=%(objectname) %(refname)", "refs/nightlab/damaged/");
  expect(kept).toMatch(new RegExp(`^${verified} .*/runs/small/verified$`, "m"));
  expect((await place.nightlab(copy, "run", "--tag", "small")).code).toBe(0);
  expect(git(copy, "rev-parse", "nightlab/small")).toBe(verified); // the branch of the lost run is not taken over
});

test.concurrent("while a run is at work nothing is repaired, and it is said who holds the ledger", async () => {
  const copy = await damagedCopy("held", "select 1");
  const folder = join(copy, ".nightlab");
  const ledger = await openLedger({ folder, clock: new FakeClock(), mode: "write", holder: "night" });
  const refusal = await repairStudy(copy).catch((error: unknown) => error);
  await ledger.close();
  expect(refusal).toBeInstanceOf(UsageError);
  expect(refusal).toMatchObject({
    message: expect.stringContaining("being written by run night"),
    next: expect.stringContaining("nightlab stop"),
  });
});

test.concurrent("refs that were moved by hand are put back, and where they were is kept", async () => {
  const copy = await damagedCopy("by-hand", "select 1");
  const ref = "refs/nightlab/runs/small/head";
  const head = git(copy, "rev-parse", ref);
  git(copy, "update-ref", ref, git(copy, "commit-tree", "HEAD^{tree}", "-m", "by hand"));
  const moved = git(copy, "rev-parse", ref);
  git(copy, "update-ref", "-d", "refs/nightlab/runs/small/verified");
  const said = await place.nightlab(copy, "doctor", "--repair", "--json");
  const { ledger, refs } = JSON.parse(said.stdout);
  expect(ledger.kind).toBe("whole");
  expect(refs).toMatchObject([
    { ref, from: moved, to: head, keptAs: expect.stringMatching(/^refs\/nightlab\/damaged\//) },
    { ref: "refs/nightlab/runs/small/verified", to: head },
  ]);
  expect(git(copy, "rev-parse", ref)).toBe(head);
  expect(git(copy, "rev-parse", "refs/nightlab/runs/small/verified")).toBe(head);
  expect(git(copy, "for-each-ref", "--format=%(objectname)", "refs/nightlab/damaged/")).toBe(moved);
});
