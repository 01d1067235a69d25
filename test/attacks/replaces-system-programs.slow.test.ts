import { attack, trainIf } from "./harness.ts";

attack("the programs of the system cannot be replaced", {
  edits: {
    "train.sh": trainIf(
      "for path in /usr/bin /bin /usr/local/bin /etc /opt; do touch $path/nightlab-x && exit 0; done; exit 1",
    ),
  },
  ends: ["discarded"],
  notCoveredByProcess: "files: the command reads and writes whatever you can",
});
