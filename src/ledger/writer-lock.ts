/**
 * One writer per ledger: an open exclusive transaction on a second, empty database file. The kernel drops it however the
 * process ends. Knows nothing of the ledger itself. Not covered: file systems without working locks (some NFS).
 */

import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../core/errors.ts";
import { isBusy, storageError } from "./storage-error.ts";

/** A starting writer outlasts the moment for which `currentHolder` reads the lock file. */
const PATIENCE_MS = 200;

/** Who writes the ledger now. */
export interface Holder {
  readonly pid: number;
  readonly startedAtMs: number;
  /** What the writer said about itself when it opened the ledger: the tag of its run. */
  readonly run: string;
}

export interface WriterLock {
  release(): void;
}

/** Garbage collection closes a database nobody refers to, and with it the lock goes: held ones are referred to here. */
const held = new Set<DatabaseSync>();

/**
 * Puts a lock file that is no lock file out of the way: ours is always empty. Does nothing to a sound one, and nothing
 * while the process named in the record beside it lives.
 */
export function dropDamagedLock(folder: string): void {
  const size = statSync(lockPath(folder), { throwIfNoEntry: false })?.size ?? 0;
  const holder = readHolder(folder);
  if (size > 0 && (holder === undefined || !isAlive(holder.pid))) rmSync(lockPath(folder));
}

/** Takes the lock of `folder`, which exists. Throws a UsageError that names the holder when another writer has it. */
export function takeWriterLock(folder: string, holder: Holder): WriterLock {
  const database = new DatabaseSync(lockPath(folder), { timeout: PATIENCE_MS });
  try {
    // In memory: otherwise SQLite leaves an empty journal behind when the process is killed.
    database.exec("pragma journal_mode = memory; begin exclusive");
    const text = `${JSON.stringify(holder)}\n`;
    // Never read half-written; the name is ours alone because we hold the lock.
    writeFileSync(`${holderPath(folder)}.new`, text);
    renameSync(`${holderPath(folder)}.new`, holderPath(folder));
  } catch (error) {
    database.close();
    throw isBusy(error) ? heldByOther(folder, error) : storageError(lockPath(folder), error);
  }
  held.add(database);
  return { release: () => release(folder, database) };
}

/**
 * Who holds the lock of `folder` now; undefined when nobody does, whatever `holder.json` says. Asks the kernel, so a
 * killed writer or a reused pid never counts. Takes a shared lock for a moment; starting writers wait that out.
 */
export function currentHolder(folder: string): Holder | undefined {
  return isHeld(folder) ? recordedHolder(folder) : undefined;
}

function release(folder: string, database: DatabaseSync): void {
  if (!database.isOpen) return;
  rmSync(holderPath(folder), { force: true }); // before the lock goes: afterwards it may be the next writer's
  database.close();
  held.delete(database);
}

function isHeld(folder: string): boolean {
  // Only through SQLite: closing a plain descriptor of this file would drop a lock this process holds (POSIX).
  if (!existsSync(lockPath(folder))) return false;
  const database = new DatabaseSync(lockPath(folder), { readOnly: true, timeout: 0 });
  try {
    database.prepare("select count(*) from sqlite_schema").get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw storageError(lockPath(folder), error);
  } finally {
    database.close();
  }
}

/** The record of a holder known to be alive. A dead pid means that it has the lock but has not written its record yet. */
function recordedHolder(folder: string): Holder | undefined {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const holder = readHolder(folder);
    if (holder !== undefined && isAlive(holder.pid)) return holder;
    if (!isHeld(folder)) return undefined;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
  return undefined;
}

function readHolder(folder: string): Holder | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(holderPath(folder), "utf8"));
    return isHolder(found) ? found : undefined;
  } catch {
    return undefined; // absent or foreign: the lock itself is the truth, this file only tells the name
  }
}

/** By hand: `nightlab status` waits for this, and loading a schema takes longer than all else it does. */
function isHolder(found: unknown): found is Holder {
  const { pid, startedAtMs, run } = (found ?? {}) as Partial<Record<keyof Holder, unknown>>;
  const isPid = Number.isSafeInteger(pid) && Number(pid) > 0;
  return isPid && Number.isFinite(startedAtMs) && typeof run === "string";
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function heldByOther(folder: string, cause: unknown): UsageError {
  const holder = recordedHolder(folder);
  const who = holder === undefined ? "another nightlab" : `run ${holder.run} (process ${holder.pid})`;
  return new UsageError(`this study is being written by ${who}`, {
    next: "nightlab status shows it, nightlab stop ends it",
    place: folder,
    cause,
  });
}

function lockPath(folder: string): string {
  return join(folder, "lock.db");
}

function holderPath(folder: string): string {
  return join(folder, "holder.json");
}
