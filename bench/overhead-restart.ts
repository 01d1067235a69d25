/** A process of its own for bench/overhead.ts: resumes the study of argv[2], is ready, and pauses again. */

import { runLoop } from "./overhead-loop.ts";

const [repository = "", home = ""] = process.argv.slice(2);
const { openMs } = await runLoop({
  repository,
  home,
  sandbox: "process",
  parallel: 1,
  experiments: 0,
  isResumed: true,
});
console.log(openMs.toFixed(0));
