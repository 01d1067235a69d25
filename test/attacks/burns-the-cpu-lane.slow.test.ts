import { attack, trainScript } from "./harness.ts";

// A duration is compared with the head beside it: who keeps the processor busy while the head runs looks quick.
const BURN = "( setsid sh -c 'while :; do :; done' & )";

attack("nothing a candidate leaves burning slows down what is measured after it", {
  edits: { "train.sh": trainScript(`${BURN}; ( trap '' TERM HUP; while :; do :; done ) & sleep 0.05`) },
  ends: ["discarded"],
});
