/** Takes what a command prints: log file, tails, lines, all in constant memory. Knows nothing about processes. */

import { closeSync, openSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";
import { InfrastructureError } from "../core/errors.ts";

const OUTPUT_TAIL_BYTES = 16 * 1024;
const STDOUT_TAIL_BYTES = 1024 * 1024;
const LINE_CHARACTERS = 64 * 1024;
const NEWLINE = 0x0a;

export interface OutputOptions {
  readonly logPath: string | undefined;
  readonly outputBytes: number;
  readonly onLine: ((line: string) => void) | undefined;
}

/** What is beyond `outputBytes` is dropped from the log, and goes on to feed tails and lines. */
export class Output {
  isCut = false;
  readonly #both = new ByteTail(OUTPUT_TAIL_BYTES);
  readonly #stdout = new ByteTail(STDOUT_TAIL_BYTES);
  readonly #lines: LineCutter | undefined;
  readonly #log: number | undefined;
  readonly #logPath: string | undefined;
  #roomBytes: number;

  constructor(options: OutputOptions) {
    this.#roomBytes = options.outputBytes;
    this.#lines = options.onLine === undefined ? undefined : new LineCutter(options.onLine);
    this.#logPath = options.logPath;
    this.#log = this.#guard((path) => openSync(path, "a"));
  }

  takeStdout(chunk: Buffer): void {
    this.#keep(chunk);
    this.#stdout.append(chunk);
    this.#lines?.append(chunk);
  }

  takeStderr(chunk: Buffer): void {
    this.#keep(chunk);
  }

  /** For people and models: control sequences are gone, so that a log can't repaint a terminal. */
  get outputTail(): string {
    const text = stripVTControlCharacters(this.#both.text()).replace(/\r\n?/g, "\n");
    return text.replace(/[\p{Cc}--[\n\t]]/gv, "");
  }

  /** For the metric reader: whole lines only, since half a line may read as another metric. */
  get stdoutTail(): string {
    return this.#stdout.text();
  }

  close(): void {
    if (this.#log !== undefined) closeSync(this.#log);
  }

  #keep(chunk: Buffer): void {
    this.#both.append(chunk);
    const kept = chunk.subarray(0, this.#roomBytes);
    this.#roomBytes -= kept.length;
    if (kept.length < chunk.length) this.isCut = true;
    const log = this.#log;
    if (log === undefined) return;
    this.#guard(() => {
      // A disk that is nearly full takes a part, and says why only when asked to take the rest.
      for (let done = 0; done < kept.length; ) done += writeSync(log, kept, done);
    });
  }

  #guard<Result>(use: (path: string) => Result): Result | undefined {
    const path = this.#logPath;
    if (path === undefined) return undefined;
    try {
      return use(path);
    } catch (cause) {
      throw new InfrastructureError(`cannot write the log ${path}: ${(cause as Error).message}`, { cause });
    }
  }
}

/** The last bytes of a stream. Copies, since holding on to many tiny chunks costs far more than their bytes. */
class ByteTail {
  readonly #limit: number;
  #bytes = Buffer.alloc(0);
  #length = 0;
  #isCut = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  append(chunk: Buffer): void {
    const part = chunk.length > this.#limit ? chunk.subarray(chunk.length - this.#limit) : chunk;
    if (part.length < chunk.length) this.#isCut = true;
    if (this.#length + part.length > this.#bytes.length) this.#makeRoom(part.length);
    part.copy(this.#bytes, this.#length);
    this.#length += part.length;
  }

  text(): string {
    const bytes = this.#bytes.subarray(Math.max(0, this.#length - this.#limit), this.#length);
    if (!this.#isCut && this.#length <= this.#limit) return bytes.toString("utf8");
    const newline = bytes.indexOf(NEWLINE);
    return bytes.subarray(newline === -1 ? 0 : newline + 1).toString("utf8");
  }

  /** Grows up to twice the limit, then moves the tail to the front: each byte is copied twice at most. */
  #makeRoom(more: number): void {
    const capacity = Math.min(2 * this.#limit, Math.max(4096, 2 * (this.#length + more)));
    const keptBytes = Math.min(this.#length, this.#limit, capacity - more);
    if (keptBytes < this.#length) this.#isCut = true;
    const bytes = capacity > this.#bytes.length ? Buffer.alloc(capacity) : this.#bytes;
    this.#bytes.copy(bytes, 0, this.#length - keptBytes, this.#length);
    this.#bytes = bytes;
    this.#length = keptBytes;
  }
}

class LineCutter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder("utf8");
  #pending = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  append(chunk: Buffer): void {
    const text = this.#decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      const line = this.#pending + text.slice(start, Math.min(end, start + LINE_CHARACTERS));
      this.#pending = "";
      start = end + 1;
      this.#onLine(line.slice(0, LINE_CHARACTERS).replace(/\r$/, ""));
    }
    const room = LINE_CHARACTERS - this.#pending.length;
    if (room > 0) this.#pending += text.slice(start, start + room);
  }
}
