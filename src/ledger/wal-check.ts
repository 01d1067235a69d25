/**
 * Finds damage inside SQLite's write-ahead log, which SQLite itself takes for the torn tail of a crash and drops in
 * silence together with all that follows. Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */

import { readFileSync } from "node:fs";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682; // the lowest bit is set when checksums are big-endian

/**
 * True when whole transactions follow the first unreadable frame of the log at `path`. Every transaction is synced before
 * the next is written, so a crash can tear the last one only. Not covered: damage within the last transaction looks like
 * a torn tail. Call it while nobody writes.
 */
export function hasTornMiddle(path: string): boolean {
  const log = readLog(path);
  if (log.length < HEADER_BYTES) return false;
  const isHeaderWhole = (log.readUInt32BE(0) | 1) === (MAGIC | 1) && isPageSize(log.readUInt32BE(8));
  const pageBytes = isHeaderWhole ? log.readUInt32BE(8) : 4096;
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  const sum = new RunningSum((log.readUInt32BE(0) & 1) === 1);
  sum.add(log, 0, 24);
  // Frames left over from before the last restart of the log carry other salts.
  const isHeaderValid = isHeaderWhole && sum.equals(log, 24);
  const salts = saltsAt(log, isHeaderValid ? 16 : HEADER_BYTES + 8);
  let isValid = isHeaderValid;
  let commitsAfterBreak = 0;
  for (let at = HEADER_BYTES; at + frameBytes <= log.length; at += frameBytes) {
    const isOurs = saltsAt(log, at + 8) === salts;
    if (isValid) isValid = isOurs && isFrameWhole(log, at, { sum, pageBytes });
    if (!isValid && isOurs && log.readUInt32BE(at + 4) !== 0) commitsAfterBreak += 1;
  }
  return commitsAfterBreak > 1;
}

function readLog(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65536 && (bytes & (bytes - 1)) === 0;
}

function saltsAt(log: Buffer, at: number): string {
  return at + 8 <= log.length ? log.toString("latin1", at, at + 8) : "";
}

function isFrameWhole(log: Buffer, at: number, context: { sum: RunningSum; pageBytes: number }): boolean {
  context.sum.add(log, at, 8);
  context.sum.add(log, at + FRAME_HEADER_BYTES, context.pageBytes);
  return context.sum.equals(log, at + 16);
}

/** The cumulative checksum of the log: two sums over pairs of 32-bit words. */
class RunningSum {
  #first = 0;
  #second = 0;
  readonly #isBigEndian: boolean;

  constructor(isBigEndian: boolean) {
    this.#isBigEndian = isBigEndian;
  }

  add(log: Buffer, start: number, bytes: number): void {
    const view = new DataView(log.buffer, log.byteOffset + start, bytes);
    for (let at = 0; at < bytes; at += 8) {
      this.#first = (this.#first + view.getUint32(at, !this.#isBigEndian) + this.#second) >>> 0;
      this.#second = (this.#second + view.getUint32(at + 4, !this.#isBigEndian) + this.#first) >>> 0;
    }
  }

  equals(log: Buffer, at: number): boolean {
    return log.readUInt32BE(at) === this.#first && log.readUInt32BE(at + 4) === this.#second;
  }
}
