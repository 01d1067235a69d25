/** The judge of the product: calibration, tier 1, tier 2 and the final test behind the one seam. */

import type { Evidence, Judge, JudgeStep } from "../core/judge.ts";
import { calibrate } from "./calibrate.ts";
import { incomparable } from "./comparable.ts";
import { judgeDrift } from "./drift.ts";
import { judgePaired } from "./paired.ts";
import { judgeTentative } from "./tentative.ts";

export const judge: Judge = {
  calibrate,
  drift: judgeDrift,
  next(evidence: Evidence): JudgeStep {
    const beyond = incomparable(evidence);
    if (beyond !== undefined) return beyond;
    return evidence.stage === "tentative" ? judgeTentative(evidence) : judgePaired(evidence);
  },
};
