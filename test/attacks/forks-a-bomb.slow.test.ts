import { attack } from "./harness.ts";

// Stops by itself at 6,000, so that a hole costs the machine that runs the tests no more than that.
const BOMB = `const { spawn } = require("node:child_process"); let failed = false;
for (let count = 0; count < 6000 && !failed; count += 1) spawn("sleep", ["100"], { stdio: "ignore" }).on("error", () => { failed = true; });
setTimeout(() => process.exit(failed ? 3 : 0), 500);`;

attack("a fork bomb meets the limit of processes, and nothing of it is left", {
  settings: { limits: { time: "30s" } },
  edits: { "train.sh": `node -e '${BOMB}' || exit 1\necho 10 > model.txt\n` },
  ends: ["crashed", "timed_out"],
  notCoveredByProcess: "number of processes",
});
