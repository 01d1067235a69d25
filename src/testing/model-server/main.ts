/**
 * The model server as a process, for network namespaces of their own: `node main.ts [port]`. Prints one line of JSON with
 * `origin`, then one line for each call that ended. Ends with its standard input, or on SIGTERM.
 */

import { openModelServer } from "./model-server.ts";

const server = await openModelServer({ port: Number(process.argv[2] ?? 0) });
console.log(JSON.stringify({ origin: server.origin, pid: process.pid }));

let told = 0;
const timer = setInterval(() => {
  while (server.calls[told] !== undefined && server.calls[told]?.end !== "open") {
    console.log(JSON.stringify(server.calls[told]));
    told += 1;
  }
}, 20);

async function stop(): Promise<void> {
  clearInterval(timer);
  for (const call of server.calls.slice(told)) console.log(JSON.stringify(call));
  await server.close();
  process.exit(0);
}

process.stdin.on("end", stop).resume();
process.once("SIGTERM", stop);
