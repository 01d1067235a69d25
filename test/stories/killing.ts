/** Kills a run again and again and resumes it; checks after each kill what must hold. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { replay } from "../../src/core/study.ts";
import { eventsOf, readLines, type Said, type Started, type Surroundings } from "./command-line.ts";
import { git } from "./repositories.ts";

/** After each of `acknowledged` more lines and `delayMs`, the run is killed; at last it is left to end. */
export interface Kill {
  readonly acknowledged: number;
  readonly delayMs: number;
}

export async function killAndResume(
  place: Surroundings,
  repository: string,
  kills: readonly Kill[],
): Promise<Said> {
  let started = place.start(repository, "run", "--json", "--seed", "5", "--tag", "night");
  for (const kill of kills) {
    await acknowledge(started, kill.acknowledged);
    await new Promise((resolve) => setTimeout(resolve, kill.delayMs));
    started.child.kill("SIGKILL");
    const said = await started.ended;
    if (said.signal === null) return said; // it had ended before the kill came
    await checkAfterKill(repository, said);
    started = place.start(repository, "resume", "--json");
  }
  return await started.ended;
}

async function acknowledge(started: Started, count: number): Promise<void> {
  let seen = 0;
  await Promise.race([started.ended, started.line(/./).then(() => undefined)]).catch(() => undefined);
  await Promise.race([
    started.ended,
    new Promise<void>((resolve) => {
      started.child.stdout?.on("data", (text: string) => {
        seen += text.split("\n").length - 1;
        if (seen >= count) resolve();
      });
    }),
  ]);
}

/** What was printed had been written; the numbers have no gap. */
async function checkAfterKill(repository: string, said: Said): Promise<void> {
  const lines = await readLines(repository);
  expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1));
  const printed = said.stdout
    .split("\n")
    .slice(0, -1)
    .filter((text) => text !== "");
  for (const text of printed) {
    const { number, atMs, ...event } = JSON.parse(text);
    const line = lines[number - 1];
    expect(line && JSON.parse(JSON.stringify(line))).toEqual({ number, atMs, event });
  }
}

/** Nothing lost, nothing done twice, git and ledger at one. */
export function checkWholeStudy(repository: string, lines: readonly LedgerLine[]): void {
  const ids = eventsOf(lines, "opened").map(({ experiment }) => experiment);
  expect(ids).toEqual(ids.map((_, index) => `e${index + 1}`));
  const closed = eventsOf(lines, "closed").map(({ experiment }) => experiment);
  expect(closed.toSorted()).toEqual(ids.toSorted());
  const measured = eventsOf(lines, "measured")
    .filter(({ purpose }) => purpose !== "calibration")
    .map(({ commit, seed, purpose }) => `${purpose} ${commit} ${seed}`);
  expect(measured).toEqual([...new Set(measured)]);
  expect(eventsOf(lines, "measured").filter(({ purpose }) => purpose === "calibration")).toHaveLength(6);

  const study = replay(lines);
  const run = study.runs[0];
  expect(git(repository, "rev-parse", "refs/nightlab/runs/night/head")).toBe(run?.head);
  expect(git(repository, "rev-parse", "refs/nightlab/runs/night/verified")).toBe(run?.verified);
  for (const { id, commit } of study.experiments.values()) {
    if (commit !== undefined)
      expect(
        git(repository, "for-each-ref", "--points-at", commit, "refs/nightlab/candidates/"),
        id,
      ).not.toBe("");
  }
}

/** Command lines of processes in the workspaces of `repository`. Linux; elsewhere nothing is found. */
export function processesOf(place: Surroundings, repository: string): string[] {
  const folder = join(place.env.XDG_STATE_HOME ?? "", "nightlab", `${basename(repository)}-`);
  return pids().flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
      return environment.includes(folder) ? [readFileSync(`/proc/${pid}/cmdline`, "utf8")] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

function pids(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}
