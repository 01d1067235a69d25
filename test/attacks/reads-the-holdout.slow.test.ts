import { attack, trainIf } from "./harness.ts";

attack("held-out files of the user's checkout are not there when the candidate is measured", {
  settings: {
    holdout: "awk -f evaluate.awk model.txt secret/holdout.txt",
    holdout_files: ["secret/holdout.txt"],
  },
  files: { ".gitignore": "secret\n", "secret/holdout.txt": "10\n12\n" },
  edits: ({ repository }) => ({
    "train.sh": trainIf(`cat secret/holdout.txt || cat ${repository}/secret/holdout.txt`),
  }),
  ends: ["discarded"],
  notCoveredByProcess: "files: the command reads and writes whatever you can",
  isShownToWork: true,
});

// By design: a candidate is measured in a checkout of the whole commit. `holdout_files` is the way out.
attack("held-out data of the base commit are not there when the candidate is measured", {
  settings: { holdout: "awk -f evaluate.awk model.txt data/holdout.txt" },
  edits: { "train.sh": trainIf("cat data/holdout.txt") },
  ends: ["discarded"],
  hole: "held-out data that are in the base commit are in every workspace",
});
