/** `nightlab doctor --repair`: makes the ledger whole again, then brings it and git to one. */

import { InfrastructureError } from "../core/errors.ts";
import type { LedgerEvent } from "../core/ledger.ts";
import { currentRun, replay } from "../core/study.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { type LedgerRepair, repairLedger } from "../ledger/repair-ledger.ts";
import { planAgreement, type RefStep } from "../loop/agree-with-refs.ts";
import { headMoveTo } from "../loop/lost-move.ts";
import { openRefs, type Refs } from "../workspace/refs.ts";
import { locateStudy } from "./read-study.ts";
import { systemClock } from "./surroundings.ts";

interface RefStepDone extends RefStep {
  /** The ref that leads to where this one was. */
  readonly keptAs?: string;
  /** Why git would not. */
  readonly problem?: string;
}

export { lineRanges } from "../ledger/line-ranges.ts";

export interface StudyRepair {
  readonly ledger: LedgerRepair;
  /** Lines put back because git proves them. */
  readonly restored: readonly LedgerEvent[];
  /** Refs that were set to what the ledger says or put out of the way. */
  readonly refs: readonly RefStepDone[];
  /** The command to type now. */
  readonly next: string;
}

/** Throws UsageError while another process works on the study; InfrastructureError when disk or git fails. */
export async function repairStudy(cwd: string): Promise<StudyRepair> {
  const { folder, repository } = await locateStudy(cwd);
  const ledger = await repairLedger({ folder, clock: systemClock, lostMove: headMoveTo });
  if (ledger.kind === "absent") return { ledger, restored: [], refs: [], next: "nightlab run" };
  const lines = await readAll(folder);
  const study = replay(lines);
  const refs = openRefs(repository);
  const plan = planAgreement(study, await refs.listOwn());
  // Stamped with the time of the last line: what lies between was not work of the run.
  const atMs = lines.at(-1)?.atMs ?? systemClock.now();
  if (plan.events.length > 0) await append(folder, plan.events, atMs);
  const asideRoot = `refs/nightlab/damaged/${new Date(systemClock.now()).toISOString().replaceAll(/[:.]/g, "-")}`;
  const done: RefStepDone[] = [];
  for (const step of plan.steps) done.push(await carryOut(refs, step, asideRoot));
  const run = currentRun(study);
  const isOpen = run !== undefined && run.endedAtMs === undefined;
  const hasProblem = done.some(({ problem }) => problem !== undefined);
  const next = hasProblem ? "nightlab run --new" : isOpen ? "nightlab resume" : "nightlab run";
  return { ledger, restored: [...ledger.restored, ...plan.events], refs: done, next };
}

async function readAll(folder: string) {
  const ledger = await openLedger({ folder, clock: systemClock, mode: "read" });
  try {
    return await ledger.read(0);
  } finally {
    await ledger.close();
  }
}

async function append(folder: string, events: readonly LedgerEvent[], atMs: number): Promise<void> {
  const clock = { ...systemClock, now: () => atMs };
  const ledger = await openLedger({ folder, clock, mode: "write", holder: "doctor --repair" });
  try {
    await ledger.append(events);
  } finally {
    await ledger.close();
  }
}

/** The name it is kept under comes first: killed in between, both refs are there, and the next repair goes on. */
async function carryOut(refs: Refs, step: RefStep, asideRoot: string): Promise<RefStepDone> {
  const { ref, from, to } = step;
  const keptAs = ref.replace("refs/nightlab", asideRoot);
  try {
    if (from !== undefined) await refs.advance(keptAs, { to: from, from: undefined });
    if (to !== undefined) await refs.advance(ref, { to, from });
    else if (from !== undefined) await refs.remove(ref, from);
    return { ...step, ...(from === undefined ? {} : { keptAs }) };
  } catch (error) {
    if (!(error instanceof InfrastructureError)) throw error;
    return { ...step, problem: error.message };
  }
}
