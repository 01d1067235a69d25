/**
 * Makes a whole ledger of what a damaged one still holds. Safe to kill at any instant: the damaged files stay in force
 * until the new one is complete on disk, and what was begun after that is finished by the next repair.
 */

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Clock } from "../core/clock.ts";
import type { LedgerEvent, LedgerLine } from "../core/ledger.ts";
import { currentRun, replay } from "../core/study.ts";
import { writeDatabase } from "./database-file.ts";
import { linkOrCopy, syncPath } from "./durable-files.ts";
import { lineRanges } from "./line-ranges.ts";
import { EMPTY_TIP, rowAfter } from "./line-row.ts";
import { checkFiles, ledgerPath, repairedPath } from "./open-ledger.ts";
import { ReadOnlyLedger } from "./read-only-ledger.ts";
import { type Salvage, salvage } from "./salvage.ts";
import type { LinesTable } from "./schema.ts";
import { type LostMove, type Sifted, sift } from "./sift.ts";
import { DamageError, guardStorage } from "./storage-error.ts";
import { dropDamagedLock, takeWriterLock } from "./writer-lock.ts";

/** What a repair found and did. Line numbers are those of the damaged ledger. */
export interface LedgerRepair {
  readonly kind: "absent" | "whole" | "repaired";
  /** What was wrong, in words; absent when nothing was. */
  readonly damage?: string;
  /** Lines of the ledger as it is now. */
  readonly lines: number;
  /** Lines of which nothing whole is left. */
  readonly lost: readonly number[];
  /** Lines that could be read and mean nothing any more without others that are lost. */
  readonly unfit: readonly UnfitLine[];
  /** Moves of the head put back from what other lines tell. */
  readonly restored: readonly LedgerEvent[];
  /** Folder with the damaged files, and what was dropped as text. */
  readonly keptIn?: string;
}

interface UnfitLine {
  readonly number: number;
  readonly kind: LedgerEvent["kind"];
  readonly reason: string;
}

export interface RepairOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly lostMove: LostMove;
}

/**
 * Repairs the ledger in `folder` if it is damaged. Throws UsageError while another process writes it, and
 * InfrastructureError when a newer nightlab wrote it or the disk fails; then all is as it was.
 */
export async function repairLedger(options: RepairOptions): Promise<LedgerRepair> {
  const { folder, clock } = options;
  const path = ledgerPath(folder);
  return guardStorage(path, async () => {
    if (!existsSync(folder)) return { kind: "absent", lines: 0, lost: [], unfit: [], restored: [] };
    dropDamagedLock(folder);
    const holder = { pid: process.pid, startedAtMs: clock.now(), run: "doctor --repair" };
    const lock = takeWriterLock(folder, holder);
    try {
      if (existsSync(repairedPath(folder))) takePlace(folder); // a repair that was cut short
      const damage = await damageOf(folder, path);
      if (damage !== undefined) return await rebuild(options, damage);
      const lines = (await new ReadOnlyLedger(path).read(0)).length;
      const kind = existsSync(path) ? "whole" : "absent";
      return { kind, lines, lost: [], unfit: [], restored: [] };
    } finally {
      lock.release();
    }
  });
}

async function damageOf(folder: string, path: string): Promise<string | undefined> {
  try {
    checkFiles(folder);
    const { unfit } = sift(await new ReadOnlyLedger(path).read(0), () => undefined);
    const [first] = unfit;
    return first && `${path}: line ${first.line.number} does not fit the ones before it: ${first.reason}`;
  } catch (error) {
    if (error instanceof DamageError) return error.message;
    throw error;
  }
}

async function rebuild(options: RepairOptions, damage: string): Promise<LedgerRepair> {
  const { folder, clock, lostMove } = options;
  const found = salvage(ledgerPath(folder));
  const sifted = sift(found.lines, lostMove);
  const keptIn = keepAside(folder, { found, sifted, clock });
  const rows = newRows(sifted, noteOf(found, sifted, basename(keptIn)));
  await writeDatabase(repairedPath(folder), rows);
  takePlace(folder);
  return {
    kind: "repaired",
    damage,
    lines: rows.length,
    lost: found.lost,
    unfit: sifted.unfit.map(({ line, reason }) => ({ number: line.number, kind: line.event.kind, reason })),
    restored: sifted.restored,
    keptIn,
  };
}

/** The log goes first: over the new file it would be played as if it were its own. */
function takePlace(folder: string): void {
  const path = ledgerPath(folder);
  for (const end of ["-wal", "-shm", "-journal"]) rmSync(`${path}${end}`, { force: true });
  syncPath(folder);
  renameSync(repairedPath(folder), path);
  syncPath(folder);
}

/** The damaged files under other names, and as text all lines that do not go on. */
function keepAside(folder: string, about: { found: Salvage; sifted: Sifted; clock: Clock }): string {
  const { found, sifted, clock } = about;
  const stamp = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, "-");
  let kept = join(folder, `ledger.damaged-${stamp}`);
  for (let count = 2; existsSync(kept); count += 1) kept = join(folder, `ledger.damaged-${stamp}-${count}`);
  const draft = join(folder, "ledger.damaged.new");
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft);
  for (const name of ["ledger.db", "ledger.db-wal"]) {
    if (existsSync(join(folder, name))) linkOrCopy(join(folder, name), join(draft, name));
  }
  const dropped = [...sifted.unfit, ...found.altered.map((row) => ({ altered: row }))];
  const text = dropped.map((each) => `${JSON.stringify(each)}\n`).join("");
  writeFileSync(join(draft, "dropped.jsonl"), text, { flush: true });
  syncPath(draft);
  renameSync(draft, kept);
  syncPath(folder);
  return kept;
}

/** Numbered and chained anew. The note has the time of the last line: the time since then was not work of the run. */
function newRows(sifted: Sifted, text: string): LinesTable[] {
  const study = replay(sifted.kept.map((line, index) => ({ ...line, number: index + 1 })));
  const run = currentRun(study);
  const notes: Pick<LedgerLine, "atMs" | "event">[] =
    run === undefined ? [] : [{ atMs: run.lastAtMs, event: { kind: "warning", run: run.tag, text } }];
  let tip = EMPTY_TIP;
  return [...sifted.kept, ...notes].map(({ atMs, event }) => {
    const row = rowAfter(tip, atMs, event);
    tip = row;
    return row;
  });
}

function noteOf(found: Salvage, sifted: Sifted, keptIn: string): string {
  const unfit = sifted.unfit.map(({ line }) => line.number);
  const parts = [
    found.lost.length === 0 ? "" : `${lineRanges(found.lost)} could not be read`,
    unfit.length === 0 ? "" : `${lineRanges(unfit)} without meaning once others are lost`,
  ].filter((part) => part !== "");
  const loss = parts.length === 0 ? "every line up to the last readable one is kept" : parts.join(", ");
  return `the ledger was damaged and has been repaired: ${loss}. The damaged files: ${keptIn}`;
}
