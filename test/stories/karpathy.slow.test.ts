import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { contentOf, eventsOf, makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { git, pythonResearch } from "./repositories.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

/** A user in the middle of other work: something stashed, something staged, something unsaved. */
async function leaveWorkAround(repository: string): Promise<void> {
  await writeFile(join(repository, "notes.txt"), "stashed line\n");
  git(repository, "stash");
  await writeFile(join(repository, "prepare.py"), "# staged change\n");
  git(repository, "add", "prepare.py");
  await writeFile(join(repository, "train.py"), "syntax error, half typed\n");
  await writeFile(join(repository, "scratch.txt"), "untracked\n");
}

test("a night on a training script ends with a proven gain on a branch and leaves the user's work alone", async () => {
  const repository = await pythonResearch(join(place.folder, "karpathy"), {
    sandbox: "process",
    budget: { experiments: 10 },
  });
  await leaveWorkAround(repository);
  const before = await contentOf(repository);

  const said = await place.nightlab(repository, "run", "--seed", "3", "--tag", "night", "--parallel", "2");

  expect(said).toMatchObject({ code: 0, stderr: "" });
  expect(await contentOf(repository)).toEqual(before);
  expect(git(repository, "stash", "list")).toContain("WIP on main");

  const lines = await readLines(repository);
  const [final] = eventsOf(lines, "final_judged");
  expect(final).toMatchObject({ isHeldOut: false, verdict: { kind: "keep" } });
  expect(final?.verdict.estimate?.gain).toBeGreaterThan(0.03);
  expect(git(repository, "rev-parse", "nightlab/night")).toBe(final?.verified);
  expect(git(repository, "rev-parse", "refs/nightlab/runs/night/verified")).toBe(final?.verified);
  expect(git(repository, "diff", "--name-only", "main", "nightlab/night")).toBe("train.py");
  expect(eventsOf(lines, "opened")).toHaveLength(10);

  const report = await readFile(join(repository, ".nightlab", "report.md"), "utf8");
  expect(report).toMatch(/Verified gain \+0\.\d+ .* over the baseline/);
  expect(report).toContain("git merge nightlab/night");

  const table = (await readFile(join(repository, ".nightlab", "results.tsv"), "utf8")).trimEnd().split("\n");
  expect(table[0]).toBe("commit\tval_bpb\tmemory_gb\tstatus\tdescription");
  for (const row of table) expect(row.split("\t")).toHaveLength(5);
  expect(table.filter((row) => row.split("\t")[3] === "keep").length).toBeGreaterThan(1);
});
