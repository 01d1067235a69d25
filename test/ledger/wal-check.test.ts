import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasTornMiddle } from "../../src/ledger/wal-check.ts";

const HEADER_BYTES = 32;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wal-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Written {
  /** The log of a killed writer: transactions of one frame each, after those that made the table. */
  readonly log: Buffer;
  readonly frameBytes: number;
  readonly frames: number;
}

/** What SQLite itself leaves in the log after `transactions` of one page each; `restartAfter` of them, the log starts over. */
function writeLog(
  transactions: number,
  options: { pageBytes?: number; restartAfter?: number } = {},
): Written {
  const { pageBytes = 4096, restartAfter } = options;
  const path = join(folder, "written.db");
  const database = new DatabaseSync(path);
  database.exec(`pragma page_size = ${pageBytes}; create table t (id integer primary key, x integer);
    insert into t values (1, 0); pragma journal_mode = wal; pragma wal_autocheckpoint = 0`);
  for (let index = 1; index <= transactions; index++) {
    database.exec(`update t set x = ${index}`);
    if (index === restartAfter) database.exec("pragma wal_checkpoint(restart)");
  }
  const log = readFileSync(`${path}-wal`);
  copyFileSync(path, join(folder, "killed.db")); // as it lies on disk now, before closing folds the log into it
  database.close();
  const frameBytes = pageBytes + 24;
  return { log, frameBytes, frames: (log.length - HEADER_BYTES) / frameBytes };
}

function isTorn(log: Buffer): boolean {
  const path = join(folder, "checked-wal");
  writeFileSync(path, log);
  return hasTornMiddle(path);
}

function flipped(log: Buffer, at: number): Buffer {
  const damaged = Buffer.from(log);
  damaged[at] = (damaged[at] ?? 0) ^ 1;
  return damaged;
}

/** The value that SQLite reads from the database with this log beside it: what it silently makes of the damage. */
function valueBySqlite(log: Buffer): unknown {
  writeFileSync(join(folder, "killed.db-wal"), log);
  rmSync(join(folder, "killed.db-shm"), { force: true });
  const database = new DatabaseSync(join(folder, "killed.db"));
  const value = database.prepare("select x from t").get()?.x;
  database.close();
  return value;
}

describe("a log without damage", () => {
  it("may be absent, empty, or shorter than its header", () => {
    expect(hasTornMiddle(join(folder, "absent"))).toBe(false);
    for (const bytes of [0, 1, 31]) expect(isTorn(Buffer.alloc(bytes, 7))).toBe(false);
    expect(isTorn(writeLog(3).log.subarray(0, HEADER_BYTES))).toBe(false);
  });

  it.each([512, 4096, 65_536])("is whole with pages of %d bytes", (pageBytes) => {
    const { log, frames } = writeLog(5, { pageBytes });
    expect(frames).toBe(5);
    expect(isTorn(log)).toBe(false);
  });

  it("may be cut off anywhere: that is a crash", () => {
    const { log, frameBytes } = writeLog(5, { pageBytes: 512 });
    for (let bytes = 0; bytes < log.length; bytes += 89) expect(isTorn(log.subarray(0, bytes))).toBe(false);
    expect(isTorn(log.subarray(0, HEADER_BYTES + 2 * frameBytes))).toBe(false);
  });

  it("may hold frames from before it started over", () => {
    const { log, frames } = writeLog(10, { restartAfter: 8 });
    expect(frames).toBe(8);
    expect(isTorn(log)).toBe(false);
  });
});

describe("damage in the log", () => {
  it("is seen in every frame but the last, in its header and in its page", () => {
    const { log, frameBytes, frames } = writeLog(6, { pageBytes: 512 });
    for (let frame = 0; frame < frames; frame++) {
      const start = HEADER_BYTES + frame * frameBytes;
      const isSeen = frame < frames - 1;
      // Page number, both checksums, and the page from its first byte to its last; size and salts are below.
      for (const offset of [3, 16, 19, 20, 23, 24, 25, 300, 24 + 511])
        expect(isTorn(flipped(log, start + offset)), `frame ${frame} byte ${offset}`).toBe(isSeen);
    }
  });

  it("is what SQLite drops in silence, with all that follows", () => {
    const { log, frameBytes } = writeLog(6);
    const damaged = flipped(log, HEADER_BYTES + 2 * frameBytes + 100);
    expect(isTorn(damaged)).toBe(true);
    expect(valueBySqlite(damaged)).toBe(2);
  });

  it("of a mark that ends a transaction is seen while two ends follow", () => {
    const { log, frameBytes } = writeLog(6);
    const withoutEnd = (frame: number) => {
      const damaged = Buffer.from(log);
      damaged.writeUInt32BE(0, HEADER_BYTES + frame * frameBytes + 4);
      return damaged;
    };
    expect([0, 3, 4, 5].map((frame) => isTorn(withoutEnd(frame)))).toEqual([true, true, false, false]);
  });

  it("of salts is seen while two whole frames follow", () => {
    const { log, frameBytes } = writeLog(6);
    for (const offset of [8, 11, 12, 15]) {
      const seen = [0, 3, 4, 5].map((frame) =>
        isTorn(flipped(log, HEADER_BYTES + frame * frameBytes + offset)),
      );
      expect(seen, `byte ${offset}`).toEqual([true, true, false, false]);
    }
  });

  it("of the header is seen: its mark, page size, salts and checksum", () => {
    const { log } = writeLog(6);
    // Byte 3 holds the order of checksum bytes in its last bit; 4 to 7 the version, 12 to 15 the count of restarts.
    for (const at of [0, 1, 3, 7, 8, 11, 15, 16, 23, 24, 28, 31])
      expect(isTorn(flipped(log, at)), `byte ${at}`).toBe(true);
  });

  it("of the header is not seen while fewer than two transactions lie behind it", () => {
    expect(isTorn(flipped(writeLog(1).log, 0))).toBe(false);
  });

  it("is not sought among frames from before the log started over", () => {
    const { log, frameBytes } = writeLog(10, { restartAfter: 8 });
    expect(isTorn(flipped(log, HEADER_BYTES + 4 * frameBytes + 100))).toBe(false);
    expect(isTorn(flipped(log, HEADER_BYTES + frameBytes + 100))).toBe(false); // the last of the new ones
    expect(isTorn(flipped(log, HEADER_BYTES + 100))).toBe(true);
  });

  it("of a page size that cannot be is read with the usual one", () => {
    const { log } = writeLog(6);
    for (const pageBytes of [0, 256, 4097, 6144, 131_072]) {
      const damaged = Buffer.from(log);
      damaged.writeUInt32BE(pageBytes, 8);
      expect(isTorn(damaged), `${pageBytes}`).toBe(true);
    }
  });
});

describe("a log with big-endian checksums", () => {
  /** The same log as a big-endian machine writes it, after the file format's description. */
  function bigEndian({ log, frameBytes, frames }: Written): Buffer {
    const turned = Buffer.from(log);
    let [first, second] = [0, 0];
    const add = (from: number, bytes: number) => {
      for (let at = from; at < from + bytes; at += 8) {
        first = (first + turned.readUInt32BE(at) + second) >>> 0;
        second = (second + turned.readUInt32BE(at + 4) + first) >>> 0;
      }
    };
    const put = (at: number) => {
      turned.writeUInt32BE(first, at);
      turned.writeUInt32BE(second, at + 4);
    };
    turned.writeUInt32BE(0x377f0683, 0);
    add(0, 24);
    put(24);
    for (let frame = 0; frame < frames; frame++) {
      const start = HEADER_BYTES + frame * frameBytes;
      add(start, 8);
      add(start + 24, frameBytes - 24);
      put(start + 16);
    }
    return turned;
  }

  it("is read like any other, by SQLite too", () => {
    const written = writeLog(5);
    const turned = bigEndian(written);
    expect(valueBySqlite(turned)).toBe(5);
    expect(isTorn(turned)).toBe(false);
    expect(isTorn(flipped(turned, HEADER_BYTES + written.frameBytes + 100))).toBe(true);
    expect(isTorn(flipped(turned, HEADER_BYTES + 4 * written.frameBytes + 100))).toBe(false);
  });
});

it("does not take a log that cannot be read for an absent one", () => {
  expect(() => hasTornMiddle(folder)).toThrow(/EISDIR/);
});
