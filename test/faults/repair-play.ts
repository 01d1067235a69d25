/** Damages the ledger of a run by a seed, repairs it, checks what must hold, and lets the run go on to its end. */

import { expect } from "vitest";
import type { CommitSha, RunTag } from "../../src/core/experiment.ts";
import type { Ledger, LedgerEvent, LedgerLine } from "../../src/core/ledger.ts";
import { currentRun, replay } from "../../src/core/study.ts";
import { RULES } from "../../src/judge/rules.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { type LedgerRepair, repairLedger } from "../../src/ledger/repair-ledger.ts";
import { DamageError } from "../../src/ledger/storage-error.ts";
import { planAgreement } from "../../src/loop/agree-with-refs.ts";
import { headMoveTo } from "../../src/loop/lost-move.ts";
import { resumeRun, runStudy, startRun } from "../../src/loop/run-study.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import type { Script } from "../../src/testing/scripted-sandbox.ts";
import { reportMarkdown } from "../../src/view/report-markdown.ts";
import { makeStudyView } from "../../src/view/study-view.ts";
import {
  type Bench,
  controls,
  type LabOptions,
  lossIn,
  type Made,
  refsAgree,
  runThrough,
} from "../loop/make-lab.ts";
import { MemoryWorkspaces } from "../loop/memory-workspaces.ts";
import { cellOf, damaged, diceOf, lay, type OnDisk, writtenLedger } from "./corruption.ts";

/** A run as a kill left it: its ledger, its repository and the refs in it. */
export interface Killed {
  readonly lines: readonly LedgerLine[];
  readonly disk: OnDisk;
  readonly root: string;
  readonly workspaces: MemoryWorkspaces;
  readonly refs: ReadonlyMap<string, CommitSha>;
}

/** Candidates of 9 and more crash with a log that is longer than a page of the ledger. */
const script: Script = async ({ read }) => {
  const loss = await lossIn(read);
  if (loss < 15) return { stdout: `loss: ${loss}\n` };
  return { stderr: `trace ${"é".repeat(5000)}\n`, ending: { kind: "exited", code: 1 } };
};

const CHANGES = ["3\n", "9\n", "2\n", "5\n", "1\n", "0.5\n", "0.2\n"];

const optionsOf = (): LabOptions => ({
  script,
  parts: {
    budget: { measurements: 90 },
    rule: { ...RULES.balanced, keepsPerPromotion: 2, budgetPerPromotion: 0 },
    staff: [{ researcher: researcher(), share: 1 }],
  },
});

function researcher() {
  return scriptedResearcher(({ experiment, history }) => {
    const done = new Set(history.map(({ idea }) => idea.title));
    const next = CHANGES.find((text) => !done.has(text));
    if (next === undefined || Number(experiment.slice(1)) > 30) return undefined;
    return { files: { "a.txt": next }, idea: { title: next } };
  });
}

class Dead extends Error {}

/** A run killed after `count` lines; of its ledger, the last `inLog` lines are still in the log. */
export async function killedRun(
  bench: Bench,
  folder: string,
  { count, inLog }: { count: number; inLog: number },
): Promise<Killed> {
  const root = await bench.repository();
  const lines: LedgerLine[] = [];
  const dying = (inner: Ledger): Ledger => ({
    append: async (events) => {
      if (lines.length >= count) throw new Dead();
      return inner.append(events);
    },
    read: (after) => inner.read(after),
    close: () => inner.close(),
  });
  const made = await bench.lab({ ...optionsOf(), disk: lines, ledger: dying }, root);
  await runThrough(made).catch((error: unknown) => {
    if (!(error instanceof Dead)) throw error;
  });
  if (!(made.workspaces instanceof MemoryWorkspaces)) throw new Error("made for workspaces in memory");
  const disk = await writtenLedger(folder, lines, Math.min(inLog, lines.length));
  const { workspaces } = made;
  return { lines, disk, root, workspaces, refs: new Map(workspaces.refs()) };
}

/** One damage per seed, to the runs in turn; gives the kinds of repair that were seen. */
export async function playAll(
  bench: Bench,
  runs: readonly Killed[],
  { folder, seeds }: { folder: string; seeds: { from: number; count: number } },
): Promise<Set<string>> {
  const kinds = new Set<string>();
  for (let seed = seeds.from; seed < seeds.from + seeds.count; seed += 1) {
    const killed = runs[seed % runs.length];
    if (killed !== undefined) kinds.add((await play(bench, killed, { folder, seed })).kind);
  }
  return kinds;
}

async function play(
  bench: Bench,
  killed: Killed,
  about: { folder: string; seed: number },
): Promise<LedgerRepair> {
  const { folder, seed } = about;
  const damage = damaged(killed.disk, diceOf(seed));
  const where = `seed ${seed}: ${damage.name}`;
  lay(folder, damage);
  await expectClearAnswer(folder, killed, where);
  const clock = new FakeClock(Date.UTC(2026, 5, 1));
  const repair = await repairLedger({ folder, clock, lostMove: headMoveTo });
  const lines = await readAll(folder);
  checkKept({ killed, damage, repair, lines }, where);
  expect(await repairLedger({ folder, clock, lostMove: headMoveTo }), where).toMatchObject({
    lines: lines.length,
    lost: [],
    unfit: [],
  });
  await goOn(bench, killed, { lines, where });
  return repair;
}

/** All lines, or those before a torn tail, or an error that names the file and the way out. */
async function expectClearAnswer(folder: string, { lines }: Killed, where: string): Promise<void> {
  const answer = await readAll(folder).catch((error: unknown) => error);
  if (Array.isArray(answer)) return expect(answer, where).toEqual(lines.slice(0, answer.length));
  expect(answer, where).toBeInstanceOf(DamageError);
  expect(answer, where).toMatchObject({
    place: expect.stringContaining("ledger.db"),
    next: expect.stringContaining("nightlab doctor --repair"),
  });
}

/** No line that can be read is lost, none is altered, and the order is the one they were written in. */
function checkKept(
  about: {
    killed: Killed;
    damage: { file: Buffer; log: Buffer };
    repair: LedgerRepair;
    lines: readonly LedgerLine[];
  },
  where: string,
): void {
  const { killed, damage, repair, lines } = about;
  const written = killed.lines.map(({ atMs, event }) => JSON.stringify({ atMs, event }));
  const kept = lines.map(({ atMs, event }) => JSON.stringify({ atMs, event }));
  const keptAt = kept.map((line) => written.indexOf(line));
  const added = lines.filter((_, index) => keptAt[index] === -1).map(({ event }) => event);
  const restored = repair.restored.map((event) => JSON.stringify(event));
  for (const event of added)
    expect(
      event.kind === "warning" || restored.includes(JSON.stringify(event)),
      `${where}: ${event.kind}`,
    ).toBe(true);
  const order = keptAt.filter((at) => at !== -1);
  expect(order, where).toEqual(order.toSorted((left, right) => left - right));
  const gone = new Set([...repair.unfit.map(({ number }) => number), ...order.map((at) => at + 1)]);
  if (repair.kind === "whole") return; // a torn end: what it held was never acknowledged, as far as the file tells
  for (const row of killed.disk.rows) {
    const cell = cellOf(row);
    const isThere = cell !== undefined && (damage.file.includes(cell) || damage.log.includes(cell));
    if (isThere) expect(gone.has(row.number), `${where}: line ${row.number} could be read`).toBe(true);
  }
}

/** Git is brought to one with the ledger, every view can be drawn, and the run ends as any other. */
async function goOn(
  bench: Bench,
  killed: Killed,
  { lines, where }: { lines: readonly LedgerLine[]; where: string },
): Promise<void> {
  const { workspaces } = killed;
  for (const ref of [...workspaces.refs().keys()]) workspaces.setRef(ref, undefined);
  for (const [ref, to] of killed.refs) workspaces.setRef(ref, to);
  const study = replay(lines);
  const plan = planAgreement(study, workspaces.refs());
  for (const { ref, from, to } of plan.steps) {
    if (from !== undefined) workspaces.setRef(ref.replace("refs/nightlab", "refs/nightlab/damaged/t"), from);
    workspaces.setRef(ref, to);
  }
  const disk = [...lines, ...numbered(lines, plan.events)];
  expect(planAgreement(replay(disk), withoutAside(workspaces.refs())), where).toEqual({
    events: [],
    steps: [],
  });
  reportMarkdown(makeStudyView(replay(disk), 0));
  const made = await bench.lab({ ...optionsOf(), disk }, killed.root);
  const end = await continueRun(made);
  expect(end.kind, where).toBe("ended");
  expect(await refsAgree(made), where).toBe(true);
  expect(replay(disk), where).toEqual(made.lab.study);
  const open = [...made.lab.study.experiments.values()].filter(({ status }) => status === undefined);
  expect(open, where).toEqual([]);
  reportMarkdown(makeStudyView(made.lab.study, 0));
}

async function continueRun(made: Made) {
  const { lab } = made;
  const run = currentRun(lab.study);
  if (run !== undefined && run.endedAtMs === undefined) await resumeRun(lab);
  else await startRun(lab, { tag: `again` as RunTag, studySeed: 8, programSha: "0" });
  return await runStudy(lab, controls().control);
}

function numbered(lines: readonly LedgerLine[], events: readonly LedgerEvent[]): LedgerLine[] {
  const atMs = lines.at(-1)?.atMs ?? 0;
  return events.map((event, index) => ({ number: lines.length + index + 1, atMs, event }));
}

function withoutAside(refs: ReadonlyMap<string, CommitSha>): Map<string, CommitSha> {
  return new Map([...refs].filter(([ref]) => !ref.startsWith("refs/nightlab/damaged/")));
}

async function readAll(folder: string): Promise<readonly LedgerLine[]> {
  const ledger = await openLedger({ folder, clock: new FakeClock(), mode: "read" });
  try {
    return await ledger.read(0);
  } finally {
    await ledger.close();
  }
}
