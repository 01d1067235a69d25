/** Kills the process, in effect, before and after every ledger line and every move of a ref, and looks at what the next one makes of it. */

import { expect } from "vitest";
import type { Ledger, LedgerLine } from "../../src/core/ledger.ts";
import { replay } from "../../src/core/study.ts";
import type { Workspaces } from "../../src/core/workspace.ts";
import { RULES } from "../../src/judge/rules.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import {
  type Bench,
  events,
  type LabOptions,
  refsAgree,
  resumeThrough,
  runThrough,
  statuses,
} from "./make-lab.ts";

export class Killed extends Error {}

/** Counts the steps that leave a trace; the one whose turn it is dies before or after it is done, and so does all after it. */
export class Killer {
  steps = 0;
  readonly names: string[] = [];
  readonly #at: number;
  readonly #when: "before" | "after";
  #isDead = false;

  constructor(at: number, when: "before" | "after") {
    this.#at = at;
    this.#when = when;
  }

  async step<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
    if (this.#isDead) throw new Killed();
    this.steps += 1;
    this.names.push(name);
    const isMine = this.steps === this.#at;
    if (isMine && this.#when === "before") this.#die();
    const result = await act();
    if (isMine) this.#die();
    return result;
  }

  #die(): never {
    this.#isDead = true;
    throw new Killed();
  }

  ledger = (inner: Ledger): Ledger => ({
    append: (all) => this.step(all.map(({ kind }) => kind).join(), () => inner.append(all)),
    read: (after) => inner.read(after),
    close: () => inner.close(),
  });

  workspaces = (inner: Workspaces): Workspaces => ({
    open: (commit, overlay) => inner.open(commit, overlay),
    resolve: (ref) => inner.resolve(ref),
    diff: (from, to, maxBytes) => inner.diff(from, to, maxBytes),
    advance: (ref, to, from) => this.step("advance", () => inner.advance(ref, to, from)),
    rebase: (candidate, onto, to) => this.step("rebase", () => inner.rebase(candidate, onto, to)),
  });
}

/** What the researcher would do for the n-th experiment, whoever is alive to ask: one harmful, three that keep. */
const CHANGES = ["3", "9", "2", "1"];
const researcher = () =>
  scriptedResearcher(({ experiment, openIdeas: _, history }) => {
    const done = new Set(history.map(({ idea }) => idea.title));
    const next = CHANGES.find((text) => !done.has(text));
    if (next === undefined || experiment === "e20") return undefined;
    return { files: { "a.txt": `${next}\n` }, idea: { title: next } };
  });

const OPTIONS: LabOptions = {
  parts: {
    budget: { measurements: 60 },
    rule: { ...RULES.balanced, keepsPerPromotion: 2, budgetPerPromotion: 0 },
  },
};
const withParts = (extra: LabOptions): LabOptions => ({
  ...OPTIONS,
  ...extra,
  parts: { ...OPTIONS.parts, staff: [{ researcher: researcher(), share: 1 }] },
});

interface Instant {
  readonly at: number;
  readonly when: "before" | "after";
}

/** With `again`, the resume is killed as well, at that step of its own, before the one that is looked at. */
async function killedAt(bench: Bench, { at, when }: Instant, again?: Instant) {
  const disk: LedgerLine[] = [];
  const repository = await bench.repository();
  const killer = new Killer(at, when);
  const options = withParts({ disk, ledger: killer.ledger, wrapWorkspaces: killer.workspaces });
  const first = await bench.lab(options, repository);
  await expect(runThrough(first)).rejects.toThrow(Killed);
  expect(first.sandbox.running, "a command outlived the run").toBe(0);
  if (again !== undefined && disk.length > 0) await killResume(bench, { disk, repository }, again);
  const before = structuredClone(disk);
  const second = await bench.lab(withParts({ disk }), repository);
  const end = before.length === 0 ? await runThrough(second) : await resumeThrough(second);
  return { before, second, end, step: killer.names.at(-1) };
}

async function killResume(
  bench: Bench,
  { disk, repository }: { disk: LedgerLine[]; repository: string },
  { at, when }: Instant,
): Promise<void> {
  const killer = new Killer(at, when);
  const options = withParts({ disk, ledger: killer.ledger, wrapWorkspaces: killer.workspaces });
  await expect(resumeThrough(await bench.lab(options, repository))).rejects.toThrow(Killed);
}

/** Steps of the whole run, each with the one before it: where the same two meet again, nothing new can go wrong. */
export async function killEverywhere(bench: Bench, again?: Instant): Promise<number> {
  const whole = new Killer(0, "before");
  const made = await bench.lab(withParts({ ledger: whole.ledger, wrapWorkspaces: whole.workspaces }));
  await runThrough(made);
  const wanted = outcomeOf(made.disk);
  expect(wanted.kept).toEqual(["3", "2", "1"]);
  const lastPlace = new Map(
    whole.names.map((name, index) => [`${whole.names[index - 1]} ${name}`, index + 1]),
  );
  const points = [...lastPlace.values()];
  await inTurns(points, async (at) => {
    for (const when of ["before", "after"] as const) {
      if (at === whole.steps && when === "after") continue; // that run has ended
      if (again !== undefined && whole.steps - at < again.at) continue; // no step is left for the second kill
      await checkKill(bench, { at, when, wanted, ...(again === undefined ? {} : { again }) });
    }
  });
  return points.length;
}

async function checkKill(
  bench: Bench,
  { wanted, again, ...instant }: Instant & { wanted: ReturnType<typeof outcomeOf>; again?: Instant },
): Promise<void> {
  const { before, second, end, step } = await killedAt(bench, instant, again);
  const twice = again === undefined ? "" : `, and ${again.when} step ${again.at} of the resume`;
  const where = `killed ${instant.when} step ${instant.at}, ${step}${twice}`;
  expect(end.kind, where).toBe("ended");
  expect(second.disk.slice(0, before.length), where).toEqual(before);
  expect(await refsAgree(second), where).toBe(true);
  expect(outcomeOf(second.disk), where).toEqual(wanted);
  expect(replay(second.disk), where).toEqual(second.lab.study);
  expect(measuredTwice(second.disk), where).toEqual([]);
  expect(statuses(second), where).not.toContain(undefined);
}

/** A few at a time: starting git processes waits more than it works. */
async function inTurns(points: readonly number[], task: (at: number) => Promise<void>): Promise<void> {
  const left = [...points];
  const worker = async () => {
    for (let at = left.shift(); at !== undefined; at = left.shift()) await task(at);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

/** What a run has come to, whatever the experiments are called. */
function outcomeOf(disk: LedgerLine[]) {
  const study = replay(disk);
  const records = [...study.experiments.values()];
  const titled = (status: string) =>
    records.filter((one) => one.status === status).map(({ idea }) => idea?.title);
  const run = study.runs.at(-1);
  return {
    kept: titled("kept"),
    discarded: titled("discarded"),
    isProven: run?.verified === run?.head && run?.verified !== run?.baseline,
    gain: run?.final?.verdict.estimate?.gain,
    promotions: run?.promotions.map(({ verdict }) => verdict.kind),
    ends: events({ disk }, "run_ended").length,
  };
}

/** Numbers that were acknowledged and asked for again. */
function measuredTwice(disk: LedgerLine[]): string[] {
  const keys = disk.flatMap(({ event }) =>
    event.kind === "measured" && event.purpose !== "calibration"
      ? [`${event.purpose} ${event.commit} ${event.seed}`]
      : [],
  );
  return keys.filter((key, index) => keys.indexOf(key) !== index);
}
