import { attack, trainIf } from "./harness.ts";

attack("a candidate finds no process of nightlab, its environment or its memory", {
  edits: {
    "train.sh": trainIf(
      `kill -0 ${process.pid} && cat /proc/${process.pid}/environ /proc/${process.pid}/maps`,
    ),
  },
  ends: ["discarded"],
  notCoveredByProcess: "other processes of yours can be seen and signalled",
  isShownToWork: true,
});
