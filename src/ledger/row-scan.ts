/**
 * Finds ledger rows in the bytes of SQLite pages, whatever became of the pages around them: by the form of a record, not
 * by following the tree. Rows are never updated, so every copy of a row that is whole is right.
 * Format: https://www.sqlite.org/fileformat2.html#record_format
 */

import type { LinesTable } from "./schema.ts";

/** SQLite's default since 2016, and the only one we ever made: a damaged header must not decide it. */
const PAGE_BYTES = 4096;
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Payload in the page itself when a record overflows. */
const MAX_LOCAL_BYTES = PAGE_BYTES - 35;
const MIN_LOCAL_BYTES = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;
const OVERFLOW_BYTES = PAGE_BYTES - 4;
const MAX_EVENT_BYTES = 64 << 20;
/** Header lengths of a record of our table: six or seven serial types, of which two may be long. */
const HEADER_BYTES = { least: 7, most: 20 };

/** Every copy of a page by its number, newest first. */
type Pages = ReadonlyMap<number, readonly Buffer[]>;

/** A record that may be a row: where its header begins, and the serial types in it. */
interface Found {
  readonly bytes: Buffer;
  readonly at: number;
  readonly number: number;
  readonly headerBytes: number;
  readonly types: readonly number[];
}

/** All that looks like a row in the file and its log, in no order, copies included; the text of some may be damaged. */
export function scanRows(file: Buffer, log: Buffer): LinesTable[] {
  const pages = pagesOf(file, log);
  // Not page by page: what was moved by damage may lie across the borders.
  return [file, log].flatMap((bytes) => recordsIn(bytes).flatMap((found) => rowsOf(found, pages)));
}

function pagesOf(file: Buffer, log: Buffer): Pages {
  const pages = new Map<number, Buffer[]>();
  const add = (number: number, page: Buffer) => {
    if (page.length === PAGE_BYTES) pages.set(number, [page, ...(pages.get(number) ?? [])]);
  };
  for (let at = 0; at < file.length; at += PAGE_BYTES)
    add(at / PAGE_BYTES + 1, file.subarray(at, at + PAGE_BYTES));
  const frameBytes = FRAME_HEADER_BYTES + PAGE_BYTES;
  for (let at = LOG_HEADER_BYTES; at + FRAME_HEADER_BYTES < log.length; at += frameBytes)
    add(log.readUInt32BE(at), log.subarray(at + FRAME_HEADER_BYTES, at + frameBytes));
  return pages;
}

function recordsIn(bytes: Buffer): Found[] {
  const found: Found[] = [];
  const last = bytes.length - HEADER_BYTES.least;
  // The row number stands before the record: its column, the first one, is empty.
  for (let zero = bytes.indexOf(0, 3); zero !== -1 && zero <= last; zero = bytes.indexOf(0, zero + 1)) {
    const at = zero - 1;
    const headerBytes = bytes[at] ?? 0;
    if (headerBytes < HEADER_BYTES.least || headerBytes > HEADER_BYTES.most) continue;
    const types = serialTypes(bytes, at, headerBytes);
    if (types === undefined || !areOurs(types)) continue;
    const number = rowNumber(bytes, at, payloadBytes(headerBytes, types));
    if (number !== undefined) found.push({ bytes, at, number, headerBytes, types });
  }
  return found;
}

function serialTypes(bytes: Buffer, at: number, headerBytes: number): number[] | undefined {
  const types: number[] = [];
  const end = at + headerBytes;
  let next = at + 1;
  while (next < end) {
    const type = readVarint(bytes, next);
    if (type === undefined) return undefined;
    types.push(type.value);
    next = type.end;
  }
  return next === end ? types : undefined;
}

/** number, at_ms, kind, experiment, event, checksum, and own_checksum in rows written since there is one. */
function areOurs([
  number,
  atMs,
  kind,
  experiment,
  event,
  checksum,
  own,
  ...more
]: readonly number[]): boolean {
  return (
    number === 0 &&
    isNumber(atMs) &&
    isText(kind) &&
    (experiment === 0 || isText(experiment)) &&
    isText(event) &&
    isNumber(checksum) &&
    (own === undefined || own === 0 || isNumber(own)) &&
    more.length === 0
  );
}

const isNumber = (type: number | undefined) => type !== undefined && type >= 1 && type <= 9;
const isText = (type: number | undefined) =>
  type !== undefined && type >= 13 && type % 2 === 1 && bytesOf(type) <= MAX_EVENT_BYTES;

/** The row number in front of a record, if its length stands there too. */
function rowNumber(bytes: Buffer, at: number, recordBytes: number): number | undefined {
  for (let start = at - 2; start >= Math.max(0, at - 12); start -= 1) {
    const length = readVarint(bytes, start);
    if (length?.value !== recordBytes) continue;
    const number = readVarint(bytes, length.end);
    if (number?.end === at && number.value >= 1) return number.value;
  }
  return undefined;
}

/** One row, or two where the pages that a long text goes on in exist in different versions. */
function rowsOf(found: Found, pages: Pages): LinesTable[] {
  const payloads = [payloadOf(found, pages, 0), payloadOf(found, pages, -1)];
  return payloads.flatMap((payload, index) => {
    if (payload === undefined || (index === 1 && payloads[0]?.equals(payload))) return [];
    return [rowIn(payload, found)];
  });
}

/** Follows the record into its overflow pages; `copy` says which of several versions of a page to take. */
function payloadOf(found: Found, pages: Pages, copy: 0 | -1): Buffer | undefined {
  const { bytes, at, headerBytes, types } = found;
  const whole = payloadBytes(headerBytes, types);
  const local = localBytes(whole);
  if (local === whole) return at + whole > bytes.length ? undefined : bytes.subarray(at, at + whole);
  if (at + local + 4 > bytes.length) return undefined;
  const parts = [bytes.subarray(at, at + local)];
  let next = bytes.readUInt32BE(at + local);
  for (let left = whole - local; left > 0; left -= OVERFLOW_BYTES) {
    const overflow = pages.get(next)?.at(copy);
    if (overflow === undefined) return undefined;
    parts.push(overflow.subarray(4, 4 + Math.min(left, OVERFLOW_BYTES)));
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

function localBytes(bytes: number): number {
  if (bytes <= MAX_LOCAL_BYTES) return bytes;
  const local = MIN_LOCAL_BYTES + ((bytes - MIN_LOCAL_BYTES) % OVERFLOW_BYTES);
  return local <= MAX_LOCAL_BYTES ? local : MIN_LOCAL_BYTES;
}

function rowIn(payload: Buffer, { number, headerBytes, types }: Found): LinesTable {
  let at = headerBytes;
  const take = (type = 0): Buffer => {
    at += bytesOf(type);
    return payload.subarray(at - bytesOf(type), at);
  };
  const [, atMs, kind, experiment, event, checksum, own] = types;
  take(types[0]);
  return {
    number,
    at_ms: numberIn(take(atMs), atMs),
    kind: take(kind).toString("utf8"),
    experiment: experiment === 0 ? null : take(experiment).toString("utf8"),
    event: take(event).toString("utf8"),
    checksum: numberIn(take(checksum), checksum),
    own_checksum: own === undefined || own === 0 ? null : numberIn(take(own), own),
  };
}

function numberIn(bytes: Buffer, type = 0): number {
  if (type === 7) return bytes.readDoubleBE(0);
  if (type > 7) return type - 8;
  return type === 6 ? Number(bytes.readBigInt64BE(0)) : bytes.readIntBE(0, bytes.length);
}

function payloadBytes(headerBytes: number, types: readonly number[]): number {
  return types.reduce((sum, type) => sum + bytesOf(type), headerBytes);
}

function bytesOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? 0;
}

function readVarint(bytes: Buffer, start: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let at = start; at < Math.min(start + 7, bytes.length); at += 1) {
    const byte = bytes[at] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return undefined; // longer ones stand for numbers that we never reach
}
