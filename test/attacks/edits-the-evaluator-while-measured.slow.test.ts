import { attack, trainScript } from "./harness.ts";

attack("an evaluator edited while the candidate is measured is not the one that scores", {
  edits: {
    "train.sh": trainScript(
      `rm -f evaluate.awk; echo 'END { print "error: 0" }' > evaluate.awk; echo 3 > data/validation.txt`,
    ),
  },
  ends: ["discarded"],
});
