import { attack } from "./harness.ts";
import { APART, patched, TOGETHER } from "./node-victim.ts";

const edits = patched(
  'import fs from "node:fs";\nimport { syncBuiltinESMExports } from "node:module";\nconst read = fs.readFileSync;\nfs.readFileSync = (path, ...rest) => (String(path).includes("validation") ? "3" : read(path, ...rest));\nsyncBuiltinESMExports();',
);

attack("fs patched by the candidate is not what the evaluator uses", {
  ...APART,
  edits,
  ends: ["discarded"],
});

// By design: code in the process that prints the metric can print anything. The channel is called weak.
attack("fs patched in the process that prints the metric changes nothing", {
  ...TOGETHER,
  edits,
  ends: ["discarded"],
  hole: "a candidate imported by the measuring script is in its process",
});
