import { attack, trainScript } from "./harness.ts";

const twice = "printf 'error: 0\\nerror: 0\\nerror:   0\\r\\n'; echo 'error: 0' >&2";

attack("a metric line printed twice, on both streams, is not the metric", {
  edits: { "train.sh": trainScript(twice) },
  ends: ["discarded"],
});

attack("a candidate that ends the measuring script after its own line gives no number", {
  victim: "stdout",
  edits: { "train.sh": trainScript(`${twice}; kill -9 $PPID`) },
  ends: ["crashed"],
});
