/** The numbers that risk tolerance stands for. Evidence: docs/verdict.md and `npm run bench:planted`. */

import type { JudgeRule } from "../core/judge.ts";
import type { Risk } from "../core/program.ts";

const BALANCED: JudgeRule = {
  control: "per_test",
  /**
   * Sets the tier-1 boundary: z(1 - 0.6 / 4^0.7) = 0.75 standard errors at each look. Generous, because tier 2 pays for
   * mistakes: with 0.2 and six runs a study proves half of the gain where effects are half an sd (docs/verdict.md).
   */
  alphaTentative: 0.6,
  alphaTiming: 0.2,
  /**
   * Error of all promotions of a run together; the k-th gets 6/(pi^2 k^2) of it. 0.03 rather than 0.05, so that where
   * nothing can be gained no more than 2 % of runs promote anything.
   */
  alphaPromotion: 0.03,
  /** A first run must be this many standard errors ahead to be worth a second. */
  screenSds: 0.5,
  minRuns: 1,
  maxRuns: 4,
  /** Fresh runs of a head before anything is compared with it. */
  anchorRuns: 2,
  /** With its fresh runs, a keep must still be ahead by so many standard errors. */
  holdSds: 0.15,
  promotionPairs: 10,
  finalPairs: 5,
  keepsPerPromotion: 4,
  /** Part of the budget between promotions: what is left after one must earn its own proof, so few are better. */
  budgetPerPromotion: 0.5,
};

/** Half the false keeps, two thirds of the gain where effects are small. */
const CAUTIOUS: JudgeRule = {
  ...BALANCED,
  alphaTentative: 0.2,
  alphaTiming: 0.1,
  alphaPromotion: 0.02,
  screenSds: 1,
  minRuns: 2,
  maxRuns: 6,
  holdSds: 1,
  finalPairs: 8,
};

export const RULES: Readonly<Record<Risk, JudgeRule>> = {
  /** Every kept commit counts, not only the stack: aims at a false discovery rate of 0.2 over all commits of the run (LORD++). */
  strict: { ...CAUTIOUS, control: "lord", minRuns: 3, maxRuns: 8, anchorRuns: 3 },
  cautious: CAUTIOUS,
  balanced: BALANCED,
  /** Close to keep-if-better, but from a fresh head: more keeps, more of them false, the same proof. */
  bold: { ...BALANCED, alphaTentative: 0.8, maxRuns: 3 },
};
