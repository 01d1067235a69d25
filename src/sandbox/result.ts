/** Takes what a command writes to its result descriptor, in constant memory. Knows nothing about processes. */

import { RESULT_BYTES } from "../core/sandbox.ts";

export class ResultText {
  readonly #bytes = Buffer.alloc(RESULT_BYTES + 1);
  #length = 0;

  /** What is too much is dropped, not left in the socket: a writer that waits for room would never end. */
  append(chunk: Buffer): void {
    this.#length += chunk.copy(this.#bytes, this.#length);
  }

  get text(): string {
    return this.#bytes.toString("utf8", 0, this.#length);
  }
}
