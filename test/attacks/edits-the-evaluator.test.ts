import { attack } from "./harness.ts";

attack("a candidate that edits the evaluator is out of scope", {
  edits: { "evaluate.awk": 'END { print "error: 0" }\n' },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
