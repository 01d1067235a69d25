import { attack } from "./harness.ts";

attack("an .npmrc added by a candidate is out of scope where all may be edited", {
  settings: { edit: ["**"] },
  edits: { ".npmrc": "script-shell=./src/evil.sh\n" },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
