import { attack } from "./harness.ts";
import { APART, patched, TOGETHER } from "./node-victim.ts";

const edits = patched("performance.now = () => -(globalThis.calls = (globalThis.calls ?? 0) + 1);");

attack("the timer patched by the candidate is not what the evaluator uses", {
  ...APART,
  edits,
  ends: ["discarded"],
});

// By design: code in the process that prints the metric can print anything. The channel is called weak.
attack("the timer patched in the process that prints the metric changes nothing", {
  ...TOGETHER,
  edits,
  ends: ["discarded"],
  hole: "a candidate imported by the measuring script is in its process",
});
