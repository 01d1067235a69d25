/** Kills a small study at a chosen step by dying inside the call that changes something, then lets a new lab go on. */

import { expect } from "vitest";
import { refs } from "../../src/core/experiment.ts";
import type { Ledger, LedgerLine } from "../../src/core/ledger.ts";
import { replay } from "../../src/core/study.ts";
import type { Workspaces } from "../../src/core/workspace.ts";
import { runStudy } from "../../src/loop/run-study.ts";
import { MemoryLedger } from "../../src/testing/memory-ledger.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { git } from "../stories/repositories.ts";
import { goOn, openLab, TAG, type World, write } from "./world.ts";

const VALUES = [90, 101, 80, 102];

class Killed extends Error {}

/** Counts the calls that change something; the one with number `at` dies, before or after it has done its work. */
class Fuse {
  calls = 0;
  readonly #at: number;
  readonly #when: "before" | "after";

  constructor(at: number, when: "before" | "after") {
    this.#at = at;
    this.#when = when;
  }

  async pass<Result>(task: () => Promise<Result>): Promise<Result> {
    this.calls += 1;
    // A dead process does nothing more, not even what was about to happen beside.
    if (this.calls > this.#at || (this.calls === this.#at && this.#when === "before")) throw new Killed();
    const result = await task();
    if (this.calls >= this.#at) throw new Killed();
    return result;
  }
}

function fused(world: World, fuse: Fuse): { ledger: Ledger; workspaces: Workspaces } {
  const ledger = new MemoryLedger(world.clock, world.disk);
  const { workspaces } = world;
  return {
    ledger: {
      append: (events) => fuse.pass(() => ledger.append(events)),
      read: (after) => ledger.read(after),
      close: () => ledger.close(),
    },
    workspaces: {
      open: async (commit, overlay) => {
        const workspace = await workspaces.open(commit, overlay);
        const commitFused = (message: string, ref: string) => fuse.pass(() => workspace.commit(message, ref));
        return { ...workspace, commit: commitFused };
      },
      advance: (ref, to, from) => fuse.pass(() => workspaces.advance(ref, to, from)),
      rebase: (candidate, onto, record) => fuse.pass(() => workspaces.rebase(candidate, onto, record)),
      resolve: (ref) => workspaces.resolve(ref),
      diff: (from, to, maxBytes) => workspaces.diff(from, to, maxBytes),
    },
  };
}

/** Proposes the values not yet in the ledger, as a researcher does that reads its brief. */
function remaining() {
  return scriptedResearcher((brief) => {
    const seen = new Set([
      ...brief.history.map(({ idea }) => idea.title),
      ...brief.inFlight.map(({ title }) => title),
    ]);
    const next = VALUES.find((value) => !seen.has(`value ${value}`));
    return next === undefined ? undefined : write(next);
  });
}

function expectSound(world: World, before: readonly LedgerLine[]): void {
  expect(world.disk.slice(0, before.length)).toEqual(before);
  const study = replay(world.disk);
  const run = study.runs.at(-1);
  expect(git(world.repository, "rev-parse", refs.head(TAG))).toBe(run?.head);
  expect(git(world.repository, "rev-parse", refs.verified(TAG))).toBe(run?.verified);
  const measured = world.disk.flatMap(({ event }) => (event.kind === "measured" ? [event] : []));
  const keys = measured
    .filter(({ purpose }) => purpose !== "calibration")
    .map(({ commit, seed, purpose, experiment }) => `${commit} ${seed} ${purpose} ${experiment}`);
  expect(new Set(keys).size).toBe(keys.length);
  expect([...study.experiments.values()].filter(({ status }) => status === undefined)).toEqual([]);
  expect(git(world.repository, "show", `${run?.verified}:value.txt`)).toBe("80");
}

/** The same repository as nobody had worked on it. */
function forget(world: World): void {
  world.disk.length = 0;
  const list = git(world.repository, "for-each-ref", "--format=delete %(refname)", "refs/nightlab/");
  for (const line of list.split("\n").filter((one) => one !== ""))
    git(world.repository, "update-ref", "-d", line.slice(7));
}

async function session(world: World, fuse: Fuse, parallel: number): Promise<void> {
  const staff = [{ researcher: remaining(), share: 1 }];
  const lab = await openLab(world, { settings: { parallel }, parts: { ...fused(world, fuse), staff } });
  await runStudy(lab, goOn);
}

export interface Kill {
  /** Number of the call that dies. */
  readonly at: number;
  readonly when: "before" | "after";
  readonly parallel?: number;
}

/** Kills one session, lets another one work to the end, checks the ledger. False when `at` is past the last call. */
export async function killAndResume(world: World, { at, when, parallel = 1 }: Kill): Promise<boolean> {
  forget(world);
  const wasKilled = await session(world, new Fuse(at, when), parallel).then(
    () => false,
    (error: unknown) => {
      if (error instanceof Killed) return true;
      throw error;
    },
  );
  const before = structuredClone(world.disk);
  if (wasKilled) await session(world, new Fuse(Number.POSITIVE_INFINITY, "after"), parallel);
  expectSound(world, before);
  return wasKilled;
}
