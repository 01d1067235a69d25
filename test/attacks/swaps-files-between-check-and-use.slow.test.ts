import { readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { userGit } from "../workspace/playground.ts";
import { attack, trainScript } from "./harness.ts";

attack("a file swapped for a link while it is checked is recorded as it was checked, or not at all", {
  edits: { "train.sh": trainScript("echo swapped") },
  propose(workspace) {
    const path = join(workspace, "train.sh");
    const honest = readFileSync(path, "utf8");
    let turns = 0;
    const swap = setInterval(() => {
      turns += 1;
      if (turns > 60) return clearInterval(swap);
      try {
        if (turns % 2 === 0) symlinkSync("evaluate.awk", join(workspace, "next"));
        else writeFileSync(join(workspace, "next"), honest);
        renameSync(join(workspace, "next"), path);
      } catch {
        clearInterval(swap); // the workspace is gone
      }
    }, 0);
  },
  // What lay behind the link may have been read, as the file it was: no link is ever recorded as a file of the scope.
  ends: ["discarded", "out_of_scope", "no_change", "crashed"],
  after({ repository, record }) {
    if (record.commit === undefined) return;
    expect(userGit(repository, "ls-tree", "-r", record.commit, "train.sh")).toMatch(/^100644 blob/);
  },
});
