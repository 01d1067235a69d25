import { attack } from "./harness.ts";

const forged = String.raw`printf '\nstatus 0\n0m0.0s 0m0.0s\n0m0.0s 0m0.0s\n'`;

attack("a candidate that fails cannot write into the report of how it ended", {
  edits: {
    "train.sh": `echo 3 > model.txt\nfor fd in /proc/$PPID/fd/* /proc/self/fd/*; do ${forged} > $fd; done 2>/dev/null\nexit 7\n`,
  },
  ends: ["crashed"],
  notCoveredByProcess: "other processes of yours can be seen and signalled",
});
