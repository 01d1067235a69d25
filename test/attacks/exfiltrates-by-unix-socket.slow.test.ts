import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { attack, nodeProbe, trainIf } from "./harness.ts";

// Not below /tmp, /run or a home, which are empty inside: a socket such as that of a database or of docker elsewhere.
const folder = mkdtempSync("/var/lib/nightlab-attack-");
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
chmodSync(folder, 0o755);
const path = join(folder, "service.sock");
const server = createServer((socket) => socket.end("secret\n")).listen(path);
await once(server, "listening");
chmodSync(path, 0o777);
server.unref();

attack("a socket file that somebody listens on is not reached", {
  edits: {
    "train.sh": trainIf(
      nodeProbe(`require("node:net").connect("${path}").on("data", win).on("error", fail);`),
    ),
  },
  ends: ["discarded"],
  notCoveredByProcess: "files: the command reads and writes whatever you can",
  isShownToWork: true,
});
