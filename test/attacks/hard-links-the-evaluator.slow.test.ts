import { link, rm } from "node:fs/promises";
import { join } from "node:path";
import { attack, writeFiles } from "./harness.ts";

attack("an editable file that is a hard link to the evaluator changes nothing but itself", {
  async propose(workspace) {
    await rm(join(workspace, "train.sh"));
    await link(join(workspace, "evaluate.awk"), join(workspace, "train.sh"));
    await writeFiles(workspace, { "train.sh": "echo 3 > model.txt; echo\n" });
  },
  ends: ["out_of_scope"],
  isRefusedUnmeasured: true,
});
