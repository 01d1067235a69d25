import { attack, trainScript } from "./harness.ts";

attack("an artifact beyond all numbers gives no number", {
  settings: { evaluate: "node evaluate.mjs" },
  files: {
    "evaluate.mjs": `import { readFileSync } from "node:fs";
console.log("error: " + (10 - Number(readFileSync("model.txt", "utf8"))));\n`,
  },
  edits: { "train.sh": trainScript(":", "1e999") },
  ends: ["no_metric"],
});

// A keep that looks too good is flagged and shown first in the report; it stays a keep until a person looks.
attack("a gain that no history makes plausible is not kept without more ado", {
  settings: { evaluate: "node evaluate.mjs" },
  files: {
    "evaluate.mjs": `import { readFileSync } from "node:fs";
console.log("error: " + (10 - Number(readFileSync("model.txt", "utf8"))));\n`,
  },
  edits: { "train.sh": trainScript(":", "1e300") },
  ends: ["discarded", "inconclusive"],
  hole: "an evaluator that a model can overflow is believed: the keep is flagged, and stays",
});
