import { attack, trainScript } from "./harness.ts";

attack("refs of the user's repository cannot be moved from a workspace", {
  edits: ({ repository }) => ({
    "train.sh": trainScript(
      `git update-ref refs/nightlab/runs/night/head HEAD; git -C ${repository} update-ref refs/heads/main HEAD~1
git branch evil; git push ${repository} HEAD:refs/heads/evil; git config --global user.name evil`,
    ),
  }),
  ends: ["discarded"],
  notCoveredByProcess: "files: the command reads and writes whatever you can",
});
