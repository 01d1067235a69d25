/** The numbers that risk tolerance stands for. Evidence: docs/verdict.md and `npm run bench:planted`. */

import type { JudgeRule } from "../core/judge.ts";
import type { Risk } from "../core/program.ts";

const BALANCED: JudgeRule = {
  control: "per_test",
  /** Error spent over one tier-1 test: generous, because tier 2 pays for mistakes. */
  alphaTentative: 0.2,
  /** Error of one promotion; the k-th of a run gets 6/(pi^2 k^2) of it, so that all together keep to it. */
  alphaPromotion: 0.05,
  /** A first run must be this many standard errors ahead to be worth a second. */
  screenSds: 1,
  minRuns: 2,
  maxRuns: 6,
  /** Fresh runs of a head before anything is compared with it. */
  anchorRuns: 2,
  promotionPairs: 10,
  finalPairs: 5,
  keepsPerPromotion: 4,
  budgetPerPromotion: 0.25,
};

const CAUTIOUS: JudgeRule = {
  ...BALANCED,
  alphaTentative: 0.1,
  alphaPromotion: 0.025,
  minRuns: 3,
  maxRuns: 8,
  anchorRuns: 3,
  finalPairs: 8,
};

export const RULES: Readonly<Record<Risk, JudgeRule>> = {
  /** Every kept commit counts, not only the stack: false discovery rate 0.2 over all commits of the run (LORD++). */
  strict: { ...CAUTIOUS, control: "lord", alphaTentative: 0.2 },
  cautious: CAUTIOUS,
  balanced: BALANCED,
  bold: { ...BALANCED, alphaTentative: 0.3, screenSds: 0.5 },
};
