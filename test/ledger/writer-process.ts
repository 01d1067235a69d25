/** Starts and kills real ledger writers for tests. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const fixture = fileURLToPath(new URL("./ledger-writer.ts", import.meta.url));

export interface WriterOptions {
  readonly folder: string;
  /** Appends to make before it idles with the lock; without it, it appends until killed. */
  readonly appends?: number;
  readonly textBytes?: number;
  /** Most bytes a file of it may grow to: a full disk. */
  readonly fileLimitBytes?: number;
}

export class WriterProcess {
  readonly #child: ChildProcess;
  #output = "";
  #hasEnded = false;
  #onChange = (): void => {};

  constructor({
    folder,
    appends = Number.POSITIVE_INFINITY,
    textBytes = 200,
    fileLimitBytes,
  }: WriterOptions) {
    const limit = fileLimitBytes === undefined ? "" : `ulimit -f ${Math.ceil(fileLimitBytes / 512)};`;
    const command = `${limit} exec "$0" "$@"`;
    const args = [fixture, folder, String(appends), String(textBytes)];
    this.#child = spawn("sh", ["-c", command, process.execPath, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
      this.#onChange();
    });
    this.#child.on("close", () => {
      this.#hasEnded = true;
      this.#onChange();
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Everything it has printed, line by line; a line cut off by its death is left out. */
  get printed(): string[] {
    return this.#output.split("\n").slice(0, -1);
  }

  /** The last line number whose append has returned; 0 for none. */
  get acknowledged(): number {
    return Number(this.printed.findLast((line) => line.startsWith("ack "))?.slice(4) ?? 0);
  }

  start(): void {
    this.#child.stdin?.write("go\n");
  }

  async until(isReached: (writer: WriterProcess) => boolean): Promise<void> {
    while (!isReached(this)) {
      if (this.#hasEnded) throw new Error(`writer ended early:\n${this.#output}`);
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  /** Waits for its own end, and for all that it printed. */
  async ended(): Promise<void> {
    if (!this.#hasEnded) await once(this.#child, "close");
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended();
  }
}
