import { attack } from "./harness.ts";

attack("a protected path in another normal form is out of scope where all may be edited", {
  settings: { edit: ["**"], protect: ["évaluation.txt", "evaluate.awk", "data/**"] },
  files: { "\u00e9valuation.txt": "9\n" },
  edits: { "e\u0301valuation.txt": "3\n" },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});

attack("a .git that a file system may take for the real one is out of scope", {
  settings: { edit: ["**"] },
  edits: { "src/.g\u200cit/config": "[core]\n\tfsmonitor = evil\n" },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});

attack("the short name of .git is out of scope", {
  settings: { edit: ["**"] },
  edits: { "src/git~1/config": "[core]\n\tfsmonitor = evil\n" },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
