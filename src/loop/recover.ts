/** After a kill: brings ledger and refs together. Git moves before the ledger speaks, so git is at most one step ahead. */

import { UsageError } from "../core/errors.ts";
import { type CommitSha, refs } from "../core/experiment.ts";
import type { ExperimentRecord } from "../core/study.ts";
import type { Lab } from "./lab.ts";
import { fallback, moveVerified } from "./promote.ts";

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
  const from = run.head;
  const at = await lab.parts.workspaces.resolve(refs.head(run.tag));
  const open = lab.experiments.filter(({ status }) => status === undefined);
  if (at !== from) {
    const winner = open.find(({ commit, verdict }) => commit === at && verdict?.kind === "keep");
    const move = { kind: "head_moved", run: run.tag, from } as const;
    if (winner !== undefined && at !== undefined) {
      await lab.record({ ...move, to: at, reason: "kept", experiment: winner.id });
    } else if (at !== undefined && at === fallback(lab)) {
      await lab.record({ ...move, to: at, reason: "suspect" });
    } else throw foreignRef(refs.head(run.tag), from, at);
  }
  for (const { id, verdict } of open) {
    if (!run.stack.includes(id)) continue;
    await lab.record({ kind: "closed", experiment: id, status: "kept", reasons: verdict?.reasons ?? [] });
  }
}

async function recoverVerified(lab: Lab): Promise<void> {
  const { run } = lab;
  const at = await lab.parts.workspaces.resolve(refs.verified(run.tag));
  if (at === run.verified) return;
  const last = run.promotions.at(-1);
  if (at === undefined || last?.verdict.kind !== "keep" || last.head !== at)
    throw foreignRef(refs.verified(run.tag), run.verified, at);
  await lab.record({ kind: "verified_moved", run: run.tag, from: run.verified, to: at });
}

/** A promotion that was judged but not carried out: its verdict stands. */
async function recoverPromotion(lab: Lab): Promise<void> {
  const { head, verified, promotions } = lab.run;
  const last = promotions.at(-1);
  if (last === undefined || last.verified !== verified || last.head === verified) return;
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
