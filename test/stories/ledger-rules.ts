/** What must hold for the ledger of a repository after any kill and resume. */

import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { replay } from "../../src/core/study.ts";
import { eventsOf, readLines } from "./command-line.ts";
import { git } from "./repositories.ts";

/** Lines that were there before are there still, unchanged: nothing acknowledged is lost. */
export function expectContinues(before: readonly LedgerLine[], after: readonly LedgerLine[]): void {
  expect(after.slice(0, before.length)).toEqual(before);
}

export async function expectSound(repository: string): Promise<void> {
  const lines = await readLines(repository);
  const study = replay(lines);
  const run = study.runs.at(-1);
  expect(run).toBeDefined();
  expect([...study.experiments.keys()]).toEqual(
    [...study.experiments.keys()].map((_, index) => `e${index + 1}`),
  );
  const opened = eventsOf(lines, "opened").map(({ experiment }) => experiment);
  expect(new Set(opened).size).toBe(opened.length);
  const measured = eventsOf(lines, "measured").filter(({ purpose }) => purpose !== "calibration");
  const keys = measured.map(
    ({ commit, seed, purpose, experiment }) => `${commit} ${seed} ${purpose} ${experiment}`,
  );
  expect(new Set(keys).size, "nothing is measured twice").toBe(keys.length);
  const refs = git(repository, "for-each-ref", "--format=%(refname) %(objectname)", "refs/nightlab/").split(
    "\n",
  );
  expect(refs).toContain(`refs/nightlab/runs/${run?.tag}/head ${run?.head}`);
  expect(refs).toContain(`refs/nightlab/runs/${run?.tag}/verified ${run?.verified}`);
  for (const { commit } of eventsOf(lines, "proposed"))
    git(repository, "cat-file", "-e", `${commit}^{commit}`);
}

/** Processes whose environment names this folder: started by a run that works below it. */
export function processesOf(folder: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(folder);
      } catch {
        return false; // it has ended, or is not ours
      }
    });
}
