import { attack, trainScript } from "./harness.ts";

const daemon = "env -i setsid sh -c 'env -i setsid sleep 1000 &' &";

attack("a daemon that clears its environment and leaves its session is gone with the measurement", {
  edits: { "train.sh": trainScript(`( ${daemon} ) >/dev/null 2>&1; sleep 0.01`) },
  ends: ["discarded"],
  notCoveredByProcess: "a process that clears its environment, leaves its session and loses its parent",
});
