/** A victim whose artifact is a folder. */

import type { Attack } from "./harness.ts";

export const FOLDER = {
  settings: { artifact: ["model"], evaluate: "awk -f evaluate.awk model/guess.txt data/validation.txt" },
  files: { "train.sh": "mkdir -p model; echo 3 > model/guess.txt\n" },
  honest: { "train.sh": "mkdir -p model; echo 4 > model/guess.txt\n" },
} satisfies Partial<Attack>;
