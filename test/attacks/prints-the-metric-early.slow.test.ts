import { attack, trainScript } from "./harness.ts";

const edits = { "train.sh": trainScript("echo 'error: 0'; echo 'METRIC error=0'; echo 'step=9 error=0'") };

attack("a metric line printed before the evaluator's is not the metric", { edits, ends: ["discarded"] });

attack("a metric line printed before that of the measuring script does not count", {
  victim: "stdout",
  edits,
  ends: ["discarded"],
});
