import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { attack, nodeProbe, trainIf } from "./harness.ts";

const server = createServer((socket) => socket.end("secret\n")).listen(0, "127.0.0.1");
await once(server, "listening");
server.unref();
const { port } = server.address() as AddressInfo;
const read = `require("node:net").connect(${port}, "127.0.0.1").on("data", win).on("error", fail);`;

attack("a service on the loopback of this machine is not reached", {
  edits: { "train.sh": trainIf(nodeProbe(read)) },
  ends: ["discarded"],
  notCoveredByProcess: "network: always open",
  isShownToWork: true,
});
