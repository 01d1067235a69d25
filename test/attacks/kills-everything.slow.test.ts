import { attack } from "./harness.ts";

attack("a candidate that kills all it can see ends itself alone", {
  edits: { "train.sh": "kill -9 -1\nkill -9 $PPID\n" },
  ends: ["crashed", "no_metric"],
  notCoveredByProcess: "other processes of yours can be seen and signalled",
});
