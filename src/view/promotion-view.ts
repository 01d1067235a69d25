/** The promotions of a run as shown: what each one tested, what came of it, and what it cost of the error budget. */

import type { ExperimentId } from "../core/experiment.ts";
import type { Estimate, Verdict } from "../core/judge.ts";
import type { PromotionRecord, RunRecord } from "../core/study.ts";
import { short } from "./gain.ts";
import { keptBetween } from "./lineage.ts";
import { cleanLine } from "./plain-text.ts";
import { isSimplification } from "./simplification.ts";

export interface PromotionView {
  /** `promotion-2`: what `nightlab verdict explain` takes. */
  readonly id: string;
  readonly atMs: number;
  readonly head: string;
  readonly verified: string;
  readonly kind: Verdict["kind"];
  /** It was proven, and its proof was taken back later. */
  readonly isWithdrawn: boolean;
  /** Proven is that it is not worse, no gain. */
  readonly isSimplification: boolean;
  readonly reasons: readonly string[];
  readonly estimate?: Estimate;
  /** Kept experiments that it was about, oldest first, and those of them that it dropped. */
  readonly tested: readonly ExperimentId[];
  readonly dropped: readonly ExperimentId[];
}

/** Probability that any promotion of the run proves what is not there: in all, used up so far, left for later ones. */
export interface PromotionError {
  readonly total: number;
  readonly spent: number;
  readonly left: number;
}

export function promotionViews(run: RunRecord): PromotionView[] {
  return run.promotions.map((promotion, index) => {
    const { atMs, head, verified, verdict } = promotion;
    return {
      id: `promotion-${index + 1}`,
      atMs,
      head: short(head),
      verified: short(verified),
      kind: verdict.kind,
      isWithdrawn: verdict.kind === "keep" && run.withdrawn.includes(head),
      isSimplification: isSimplification(verdict),
      reasons: verdict.reasons.map((reason) => cleanLine(reason)),
      ...(verdict.estimate === undefined ? {} : { estimate: verdict.estimate }),
      tested: keptBetween(run, verified, head).map(({ id }) => id),
      dropped: droppedBy(run, promotion),
    };
  });
}

/** What a suspect stack lost: the head moved back right after the verdict. */
export function droppedBy({ drops, promotions }: RunRecord, promotion: PromotionRecord): ExperimentId[] {
  if (promotion.verdict.kind !== "discard") return [];
  const next = promotions[promotions.indexOf(promotion) + 1]?.line ?? Number.POSITIVE_INFINITY;
  const drop = drops.find(
    ({ line, from }) => from === promotion.head && line > promotion.line && line < next,
  );
  return [...(drop?.experiments ?? [])];
}

/** The k-th promotion spends total * 6 / (pi^2 k^2). Undefined while none has: a deterministic metric spends nothing. */
export function promotionError({ promotions }: RunRecord): PromotionError | undefined {
  const index = promotions.findLastIndex(({ verdict }) => verdict.workings?.alpha !== undefined);
  const alpha = promotions[index]?.verdict.workings?.alpha;
  if (alpha === undefined) return undefined;
  const total = alpha / shareOf(index + 1);
  const spent = total * promotions.reduce((sum, _, each) => sum + shareOf(each + 1), 0);
  return { total, spent, left: total - spent };
}

function shareOf(ordinal: number): number {
  return 6 / (Math.PI ** 2 * ordinal ** 2);
}
