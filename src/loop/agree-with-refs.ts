/**
 * Brings the refs of a study and its ledger to one after a repair, or after a ref was moved by hand. Pure: a plan. What
 * the ledger cannot vouch for is put aside under another ref, never deleted; what the ledger says is put back.
 */

import { type CommitSha, type RunTag, refs } from "../core/experiment.ts";
import type { LedgerEvent } from "../core/ledger.ts";
import { currentRun, type RunRecord, type Study } from "../core/study.ts";
import { headMoveTo, verifiedMoveTo } from "./lost-move.ts";

export type OwnRefs = ReadonlyMap<string, CommitSha>;

/** One ref to set to `to` (undefined: to remove); where it is now, if it is anywhere, is kept under another name. */
export interface RefStep {
  readonly ref: string;
  readonly from: CommitSha | undefined;
  readonly to: CommitSha | undefined;
  readonly why: string;
}

export interface Agreement {
  /** Lines that git proves and the ledger has lost. */
  readonly events: readonly LedgerEvent[];
  readonly steps: readonly RefStep[];
}

/** `present`: every ref under refs/nightlab/. The plan for an agreeing study is empty. */
export function planAgreement(study: Study, present: OwnRefs): Agreement {
  const strangers = [...present].flatMap(([ref, from]) => {
    const why = strangeness(study, ref);
    return why === undefined ? [] : [{ ref, from, to: undefined, why }];
  });
  const run = currentRun(study);
  if (run === undefined) return { events: [], steps: strangers };
  const head = headAgreement(study, run, present);
  const verified = verifiedAgreement(run, present);
  const baseline = put(present, refs.baseline(run.tag), run.baseline);
  return {
    events: [...head.events, ...verified.events],
    steps: [...strangers, ...head.steps, ...verified.steps, ...baseline],
  };
}

/** Why a ref is of nothing in the ledger, or undefined. Its name would be taken again. */
function strangeness(study: Study, ref: string): string | undefined {
  const tag = /^refs\/nightlab\/runs\/(.+)\/(?:head|verified|baseline)$/.exec(ref)?.[1];
  if (tag !== undefined && !study.runs.some((run) => run.tag === (tag as RunTag)))
    return `run ${tag} is not in the ledger`;
  const id = /^refs\/nightlab\/candidates\/(e\d+)(?:-on-.*)?$/.exec(ref)?.[1];
  if (id === undefined || [...study.experiments.keys()].some((known) => known === id)) return undefined;
  return `${id} is not in the ledger`;
}

function headAgreement(study: Study, run: RunRecord, present: OwnRefs): Agreement {
  const at = present.get(refs.head(run.tag));
  const move = at === undefined ? undefined : headMoveTo(study, at);
  if (move !== undefined) return { events: [move], steps: [] };
  return { events: [], steps: put(present, refs.head(run.tag), run.head) };
}

function verifiedAgreement(run: RunRecord, present: OwnRefs): Agreement {
  const at = present.get(refs.verified(run.tag));
  const move = at === undefined ? undefined : verifiedMoveTo(run, at);
  if (move !== undefined) return { events: [move], steps: [] };
  return { events: [], steps: put(present, refs.verified(run.tag), run.verified) };
}

function put(present: OwnRefs, ref: string, to: CommitSha): RefStep[] {
  const from = present.get(ref);
  if (from === to) return [];
  const why = from === undefined ? "it was gone" : "no line of the ledger says how it came to where it was";
  return [{ ref, from, to, why }];
}
