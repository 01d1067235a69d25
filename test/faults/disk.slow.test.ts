import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { replay } from "../../src/core/study.ts";
import {
  makeSurroundings,
  readLines,
  type Said,
  type Started,
  type Surroundings,
} from "../stories/command-line.ts";
import { checkWholeStudy, processesOf } from "../stories/killing.ts";
import { pythonResearch } from "../stories/repositories.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

const QUICK = { sandbox: "process", budget: { experiments: 3 } };
const FULL = { words: /disk is full|No space left/, next: /^next: free some space \(df -h/m };
const READ_ONLY = { words: /read-only/i, next: /^next: make it writable \(findmnt/m };

/** Which disk gives way, how, and after how many lines of the run. Read-only by a kill first: no file may be open. */
test.for([
  ["the repository's disk fills up in calibration", "repository", "full", 2],
  ["the repository's disk fills up in the search", "repository", "full", 14],
  ["the disk of the checkouts fills up in the search", "checkouts", "full", 9],
  ["the repository's disk comes back read-only after a crash", "repository", "read-only", 13],
  ["the disk of the checkouts comes back read-only after a crash", "checkouts", "read-only", 12],
] as const)(
  "%s: the run stops with what to do, and resume loses and doubles nothing",
  async ([name, which, how, lines]) => {
    const folder = join(place.folder, name.replaceAll(/\W/g, "-"));
    const disk = mountSmallDisk(which === "repository" ? folder : join(place.folder, "home"), 24);
    if (disk === undefined) return;
    try {
      const repository = await pythonResearch(join(folder, "r"), QUICK);
      const started = place.start(repository, "run", "--json", "--seed", "5", "--tag", "night");
      await acknowledged(started, lines);
      if (how === "read-only") started.child.kill("SIGKILL");
      const said = await (how === "full" ? keptFull(disk, started.ended) : started.ended);
      if (how === "full") expectGoodOrder(said, FULL);
      else await vi.waitFor(() => disk.setReadOnly(true), 5000);
      expect(processesOf(place, repository)).toEqual([]);
      const before = await readLines(repository);
      checkAcknowledged(said, before.length);

      const resume = () => place.nightlab(repository, "resume");
      const still = await (how === "full" ? keptFull(disk, resume()) : resume());
      expectGoodOrder(still, how === "full" ? FULL : READ_ONLY, "text");
      restore(disk, how);
      expect(await resume()).toMatchObject({ code: 0, stderr: "" });
      const after = await readLines(repository);
      expect(after.slice(0, before.length)).toEqual(before);
      checkWholeStudy(repository, after);
      expect(replay(after).runs.at(-1)?.endReason).toContain("3 experiments");
    } finally {
      disk.remove();
    }
  },
);

async function acknowledged(started: Started, lines: number): Promise<void> {
  await started.line(new RegExp(`^\\{"number":${lines},`));
}

/** Filled again and again: what a run gives back of a full disk can be all that it needs to go on. */
async function keptFull(disk: SmallDisk, work: Promise<Said>): Promise<Said> {
  disk.fill();
  const filling = setInterval(() => disk.fill(), 5);
  return await work.finally(() => clearInterval(filling));
}

function restore(disk: SmallDisk, how: "full" | "read-only"): void {
  if (how === "full") disk.free();
  else disk.setReadOnly(false);
}

function expectGoodOrder(
  said: Said,
  wanted: { words: RegExp; next: RegExp },
  form: "json" | "text" = "json",
): void {
  expect(said.stderr + said.stdout).not.toContain("nightlab failed");
  expect(said).toMatchObject({ code: 2, signal: null });
  if (form === "text") {
    expect(said.stderr).toMatch(wanted.words);
    expect(said.stderr).toMatch(wanted.next);
    return;
  }
  const { error } = JSON.parse(said.stdout.trimEnd().split("\n").at(-1) ?? "");
  expect(error.message).toMatch(wanted.words);
  expect(`next: ${error.next}`).toMatch(wanted.next);
}

function checkAcknowledged(said: Said, count: number): void {
  const numbers = said.stdout
    .split("\n")
    .flatMap((line) => (/^\{"number":(\d+)/.exec(line)?.[1] ?? []) as string | []);
  expect(Number(numbers.at(-1))).toBeLessThanOrEqual(count);
}
