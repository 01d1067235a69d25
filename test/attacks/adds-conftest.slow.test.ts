import { attack } from "./harness.ts";

attack("a conftest.py added by a candidate is out of scope where all may be edited", {
  settings: { edit: ["**"] },
  edits: { "src/conftest.py": "import os\n" },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
