/**
 * The lab's tools for one agent at work. The server stands outside the agent's walls, where the ledger is; inside there is
 * only a unix socket and a few lines that pass bytes on. Part of the composition root.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { McpServer } from "../researcher/agent/preset.ts";
import { shortSocketPath } from "../sandbox/relay.ts";
import type { UserEnvironment } from "./surroundings.ts";

const NIGHTLAB = join(import.meta.dirname, "..", "..", "bin", "nightlab.js");
/** An agent and its own sub-agents; more would only take memory. */
const MOST_CONNECTIONS = 4;

export interface AgentLab {
  readonly server: McpServer;
  /** For `SandboxCommand.sockets`. */
  readonly socketPath: string;
  close(): Promise<void>;
}

export interface LabPlace {
  /** Top folder of the user's checkout. */
  readonly root: string;
  readonly environment: UserEnvironment;
}

/** One server process for each connection: it cannot hold up the run, and the next one reads as freshly. */
export async function openAgentLab({ root, environment }: LabPlace, folder: string): Promise<AgentLab> {
  const { path: socketPath, remove } = await shortSocketPath(folder, "lab");
  const open = new Map<Socket, ChildProcess>();
  const server = createServer((socket) => {
    if (open.size >= MOST_CONNECTIONS) return void socket.destroy();
    open.set(socket, serve(socket, { root, environment }));
    socket.once("close", () => open.delete(socket));
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(socketPath, done));
  await chmod(socketPath, 0o666); // the agent may be another user; outside, the folder keeps others away
  const bridge = join(folder, "lab.mjs");
  await writeFile(bridge, BRIDGE);
  return {
    server: { name: "lab", command: process.execPath, args: [bridge, socketPath] },
    socketPath,
    async close() {
      const ends = [...open.values()].map(ended);
      for (const socket of open.keys()) socket.destroy();
      await Promise.all([...ends, new Promise((done) => server.close(done))]);
      await remove();
    },
  };
}

/** Ends with its socket, and by the end of its input also when this process is killed. */
function serve(socket: Socket, { root, environment }: LabPlace): ChildProcess {
  const { PATH, HOME, XDG_CACHE_HOME } = environment;
  const child = spawn(process.execPath, [NIGHTLAB, "-C", root, "mcp", "--researcher"], {
    cwd: root,
    env: { PATH, HOME, XDG_CACHE_HOME },
    stdio: ["pipe", "pipe", "ignore"],
  });
  socket.on("error", () => socket.destroy());
  socket.once("close", () => child.kill());
  child.stdin.on("error", () => undefined);
  child.once("error", () => socket.destroy());
  child.once("exit", () => socket.end());
  socket.pipe(child.stdin);
  child.stdout.pipe(socket);
  return child;
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
    return Promise.resolve();
  return new Promise((done) => child.once("exit", () => done()));
}

const BRIDGE = `import { connect } from "node:net";
const socket = connect(process.argv[2]);
socket.on("error", (error) => { console.error(error.message); process.exit(1); });
socket.on("close", () => process.exit(0));
process.stdin.pipe(socket);
socket.pipe(process.stdout);
`;
