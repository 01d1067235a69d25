/**
 * What `nightlab status` shows, kept beside the ledger by the process at work. A cache, no second truth: it counts only
 * for the ledger it was made from, and one that is wrong, old or missing is ignored. Loads little.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { restingMark, tipMark } from "../ledger/tip-mark.ts";
import { currentHolder } from "../ledger/writer-lock.ts";
import { cleanLine } from "../view/plain-text.ts";
import type { StatusView } from "../view/status-view.ts";

export interface KeptView {
  /** Of this file; another one is ignored. */
  readonly format: number;
  /** Number and checksum of the last line it was made from. */
  readonly tip: { readonly number: number; readonly checksum: number };
  readonly made: MadeAtWork | MadeAtRest;
  readonly view: StatusView;
}

/** By the process at work, every second or so: it says how long things have taken. */
interface MadeAtWork {
  readonly by: number;
}

/** When the process at work had closed the ledger. */
interface MadeAtRest {
  /** The file of the ledger as it was left (`restingMark`). */
  readonly ledger: string;
  /** Of program.md, whose budget is shown; absent when that could not be read. */
  readonly programSha?: string;
}

export const FORMAT = 1;
export const FILE = "view.json";
/** How long the view of a process at work counts: durations in it are old by as much. */
const FRESH_MS = 5_000;

/**
 * The kept view of the study at `root`, when it is what reading the whole ledger would show. What it does not check: the
 * lines themselves. That they are whole was known to the process that made the view; rot of the disk since then is found
 * by whatever reads the ledger (`log`, `show`, `report`, `resume`, `status --json`, `doctor`). A file that anybody has written
 * to meanwhile, lines in the log that no process holds, and a repair cut short count as a doubt.
 */
export function keptView(root: string, nowMs: number): StatusView | undefined {
  const folder = join(root, ".nightlab");
  const kept = readKept(folder);
  if (kept?.format !== FORMAT) return undefined;
  const { made, tip, view } = kept;
  const isNow = "by" in made ? isAtWork(folder, made, nowMs - view.nowMs) : isAtRest(root, folder, made);
  if (!isNow) return undefined;
  const found = tipMark(folder);
  return found?.number === tip.number && found.checksum === tip.checksum ? view : undefined;
}

function isAtWork(folder: string, { by }: MadeAtWork, ageMs: number): boolean {
  return ageMs >= 0 && ageMs < FRESH_MS && currentHolder(folder)?.pid === by;
}

function isAtRest(root: string, folder: string, { ledger, programSha }: MadeAtRest): boolean {
  const isSame = restingMark(folder) === ledger && shaOfProgram(join(root, "program.md")) === programSha;
  return isSame && currentHolder(folder) === undefined;
}

/** Undefined when it cannot be read. */
export function shaOfProgram(path: string): string | undefined {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return undefined;
  }
}

function readKept(folder: string): KeptView | undefined {
  try {
    // Whoever wrote the file, no text of it reaches a terminal as anything but text.
    const plain = (_key: string, value: unknown) => (typeof value === "string" ? cleanLine(value) : value);
    return JSON.parse(readFileSync(join(folder, FILE), "utf8"), plain) as KeptView;
  } catch {
    return undefined; // none yet, or half a file
  }
}
