import { execFileSync } from "node:child_process";
import { attack } from "./harness.ts";

const DIG =
  "i=0; while [ $i -lt 3000 ]; do mkdir deeper && cd deeper || break; i=$((i + 1)); done; touch end";

attack("folders in folders beyond all path names are out of scope, and are removed", {
  propose: (workspace) => execFileSync("sh", ["-c", `mkdir -p src; cd src; ${DIG}`], { cwd: workspace }),
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
