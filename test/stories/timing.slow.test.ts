import { afterAll, beforeAll, expect, test } from "vitest";
import type { ExperimentId } from "../../src/core/experiment.ts";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { eventsOf, makeSurroundings, readLines, type Surroundings } from "./command-line.ts";
import { git, slowPackage } from "./repositories.ts";

let place: Surroundings;
beforeAll(async () => {
  place = await makeSurroundings();
});
afterAll(() => place.remove());

function experimentAbout(lines: readonly LedgerLine[], title: RegExp): ExperimentId | undefined {
  return eventsOf(lines, "proposed").find(({ idea }) => title.test(idea.title))?.experiment;
}

test("a patch that takes two thirds of the time away is kept and proven, one that changes nothing is not", async () => {
  const repository = await slowPackage(`${place.folder}/primes`, { sandbox: "process", parallel: 2 });
  const said = await place.nightlab(repository, "run", "--tag", "fast");
  expect(said).toMatchObject({ code: 0, stderr: "" });

  const lines = await readLines(repository);
  const statusOf = (title: RegExp) => {
    const id = experimentAbout(lines, title);
    return eventsOf(lines, "closed").find(({ experiment }) => experiment === id)?.status;
  };
  expect(statusOf(/second pass/)).toBe("kept");
  expect(statusOf(/comment/)).toMatch(/^(?:discarded|inconclusive)$/);
  const [final] = eventsOf(lines, "final_judged");
  expect(final?.verdict.kind).toBe("keep");
  expect(git(repository, "show", "nightlab/fast:work.js")).not.toContain("leftover");

  const measured = lines.flatMap(({ atMs, event }) => (event.kind === "measured" ? [{ atMs, event }] : []));
  const spans = measured.map(({ atMs, event }) => {
    const seconds = event.outcome.kind === "measured" ? event.outcome.measurement.resources.wallSeconds : 0;
    return { from: atMs - seconds * 1000, to: atMs };
  });
  for (const [index, { to }] of spans.slice(0, -1).entries()) {
    expect(spans[index + 1]?.from).toBeGreaterThanOrEqual(to - 1); // clocks are read in whole milliseconds
  }
});

test("candidate and head take turns at going first", async () => {
  const repository = `${place.folder}/primes`;
  const lines = await readLines(repository);
  const id = experimentAbout(lines, /second pass/);
  const proposed = eventsOf(lines, "proposed").find(({ experiment }) => experiment === id);
  const sides = eventsOf(lines, "measured")
    .filter(({ experiment }) => experiment === id)
    .map(({ commit }) => (commit === proposed?.commit ? "candidate" : "head"));
  expect(sides.length).toBeGreaterThanOrEqual(4);
  const pairs = Array.from({ length: sides.length / 2 }, (_, index) => sides.slice(2 * index, 2 * index + 2));
  for (const [index, pair] of pairs.entries()) {
    expect(pair.toSorted()).toEqual(["candidate", "head"]);
    expect(pair[0]).not.toBe(pairs[index + 1]?.[0]);
  }
});
