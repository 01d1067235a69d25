import { createSocket } from "node:dgram";
import { once } from "node:events";
import { attack, nodeProbe, trainIf } from "./harness.ts";

const server = createSocket("udp4");
server.bind(0, "127.0.0.1");
await once(server, "listening");
server.unref();
server.on("message", (_text, { port }) => server.send("answer", port, "127.0.0.1"));
const { port } = server.address();

const ask = `const socket = require("node:dgram").createSocket("udp4");
socket.on("message", win).on("error", fail);
socket.send("secret.example.org", ${port}, "127.0.0.1", (error) => error && fail());
setTimeout(fail, 500);`;

attack("a name server, also one on this machine, is not reached", {
  edits: { "train.sh": trainIf(nodeProbe(ask)) },
  ends: ["discarded"],
  notCoveredByProcess: "network: always open",
  isShownToWork: true,
});
