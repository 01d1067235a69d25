import { once } from "node:events";
import { createServer } from "node:net";
import { attack, nodeProbe, trainIf } from "./harness.ts";

const name = `nightlab-attack-${process.pid}`;
const server = createServer((socket) => socket.end("secret\n")).listen(`\0${name}`);
await once(server, "listening");
server.unref();
const read = `require("node:net").connect("\\0${name}").on("data", win).on("error", fail);`;

attack("a socket with an abstract name is not reached", {
  edits: { "train.sh": trainIf(nodeProbe(read)) },
  ends: ["discarded"],
  notCoveredByProcess: "network: always open",
  isShownToWork: true,
});
