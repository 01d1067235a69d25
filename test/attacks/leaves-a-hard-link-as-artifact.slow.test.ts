import { attack } from "./harness.ts";

attack("a hard link to the evaluator in place of the artifact is no way to change it", {
  edits: {
    "train.sh":
      "ln evaluate.awk model.txt\necho 3 > model.txt\nln data/validation.txt data/alias\necho 3 > data/alias\n",
  },
  ends: ["discarded"],
});
