import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventsOf, makeSurroundings, readLines, type Said, type Surroundings } from "./command-line.ts";
import { bundleSize, git } from "./repositories.ts";

let place: Surroundings;
let repository: string;
let said: Said;
beforeAll(async () => {
  place = await makeSurroundings();
  repository = await bundleSize(join(place.folder, "bundle")); // sandbox: auto
  said = await place.nightlab(repository, "run", "--tag", "small");
});
afterAll(() => place.remove());

test("each candidate of a command researcher ends the way it deserves", async () => {
  expect(said).toMatchObject({ code: 0, stderr: "" });
  const ends = eventsOf(await readLines(repository), "closed").map(({ status }) => status);
  expect(ends).toEqual([
    "kept",
    "discarded",
    "checks_failed",
    "out_of_scope",
    "crashed",
    "no_change",
    "kept",
    "gave_up",
  ]);
});

test("a deterministic metric is measured once, and once more before a keep", async () => {
  const lines = await readLines(repository);
  expect(eventsOf(lines, "calibrated")).toMatchObject([{ noise: { isDeterministic: true } }]);
  const tentative = eventsOf(lines, "measured").filter(({ purpose }) => purpose === "tentative");
  expect(tentative.map(({ experiment }) => experiment)).toEqual(["e1", "e1", "e2", "e5", "e7", "e7"]);
  const [final] = eventsOf(lines, "final_judged");
  expect(final?.verdict.kind).toBe("keep");
  expect(git(repository, "diff", "--name-only", "main", "nightlab/small")).toBe("source.js");
});

test("show tells why a candidate failed, with the end of its log", async () => {
  const [failed, scope, crash] = await Promise.all(
    ["e3", "e4", "5"].map((id) => place.nightlab(repository, "show", id)),
  );
  expect(failed?.stdout).toContain("greet forgot the name");
  expect(failed?.stdout).toContain("forget the name");
  expect(scope?.stdout).toContain("build.js is protected");
  expect(crash?.stdout).toContain("cannot bundle a throwing module");
});

test("the report of a run can be read afterwards in three forms", async () => {
  const report = await place.nightlab(repository, "report", "--json");
  const { run, paths } = JSON.parse(report.stdout);
  expect(run).toMatchObject({ tag: "small", state: "ended" });
  expect(paths).toHaveLength(3);
  for (const path of paths) expect((await readFile(path, "utf8")).length).toBeGreaterThan(50);
});
