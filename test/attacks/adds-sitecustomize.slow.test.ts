import { attack } from "./harness.ts";

attack("a sitecustomize.py added by a candidate is out of scope where all may be edited", {
  settings: { edit: ["**"] },
  edits: { "sitecustomize.py": 'print("error: 0")\n' },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
