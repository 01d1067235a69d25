/** After a kill: brings ledger and refs together. Git moves before the ledger speaks, so git is at most one step ahead. */

import { UsageError } from "../core/errors.ts";
import { type CommitSha, refs } from "../core/experiment.ts";
import type { Lab } from "./lab.ts";
import { moveVerified } from "./promote.ts";

export async function recover(lab: Lab): Promise<void> {
  await recoverHead(lab);
  await recoverVerified(lab);
  await finishPromotion(lab);
  for (const record of [...lab.study.experiments.values()]) {
    if (record.status !== undefined || record.commit !== undefined) continue;
    const reasons = ["the process ended before there was a candidate"];
    await lab.record({ kind: "closed", experiment: record.id, status: "interrupted", reasons });
  }
}

async function recoverHead(lab: Lab): Promise<void> {
  const { run } = lab;
  const at = await lab.parts.workspaces.resolve(refs.head(run.tag));
  const experiments = [...lab.study.experiments.values()];
  if (at !== run.head) {
    const winner = experiments.find(({ commit, status }) => status === undefined && commit === at);
    const from = run.head;
    if (winner?.verdict?.kind === "keep" && at !== undefined) {
      await lab.record({
        kind: "head_moved",
        run: run.tag,
        from,
        to: at,
        reason: "kept",
        experiment: winner.id,
      });
    } else if (at === run.verified) {
      await lab.record({ kind: "head_moved", run: run.tag, from, to: at, reason: "suspect" });
    } else throw foreignRef(refs.head(run.tag), run.head, at);
  }
  const kept = experiments.find(
    ({ commit, status }) => status === undefined && commit !== undefined && commit === run.head,
  );
  if (kept?.verdict?.kind === "keep") {
    await lab.record({ kind: "closed", experiment: kept.id, status: "kept", reasons: kept.verdict.reasons });
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

/** A promotion that was judged but not acted upon, because the process died in between, is acted upon now. */
async function finishPromotion(lab: Lab): Promise<void> {
  const { run } = lab;
  const last = run.promotions.at(-1);
  if (last === undefined || last.verified !== run.verified || last.head === run.verified) return;
  if (last.verdict.kind === "keep") await moveVerified(lab, last.head, last.verified);
  if (last.verdict.kind === "discard" && run.head === last.head) {
    await lab.moveHead(run.verified, run.head, { reason: "suspect" });
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
