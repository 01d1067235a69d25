import { attack } from "./harness.ts";

attack("git attributes added by a candidate is out of scope where all may be edited", {
  settings: { edit: ["**"] },
  edits: { "src/.gitattributes": "* filter=evil\n" },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
