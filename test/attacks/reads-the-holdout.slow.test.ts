import { attack, trainIf } from "./harness.ts";

attack("held-out data are not there when the candidate is measured", {
  settings: { holdout: "awk -f evaluate.awk model.txt data/holdout.txt" },
  edits: { "train.sh": trainIf("cat data/holdout.txt") },
  ends: ["discarded"],
  hole: "held-out data that are in the base commit are in every workspace",
});
