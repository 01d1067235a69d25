/** Finds a study and reads it. Loads little, since `nightlab status` waits for it: nothing here works on a study. */

import { createHash } from "node:crypto";
import { access, lstat, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../core/errors.ts";
import type { LedgerLine } from "../core/ledger.ts";
import type { Program } from "../core/program.ts";
import { replay, type Study } from "../core/study.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { currentHolder, type Holder } from "../ledger/writer-lock.ts";
import { makeStudyView, type StudyView } from "../view/study-view.ts";
import { inspectRepository, type Repository } from "../workspace/repository.ts";
import { lastBeat } from "./heartbeat.ts";
import { budgetFrom, type StudyFolder, type StudyPlace, systemClock } from "./surroundings.ts";
import { usualRoot } from "./usual-folder.ts";

export async function locateStudy(cwd: string, programPath?: string): Promise<StudyPlace> {
  const repository = await inspectRepository(cwd);
  const path = programPath === undefined ? join(repository.root, "program.md") : resolve(cwd, programPath);
  return { repository, ...(await folderIn(repository.root, stateFolderOf(repository))), programPath: path };
}

/** All checkouts of a repository share its refs, so they share one study: that of the main one, where there is one. */
function stateFolderOf({ root, gitDir, commonDir }: Repository): string {
  if (gitDir === commonDir) return join(root, ".nightlab");
  return basename(commonDir) === ".git" ? join(dirname(commonDir), ".nightlab") : join(commonDir, "nightlab");
}

/** The study around a folder, for reading. Only where it has none yet, or a `.git` out of the ordinary, is git asked. */
export async function findStudy(cwd: string): Promise<StudyFolder> {
  const root = usualRoot(cwd);
  return await (root === undefined ? locateStudy(cwd) : folderIn(root));
}

async function folderIn(root: string, folder = join(root, ".nightlab")): Promise<StudyFolder> {
  await checkOwnFolder(folder);
  return { root, folder, programPath: join(root, "program.md") };
}

/** A link would put the ledger where commands can reach it, and git would not ignore it. */
async function checkOwnFolder(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return;
  const kind = found.isSymbolicLink() ? "a link" : "a file";
  throw new UsageError(`${folder} is ${kind}, and nightlab needs a folder of that name for itself`, {
    place: folder,
    next: `mv ${folder} ${folder}.old`,
  });
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A study as its ledger tells it, and who is working on it now. */
export interface StudyReading {
  readonly study: Study;
  readonly lines: readonly LedgerLine[];
  readonly holder?: Holder;
}

/** Reads the study of a place. Changes nothing; a place without one gives an empty study. */
export async function readStudy(place: StudyFolder): Promise<StudyReading> {
  if (!(await isThere(place.folder))) return { study: replay([]), lines: [] };
  const ledger = await openLedger({ folder: place.folder, clock: systemClock, mode: "read" });
  try {
    const lines = await ledger.read(0);
    const holder = currentHolder(place.folder);
    return { study: replay(lines), lines, ...(holder === undefined ? {} : { holder }) };
  } finally {
    await ledger.close();
  }
}

/** The process that works on a study and the run it works on; undefined while there is none, or it has only begun. */
export async function atWork(folder: string): Promise<{ pid: number; run: string } | undefined> {
  const holder = currentHolder(folder);
  const heart = holder === undefined ? undefined : await lastBeat(folder, holder.pid);
  return heart === undefined ? undefined : { pid: heart.pid, run: heart.run };
}

/** The view of a place; the budget is that of the process at work, else of program.md as it is now, if it can be read. */
export async function viewOf(
  place: StudyFolder,
  { study, holder }: StudyReading,
  run?: string,
): Promise<StudyView> {
  const nowMs = systemClock.now();
  const heart = holder === undefined ? undefined : await lastBeat(place.folder, holder.pid);
  const written = heart === undefined ? await budgetOf(place) : undefined;
  const budget =
    heart?.budget ?? (written === undefined ? undefined : budgetFrom({ budget: written }, nowMs));
  return makeStudyView(study, nowMs, {
    isAlive: holder !== undefined,
    ...(run === undefined ? {} : { run }),
    ...(budget === undefined ? {} : { budget }),
    ...(heart === undefined ? {} : { stages: new Map(Object.entries(heart.stages)) }),
    ...(heart?.tokensPerSecond === undefined ? {} : { tokensPerSecond: heart.tokensPerSecond }),
  });
}

type WrittenBudget = Program["budget"];

/** Remembers the budget of a program.md, so that showing a study need not parse the file again while it is the same. */
export async function rememberBudget({ folder }: StudyFolder, program: Program): Promise<void> {
  const text = JSON.stringify({ programSha: shaOf(program.source), budget: program.budget });
  await writeFile(join(folder, BUDGET_FILE), `${text}\n`);
}

const BUDGET_FILE = "budget.json";
const shaOf = (source: string | Buffer) => createHash("sha256").update(source).digest("hex");

/** Undefined when program.md is gone or being edited: the ledger still speaks. */
async function budgetOf({ folder, programPath }: StudyFolder): Promise<WrittenBudget | undefined> {
  try {
    const source = await readFile(programPath);
    const known = await readFile(join(folder, BUDGET_FILE), "utf8")
      .then(JSON.parse)
      .catch(() => undefined);
    if (known?.programSha === shaOf(source)) return known.budget as WrittenBudget;
    const { loadProgram } = await import("../program/load.ts");
    return loadProgram(programPath).budget;
  } catch {
    return undefined;
  }
}
