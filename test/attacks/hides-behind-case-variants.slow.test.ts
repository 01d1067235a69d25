import { attack } from "./harness.ts";

attack("a protected path in other letters is out of scope where all may be edited", {
  settings: { edit: ["**"] },
  edits: { "Evaluate.AWK": 'END { print "error: 0" }\n' },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
