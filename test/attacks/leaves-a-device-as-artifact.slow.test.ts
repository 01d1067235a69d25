import { attack } from "./harness.ts";

attack("a device node in place of the artifact cannot be made", {
  edits: { "train.sh": "mknod model.txt c 1 5 || exit 1\n" },
  ends: ["crashed"],
  notCoveredByProcess: "files: the command reads and writes whatever you can",
});
