/** The view kept beside the ledger: shown only where it says what reading the whole ledger would say. */

import { execFileSync } from "node:child_process";
import { cp, mkdtemp, readFile, realpath, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { beat } from "../../src/compose/heartbeat.ts";
import { keepLastView, viewKeeper } from "../../src/compose/keep-view.ts";
import { keptView } from "../../src/compose/kept-view.ts";
import { findStudy, readStudy, viewOf } from "../../src/compose/read-study.ts";
import { type LedgerEvent, ledgerEventSchema } from "../../src/core/ledger.ts";
import { replay } from "../../src/core/study.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sampleEvents } from "../../src/testing/sample-events.ts";
import { statusView } from "../../src/view/status-view.ts";

const PROGRAM =
  "---\nmetric: { name: loss, goal: minimize }\nmeasure: cat a\nedit: [a]\nbudget: { experiments: 9 }\n---\n# Mission\n";

let base: string;
let root: string;
let count = 0;
beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "nightlab-kept-view-")));
});
afterAll(() => rm(base, { recursive: true, force: true }));

beforeEach(async () => {
  count += 1;
  root = join(base, String(count));
  execFileSync("git", ["init", "-q", "-b", "main", root]);
  await writeFile(join(root, "program.md"), PROGRAM);
});

const inStudy = (...names: string[]) => join(root, ".nightlab", ...names);

function open(holder = "night") {
  return openLedger({ folder: inStudy(), clock: new FakeClock(), mode: "write", holder });
}

async function append(events: readonly LedgerEvent[]): Promise<void> {
  const ledger = await open();
  await ledger.append(events);
  await ledger.close();
}

/** A study that was left in good order, its view kept. */
async function restingStudy(): Promise<void> {
  await append(sampleEvents);
  await keep();
}

async function keep(): Promise<void> {
  const place = await findStudy(root);
  await keepLastView(place, (await readStudy(place)).study);
}

async function fullView() {
  const place = await findStudy(root);
  return statusView(await viewOf(place, await readStudy(place)));
}

const now = () => keptView(root, Date.now());

it("a study at rest is shown as reading the whole ledger would show it", async () => {
  await restingStudy();
  const { nowMs: _then, ...kept } = now() ?? { nowMs: 0 };
  const { nowMs: _now, ...full } = await fullView();
  expect(kept).toEqual(JSON.parse(JSON.stringify(full)));
  expect(full.run?.budget).toMatchObject([{ name: "experiments", limit: 9 }]);
});

it("a ledger that has gone on by one line is read in full", async () => {
  await restingStudy();
  const lineMore = ledgerEventSchema.parse({ kind: "told", run: sampleRun(), text: "more" });
  await append([lineMore]);
  expect(now()).toBeUndefined();
  await keep();
  expect(now()).toBeDefined();
});

it("the view of another study with as many lines is ignored, whoever put it there", async () => {
  await restingStudy();
  const foreign = JSON.parse(await readFile(inStudy("view.json"), "utf8"));
  const other = { ...foreign, tip: { ...foreign.tip, checksum: foreign.tip.checksum ^ 1 } };
  await writeFile(inStudy("view.json"), JSON.stringify(other));
  expect(now()).toBeUndefined();
});

it.each([
  ["nothing", ""],
  ["half a file", '{"format":1,"tip":{"num'],
  ["no object", "[]"],
  ["null", "null"],
  ["another format", '{"format":0}'],
  ["no tip", '{"format":1,"made":{"by":1},"view":{"nowMs":0}}'],
])("%s in place of a kept view is ignored", async (_what, text) => {
  await restingStudy();
  await writeFile(inStudy("view.json"), text);
  expect(await Promise.resolve().then(now, () => "thrown")).toBeUndefined();
});

it("a ledger file that was written to or put in place from elsewhere is read in full", async () => {
  await restingStudy();
  await cp(inStudy("ledger.db"), inStudy("copy.db"));
  await rename(inStudy("copy.db"), inStudy("ledger.db"));
  expect(now()).toBeUndefined();
  await keep();
  expect(now()).toBeDefined();
  await utimes(inStudy("ledger.db"), 1, 1);
  expect(now()).toBeUndefined();
});

it("lines that lie in the log without a process at work, and a repair cut short, are left to a full read", async () => {
  await restingStudy();
  await writeFile(inStudy("ledger.db-wal"), "x");
  expect(now()).toBeUndefined();
  await rm(inStudy("ledger.db-wal"));
  expect(now()).toBeDefined();
  await writeFile(inStudy("ledger.repaired"), "");
  expect(now()).toBeUndefined();
});

it("an edited program.md shows its new budget", async () => {
  await restingStudy();
  await writeFile(join(root, "program.md"), PROGRAM.replace("9", "77"));
  expect(now()).toBeUndefined();
});

it("a deadline by the time of day is never kept at rest: tomorrow it is another one", async () => {
  await restingStudy();
  await writeFile(join(root, "program.md"), PROGRAM.replace("experiments: 9", 'until: "07:00"'));
  await keep();
  await expect(readFile(inStudy("view.json"))).rejects.toThrow("ENOENT");
});

it("text that another process put into the file reaches the terminal as text alone", async () => {
  await restingStudy();
  const kept = JSON.parse(await readFile(inStudy("view.json"), "utf8"));
  kept.view.run.metric.name = "loss\u001b[2J\u202e";
  await writeFile(inStudy("view.json"), JSON.stringify(kept));
  expect(now()?.run?.metric.name).toBe("loss");
});

it("a process at work is shown while its view is young, as long as it lives", async () => {
  const ledger = await open();
  const lines = await ledger.append(sampleEvents.slice(0, 3));
  const place = await findStudy(root);
  const heart = { pid: process.pid, run: "night", atMs: 0, stages: { run: "calibrating" } };
  await beat(place.folder, { ...heart, budget: { experiments: 5 } });
  const study = replay(lines);
  await viewKeeper(place, study)();
  const view = now();
  expect(view?.run).toMatchObject({ stage: "calibrating", budget: [{ limit: 5 }] });
  expect(keptView(root, (view?.nowMs ?? 0) + 5_000)).toBeUndefined();
  expect(keptView(root, (view?.nowMs ?? 0) - 1)).toBeUndefined(); // the clock was set back
  await ledger.append(sampleEvents.slice(3, 4));
  expect(now()).toBeUndefined();
  await viewKeeper(place, study)(); // the study does not know that line yet: nothing is kept
  expect(now()).toBeUndefined();
  await ledger.close();
});

it("what a killed process left behind is not shown as its work", async () => {
  const ledger = await open();
  const study = replay(await ledger.append(sampleEvents.slice(0, 3)));
  await viewKeeper(await findStudy(root), study)();
  expect(now()?.run?.state).not.toBe("interrupted");
  await ledger.close();
  expect(now()).toBeUndefined();
  expect((await fullView()).run?.state).toBe("interrupted");
});

it("another process at work makes the view of the last one old", async () => {
  await restingStudy();
  const ledger = await open();
  expect(now()).toBeUndefined();
  await ledger.close();
});

it("a long view is made seldom", async () => {
  const ledger = await open();
  const study = replay(await ledger.append(sampleEvents.slice(0, 3)));
  const keepOften = viewKeeper(await findStudy(root), study);
  await keepOften();
  await rm(inStudy("view.json"));
  await keepOften(); // at once after the last: left out
  expect(now()).toBeUndefined();
  await ledger.close();
});

it("a study on a disk that takes nothing more goes on without a kept view", async () => {
  await append(sampleEvents);
  const { study } = await readStudy(await findStudy(root));
  const gone = { root, folder: join(root, "gone"), programPath: join(root, "program.md") };
  await expect(keepLastView(gone, study)).resolves.toBeUndefined();
});

it("a table of the ledger that cannot be read leaves the word to a full read", async () => {
  await restingStudy();
  const database = new DatabaseSync(inStudy("ledger.db"));
  database.exec("drop table tip");
  database.close();
  const kept = JSON.parse(await readFile(inStudy("view.json"), "utf8"));
  const { restingMark } = await import("../../src/ledger/tip-mark.ts");
  await writeFile(
    inStudy("view.json"),
    JSON.stringify({ ...kept, made: { ...kept.made, ledger: restingMark(inStudy()) } }),
  );
  expect(now()).toBeUndefined();
});

function sampleRun(): string {
  const [first] = sampleEvents;
  return first !== undefined && "run" in first ? first.run : "";
}
