/** Ledgers on disk, ways to damage them by a seed, and what of each row is still there: told by bytes alone. */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import type { LinesTable } from "../../src/ledger/schema.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

/** Numbers from 0 up to `below`, the same for the same seed. */
export type Dice = (below: number) => number;

/** mulberry32 by Tommy Ettinger. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** The bytes of a ledger as a kill leaves them: a file, and a log that was not folded in. */
export interface OnDisk {
  readonly file: Buffer;
  readonly log: Buffer;
  readonly rows: readonly LinesTable[];
}

/** Writes `lines` as a run would; the last `inLog` of them stay in the log. */
export async function writtenLedger(
  folder: string,
  lines: readonly LedgerLine[],
  inLog: number,
): Promise<OnDisk> {
  let atMs = 0;
  const clock = Object.assign(new FakeClock(0), { now: () => atMs });
  const write = async (part: readonly LedgerLine[], look: () => void) => {
    const ledger = await openLedger({ folder, clock, mode: "write" });
    for (const line of part) {
      atMs = line.atMs;
      await ledger.append([line.event]);
    }
    look();
    await ledger.close();
  };
  const cut = lines.length - inLog;
  await write(lines.slice(0, cut), () => {});
  let held: OnDisk | undefined;
  await write(lines.slice(cut), () => {
    const database = new DatabaseSync(join(folder, "ledger.db"), { readOnly: true });
    const rows = database.prepare("select * from lines order by number").all() as unknown as LinesTable[];
    database.close();
    held = { file: bytesOf(folder, "ledger.db"), log: bytesOf(folder, "ledger.db-wal"), rows };
  });
  if (held === undefined) throw new Error("nothing was written");
  return held;
}

function bytesOf(folder: string, name: string): Buffer {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

/** Puts the bytes into an empty folder, as the next process finds them. */
export function lay(folder: string, { file, log }: Pick<OnDisk, "file" | "log">): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "ledger.db"), file);
  if (log.length > 0) writeFileSync(join(folder, "ledger.db-wal"), log);
}

const SECTOR = 512;
const PAGE = 4096;

type Damage = (bytes: Buffer, dice: Dice) => Buffer;

const DAMAGES: Readonly<Record<string, Damage>> = {
  "a flipped bit": (bytes, dice) => flip(bytes, dice, 1),
  "many flipped bits": (bytes, dice) => flip(bytes, dice, 2 + dice(60)),
  "a zeroed sector": (bytes, dice) => fill(bytes, dice, { size: SECTOR, byte: () => 0 }),
  "sectors of noise": (bytes, dice) =>
    fill(bytes, dice, { size: SECTOR * (1 + dice(6)), byte: () => dice(256) }),
  "a lost page": (bytes, dice) => fill(bytes, dice, { size: PAGE, byte: () => 0 }),
  "a page over another": (bytes, dice) => {
    const pages = Math.floor(bytes.length / PAGE);
    if (pages < 2) return bytes;
    const copy = Buffer.from(bytes);
    bytes.copy(copy, dice(pages) * PAGE, dice(pages) * PAGE, dice(pages) * PAGE + PAGE);
    return copy;
  },
  "a cut end": (bytes, dice) => Buffer.from(bytes.subarray(0, dice(bytes.length + 1))),
  "noise at the end": (bytes, dice) => Buffer.concat([bytes, Buffer.from([dice(256), dice(256), dice(256)])]),
  "nothing left": () => Buffer.alloc(0),
  "all noise": (bytes, dice) =>
    Buffer.from(Array.from({ length: Math.min(bytes.length, 9000) }, () => dice(256))),
};

function flip(bytes: Buffer, dice: Dice, count: number): Buffer {
  const copy = Buffer.from(bytes);
  for (let done = 0; done < count && copy.length > 0; done += 1) {
    const at = dice(copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 << dice(8));
  }
  return copy;
}

function fill(bytes: Buffer, dice: Dice, what: { size: number; byte: () => number }): Buffer {
  const copy = Buffer.from(bytes);
  const start = Math.floor(dice(Math.max(1, copy.length)) / what.size) * what.size;
  for (let at = start; at < Math.min(start + what.size, copy.length); at += 1) copy[at] = what.byte();
  return copy;
}

/** One damage to the file, to the log, or to both. */
export function damaged({ file, log }: OnDisk, dice: Dice): { file: Buffer; log: Buffer; name: string } {
  const names = Object.keys(DAMAGES);
  const pick = () => names[dice(names.length)] ?? "";
  const [first, second] = [pick(), pick()];
  const where = dice(4); // the log twice as often as both
  const inFile = where === 0 || where === 3;
  const inLog = where !== 0;
  return {
    file: inFile ? (DAMAGES[first]?.(file, dice) ?? file) : file,
    log: inLog ? (DAMAGES[second]?.(log, dice) ?? log) : log,
    name: [inFile ? `${first} in the file` : "", inLog ? `${second} in the log` : ""].join(" "),
  };
}

/** The record of a row as SQLite writes it, in front of it its length and number. Undefined when it goes on elsewhere. */
export function cellOf(row: LinesTable): Buffer | undefined {
  const values = [null, row.at_ms, row.kind, row.experiment, row.event, row.checksum, row.own_checksum];
  const fields = values.map(field);
  const types = Buffer.concat(fields.map(({ type }) => varint(type)));
  const body = Buffer.concat(fields.map(({ bytes }) => bytes));
  const record = Buffer.concat([varint(types.length + 1), types, body]);
  if (record.length > PAGE - 35) return undefined;
  return Buffer.concat([varint(record.length), varint(row.number), record]);
}

function field(value: string | number | null): { type: number; bytes: Buffer } {
  if (value === null) return { type: 0, bytes: Buffer.alloc(0) };
  if (typeof value === "string") {
    const bytes = Buffer.from(value, "utf8");
    return { type: 13 + 2 * bytes.length, bytes };
  }
  if (value === 0 || value === 1) return { type: 8 + value, bytes: Buffer.alloc(0) };
  const sizes = [1, 2, 3, 4, 6];
  const index = sizes.findIndex((size) => value >= -(2 ** (8 * size - 1)) && value < 2 ** (8 * size - 1));
  const bytes = Buffer.alloc(sizes[index] ?? 6);
  bytes.writeIntBE(value, 0, bytes.length);
  return { type: index + 1, bytes };
}

function varint(value: number): Buffer {
  const bytes = [value % 128];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
    bytes.unshift((left % 128) + 128);
  return Buffer.from(bytes);
}
