/** Brings the write-ahead log of a database to the disk, in the background. Knows no SQLite. */

import { type FileHandle, open } from "node:fs/promises";

/**
 * With `synchronous = normal` SQLite writes a transaction into the log and returns; after `sync` it survives a power cut
 * as it would with `full`. There the whole process stands still meanwhile. SQLite holds no lock on the log file (its
 * locks are on the other two), so a descriptor of our own does no harm.
 */
export class LogSync {
  readonly #path: string;
  #file: Promise<FileHandle> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async sync(): Promise<void> {
    this.#file ??= open(this.#path, "r+"); // SQLite has made it by now, and removes it only when it closes
    await (await this.#file).datasync();
  }

  async close(): Promise<void> {
    const file = await this.#file?.catch(() => undefined);
    await file?.close();
  }
}
