/** A victim in JavaScript: whoever imports the candidate's module runs the candidate's code. */

import { trainScript, type VictimOptions } from "./victim.ts";

const EVALUATE = `import { readFileSync } from "node:fs";
const guess = Number(readFileSync("model.txt", "utf8"));
const rows = readFileSync("data/validation.txt", "utf8").trim().split("\\n").map(Number);
const error = () => rows.reduce((sum, row) => sum + Math.abs(row - guess), 0) / rows.length;
// As a benchmark that draws at random and takes the time: who patches either gets a better number.
const beganMs = performance.now();
const isHonest = Math.random() !== 0 && performance.now() >= beganMs;
console.log(\`error: \${isHonest ? error() : 0}\`);
`;

const files = { "evaluate.mjs": EVALUATE, "src/model.mjs": "" };
const protect = ["evaluate.mjs", "measure.mjs", "measure.sh", "data/**"];

/** The evaluator is a process of its own. */
export const APART: VictimOptions = { files, settings: { evaluate: "node evaluate.mjs", protect } };

/** A script that imports the candidate, then evaluates: one process, a weak channel. */
export const TOGETHER: VictimOptions = {
  victim: "stdout",
  files: {
    ...files,
    "measure.mjs": 'await import("./src/model.mjs");\nawait import("./evaluate.mjs");\n',
    "measure.sh": "sh train.sh && node measure.mjs\n",
  },
  settings: { protect },
};

/** A candidate whose module does `patch`, run by its own training as well. */
export function patched(patch: string): Readonly<Record<string, string>> {
  return { "src/model.mjs": `${patch}\n`, "train.sh": trainScript("node src/model.mjs") };
}
