/** One port of this machine for a command that has no network: by a unix socket from outside into its namespace. */

import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Relay {
  /** For `SandboxCommand.sockets`. */
  readonly socketPath: string;
  /** The line, with the port at 127.0.0.1 for as long as it runs. */
  wrap(line: string): string;
  close(): Promise<void>;
}

/** Names of unix sockets have 108 bytes, the closing zero among them: unix(7). */
const SOCKET_PATH_BYTES = 107;

/** `folder` is used where its name is short enough. */
export async function openRelay(port: number, folder: string): Promise<Relay> {
  const { path: socketPath, remove } = await shortSocketPath(folder, "gateway");
  const open = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => open.delete(one));
      one.pipe(other);
    }
  });
  await new Promise<void>((done, fail) => server.once("error", fail).listen(socketPath, done));
  await chmod(socketPath, 0o666); // the command may be another user; outside, the folder keeps others away
  return {
    socketPath,
    wrap: (line) => [process.execPath, "-e", INSIDE, String(port), socketPath, line].map(quoted).join(" "),
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((done) => server.close(done));
      await remove();
    },
  };
}

/** A name for a socket in `folder`, or in a folder of its own where that would be too long. */
export async function shortSocketPath(
  folder: string,
  name: string,
): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const wished = join(folder, name);
  if (Buffer.byteLength(wished) <= SOCKET_PATH_BYTES) return { path: wished, remove: async () => undefined };
  const own = await mkdtemp(join(tmpdir(), "nightlab-"));
  return { path: join(own, name), remove: () => rm(own, { recursive: true, force: true }) };
}

/** Runs inside, around the line: ends as the line ends, and leaves signals to it. */
const INSIDE = `
const net = require("node:net");
const { constants } = require("node:os");
const [port, path, line] = process.argv.slice(1);
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => {});
const server = net.createServer((inner) => {
  const outer = net.connect(path);
  inner.on("error", () => outer.destroy()).pipe(outer);
  outer.on("error", () => inner.destroy()).pipe(inner);
});
server.listen(Number(port), "127.0.0.1", () => {
  const child = require("node:child_process").spawn("/bin/sh", ["-c", line], { stdio: "inherit" });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
});`;

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
