/** Takes Verified back to what was Verified before, where its proof does not stand: it cannot be measured, or shows no gain. */

import { InfrastructureError } from "../core/errors.ts";
import { type CommitSha, refs } from "../core/experiment.ts";
import { positionOf, type RunRecord } from "../core/study.ts";
import type { Lab } from "./lab.ts";
import { fallback, verifiedBefore } from "./lost-move.ts";

/** Does nothing where `commit` is not Verified any more. The head leaves it too, and the rest is tested again. */
export async function withdraw(lab: Lab, commit: CommitSha, why: string): Promise<void> {
  await lab.refMoves.use(() => moveBack(lab, commit, why), new AbortController().signal);
  await leaveWithdrawn(lab);
}

async function moveBack(lab: Lab, from: CommitSha, why: string): Promise<void> {
  const { run, tag, parts } = lab;
  if (run.verified !== from) return;
  const to = verifiedBefore(run);
  if (!(await parts.workspaces.advance(refs.verified(tag), to, from)))
    throw new InfrastructureError(`${refs.verified(tag)} was moved by someone else`);
  const back = to === run.baseline ? "the baseline, nothing is proven" : to.slice(0, 9);
  const reason = `${from.slice(0, 9)} was proven, and is no more: ${why}. Verified went back to ${back}`;
  await lab.record({ kind: "withdrawn", run: tag, from, to, reason });
}

/** Takes the head off commits whose proof was taken back. */
export async function leaveWithdrawn(lab: Lab): Promise<void> {
  const { run, study } = lab;
  while (run.withdrawn.some((commit) => positionOf(study, run, commit) > 0))
    await lab.moveHead(fallback(lab), run.head, { reason: "suspect" });
}

/** Why the final test speaks against Verified; undefined while it does not, or has not been made. */
export function contradiction({ final, verified }: RunRecord): string | undefined {
  if (final?.verified !== verified || final.verdict.kind !== "discard") return undefined;
  const { estimate, reasons } = final.verdict;
  if (estimate === undefined) return `in the final test, the ${reasons[0] ?? "challenger failed"}`;
  return final.isHeldOut ? "the final test on held-out data shows no gain" : undefined;
}
