import { attack } from "./harness.ts";

attack("a candidate that neither ends nor listens is ended with all it started", {
  settings: { limits: { time: "1s" } },
  edits: {
    "train.sh":
      "trap '' TERM INT HUP; ( trap '' TERM; while :; do sleep 1; done ) &\nwhile :; do sleep 1; done\n",
  },
  ends: ["timed_out"],
});
