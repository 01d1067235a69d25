import { attack, trainScript } from "./harness.ts";

attack("an artifact that makes the evaluator print NaN gives no number", {
  settings: { evaluate: "node evaluate.mjs" },
  files: {
    "evaluate.mjs": `import { readFileSync } from "node:fs";
const guess = JSON.parse(readFileSync("model.txt", "utf8").replace("NaN", "null") || "0") ?? Number.NaN;
console.log("error: " + Math.abs(10 - guess));\n`,
  },
  edits: { "train.sh": trainScript(":", "NaN") },
  ends: ["no_metric"],
});
