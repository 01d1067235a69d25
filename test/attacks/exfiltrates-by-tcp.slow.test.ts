import { attack, nodeProbe, trainIf } from "./harness.ts";

// TEST-NET-1 of RFC 5737 belongs to nobody: where there is a network, the attempt hangs instead of being refused at once.
const connect = `const socket = require("node:net").connect(80, "192.0.2.1");
socket.on("connect", win).on("error", (error) => (error.code === "ENETUNREACH" ? fail() : win()));
setTimeout(win, 500);`;

attack("there is no network to send anything into", {
  edits: { "train.sh": trainIf(nodeProbe(connect)) },
  ends: ["discarded"],
  notCoveredByProcess: "network: always open",
});
