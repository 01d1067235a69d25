import { attack, trainIf } from "./harness.ts";

attack("the user's checkout can be neither seen nor written", {
  edits: ({ repository }) => ({
    "train.sh": trainIf(
      `cat ${repository}/train.sh || echo x >> ${repository}/program.md || ls ${repository}/.git`,
    ),
  }),
  ends: ["discarded"],
  notCoveredByProcess: "files: the command reads and writes whatever you can",
  isShownToWork: true,
});
