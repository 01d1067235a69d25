/** After a kill: brings ledger and refs together. Git moves before the ledger speaks, so git is at most one step ahead. */

import { UsageError } from "../core/errors.ts";
import { type CommitSha, refs } from "../core/experiment.ts";
import type { ExperimentRecord } from "../core/study.ts";
import type { Lab } from "./lab.ts";
import { fallback, headMoveTo, verifiedMoveTo } from "./lost-move.ts";
import { moveVerified } from "./promote.ts";
import { leaveWithdrawn } from "./withdraw.ts";

export async function recover(lab: Lab): Promise<void> {
  await recoverHead(lab);
  await recoverVerified(lab);
  await recoverPromotion(lab);
  await closeInterrupted(
    lab,
    lab.experiments.filter(({ commit }) => commit === undefined),
  );
}

/** Closes those of the experiments that are open: nothing can go on from where they were. */
export async function closeInterrupted(lab: Lab, records: readonly ExperimentRecord[]): Promise<void> {
  for (const { id, commit, status } of records) {
    if (status !== undefined) continue;
    const reason =
      commit === undefined
        ? "the process ended before there was a candidate"
        : "the run ended before there was a verdict";
    await lab.record({ kind: "closed", experiment: id, status: "interrupted", reasons: [reason] });
  }
}

async function recoverHead(lab: Lab): Promise<void> {
  const { run } = lab;
  const at = await lab.parts.workspaces.resolve(refs.head(run.tag));
  if (at !== run.head) {
    const move = at === undefined ? undefined : headMoveTo(lab.study, at);
    if (move === undefined) throw foreignRef(refs.head(run.tag), run.head, at);
    await lab.record(move);
  }
  for (const { id, status, verdict } of lab.experiments) {
    if (status !== undefined || !run.stack.includes(id)) continue;
    await lab.record({ kind: "closed", experiment: id, status: "kept", reasons: verdict?.reasons ?? [] });
  }
}

async function recoverVerified(lab: Lab): Promise<void> {
  const { run } = lab;
  const at = await lab.parts.workspaces.resolve(refs.verified(run.tag));
  if (at !== run.verified) {
    const move = at === undefined ? undefined : verifiedMoveTo(run, at);
    if (move === undefined) throw foreignRef(refs.verified(run.tag), run.verified, at);
    await lab.record(move);
  }
  await leaveWithdrawn(lab);
}

/** A promotion that was judged but not carried out: its verdict stands. */
async function recoverPromotion(lab: Lab): Promise<void> {
  const { head, verified, promotions, withdrawn } = lab.run;
  const last = promotions.at(-1);
  if (last === undefined || last.verified !== verified || last.head === verified) return;
  if (withdrawn.includes(last.head)) return;
  if (last.verdict.kind === "keep") await moveVerified(lab, last.head, verified);
  if (last.verdict.kind === "discard" && last.head === head) {
    await lab.moveHead(fallback(lab), head, { reason: "suspect" });
  }
}

function foreignRef(ref: string, expected: CommitSha, found: CommitSha | undefined): UsageError {
  return new UsageError(
    `${ref} is at ${found ?? "nothing"}, the ledger says ${expected}: something else moved it`,
    {
      place: ref,
      next: `git update-ref ${ref} ${expected}, then: nightlab resume`,
    },
  );
}
