import { attack, trainIf } from "./harness.ts";

attack("the ledger, and the logs of others, cannot be read by a candidate", {
  edits: ({ repository }) => ({
    "train.sh": trainIf(`cat ${repository}/.nightlab/ledger.db || ls ${repository}/.nightlab/logs/*`),
  }),
  ends: ["discarded"],
  notCoveredByProcess: "files: the command reads and writes whatever you can",
  isShownToWork: true,
});
