import { attack, trainScript } from "./harness.ts";

const edits = {
  "train.sh": trainScript("( while :; do echo 'error: 0'; done ) & sleep 0.1"),
};

attack("a metric line printed by what is left running is not the metric", { edits, ends: ["discarded"] });

// By design: whoever holds stdout is believed. The channel is called weak, and `evaluate` is the way out.
attack("a metric line printed after that of the measuring script does not count", {
  victim: "stdout",
  edits,
  ends: ["discarded"],
  hole: "what is printed last on stdout is believed",
});
