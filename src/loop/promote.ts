/** Tier 2 and the final test: pairs on seeds nobody has seen, head against verified, verified against the baseline. */

import { InfrastructureError } from "../core/errors.ts";
import { type CommitSha, refs } from "../core/experiment.ts";
import type { Verdict } from "../core/judge.ts";
import { isLimited, partLeft } from "./budget.ts";
import { type Comparison, compare, decided, failedSide } from "./compare.ts";
import type { Lab } from "./lab.ts";
import { linesSaved } from "./lines-saved.ts";
import { fallback } from "./lost-move.ts";
import { withdraw } from "./withdraw.ts";

/** Fewer pairs of a final test say next to nothing (src/judge/paired.ts). */
const MIN_FINAL_PAIRS = 3;

/** Without a limit that tells what a quarter of the budget is, a promotion comes after this many measurements. */
const UNLIMITED_MEASUREMENTS_PER_PROMOTION = 40;

/** True when enough was kept and spent since the last promotion to make another one worth its runs. */
export function isPromotionDue(lab: Lab): boolean {
  const { run, parts } = lab;
  if (run.head === run.verified || run.keepsSincePromotion < parts.rule.keepsPerPromotion) return false;
  // The last promotion takes it from here.
  if (lab.isSmallBudget() || lab.measuringLimit(2) !== undefined) return false;
  if (!isLimited(parts.budget)) {
    return run.measurements - run.measurementsAtPromotion >= UNLIMITED_MEASUREMENTS_PER_PROMOTION;
  }
  const partSpent = 1 - partLeft(parts.budget, lab.spent());
  const partSinceLast = run.measurements === 0 ? 0 : 1 - run.measurementsAtPromotion / run.measurements;
  return partSpent * partSinceLast >= parts.rule.budgetPerPromotion;
}

/**
 * Tests the stack on Head against Verified. Proven: Verified moves. Harmful: the newest half of the stack goes, and what is
 * left is tested on other fresh seeds, until something holds or nothing is left.
 */
export async function promote(lab: Lab, options: { isLast: boolean }, signal: AbortSignal): Promise<void> {
  const { run } = lab;
  while (run.head !== run.verified) {
    const { verified } = run;
    const verdict = await promoteOnce(lab, options, signal);
    if (verdict?.kind === "keep") {
      if (!options.isLast) await publish(lab, run.promotions.length, signal);
      return;
    }
    const isWithdrawn = run.verified !== verified;
    if (!isWithdrawn && verdict?.kind !== "discard") return;
  }
}

/** One test and what follows from it; undefined when it could not be paid and decided nothing. */
async function promoteOnce(
  lab: Lab,
  { isLast }: { isLast: boolean },
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const { head, verified, baseline, tag, promotions } = lab.run;
  const comparison: Comparison = {
    stage: "promotion",
    challenger: head,
    defender: verified,
    ordinal: promotions.length + 1,
    limit: isLast ? () => lab.proofLimit(2 + finalMeasurements(lab)) : () => lab.measuringLimit(2),
    linesSaved: linesSaved(lab, verified, head),
    mayStopEarly: !isLast,
  };
  const verdict = await compare(lab, comparison, signal);
  // In mid-run nothing is decided then: the last promotion goes on with these pairs, paid from the reserve.
  if (verdict.kind === "unpaid" && !isLast) return undefined;
  const judged = decided(verdict);
  const hasFailed = failedSide(lab, comparison) === "defender" && verified !== baseline;
  await lab.record({ kind: "promotion_judged", run: tag, head, verified, verdict: judged });
  if (judged.kind === "discard") await lab.moveHead(fallback(lab), head, { reason: "suspect" });
  if (judged.kind === "keep") await moveVerified(lab, head, verified);
  if (hasFailed) await withdraw(lab, verified, `in a promotion, the ${judged.reasons[0]}`);
  return judged;
}

/** Least cost of a final test: the last promotion leaves it. */
export function finalMeasurements({ run }: Lab): number {
  return 2 * (run.noise?.isDeterministic ? 1 : MIN_FINAL_PAIRS);
}

/** Moves Verified in git, then in the ledger. */
export async function moveVerified(lab: Lab, to: CommitSha, from: CommitSha): Promise<void> {
  if (!(await lab.parts.workspaces.advance(refs.verified(lab.tag), to, from))) {
    throw new InfrastructureError(`${refs.verified(lab.tag)} was moved by someone else`);
  }
  await lab.record({ kind: "verified_moved", run: lab.tag, from, to });
}

/** The effect that may be quoted comes from pairs measured after the decision: nothing was selected on them. */
async function publish(lab: Lab, ordinal: number, signal: AbortSignal): Promise<void> {
  const { verified, baseline, tag } = lab.run;
  const verdict = await compare(
    lab,
    {
      stage: "publish",
      challenger: verified,
      defender: baseline,
      ordinal,
      limit: () => lab.measuringLimit(2),
    },
    signal,
  );
  if (verdict.kind !== "unpaid" && verdict.estimate !== undefined) {
    await lab.record({ kind: "published", run: tag, commit: verified, estimate: verdict.estimate });
  }
}

/** Verified against the baseline on held-out data or seeds: the one number the report is about. */
export async function finalTest(lab: Lab, signal: AbortSignal): Promise<void> {
  const { verified, baseline, tag } = lab.run;
  const verdict = await compare(
    lab,
    { stage: "final", challenger: verified, defender: baseline, ordinal: 1, limit: () => lab.proofLimit(2) },
    signal,
  );
  const isHeldOut = lab.parts.program.holdout !== undefined;
  await lab.record({
    kind: "final_judged",
    run: tag,
    verified,
    baseline,
    isHeldOut,
    verdict: decided(verdict),
  });
}
