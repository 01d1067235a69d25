import { execFileSync } from "node:child_process";
import { attack } from "./harness.ts";

attack("more files than a change may have are out of scope", {
  edits: Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`src/${index}.txt`, `${index}\n`])),
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});

attack("more files than git should have to record are out of scope before it does", {
  propose: (workspace) =>
    execFileSync("sh", ["-c", "mkdir -p src; seq -f 'src/%.0f' 30000 | xargs touch"], { cwd: workspace }),
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
