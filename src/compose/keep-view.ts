/** Writes the kept view (kept-view.ts): beside a run's work, and when it has closed the ledger. */

import { rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Study } from "../core/study.ts";
import { restingMark, tipMark } from "../ledger/tip-mark.ts";
import { statusView } from "../view/status-view.ts";
import { FILE, FORMAT, type KeptView, shaOfProgram } from "./kept-view.ts";
import { viewOf } from "./read-study.ts";
import type { StudyFolder } from "./surroundings.ts";

/** A view of a long study takes its time: at most this part of the process's own. */
const TIME_PART = 0.02;

/** Keeps the view of a study that this process works on, unless it did so a moment ago. Never throws: it is a help only. */
export function viewKeeper(place: StudyFolder, study: Study): () => Promise<void> {
  const holder = { pid: process.pid, startedAtMs: 0, run: "" };
  let notBefore = 0;
  return async () => {
    const beganAt = performance.now();
    if (beganAt < notBefore) return;
    await keep(place, study, { holder }).catch(() => undefined);
    const now = performance.now();
    notBefore = now + (now - beganAt) / TIME_PART;
  };
}

/** After this process has closed the ledger. Never throws. */
export async function keepLastView(place: StudyFolder, study: Study): Promise<void> {
  await keep(place, study, {}).catch(() => undefined);
}

async function keep(
  place: StudyFolder,
  study: Study,
  { holder }: { holder?: { pid: number; startedAtMs: number; run: string } },
): Promise<void> {
  const { folder } = place;
  // What `status` will look at, whatever --program or worktree this run was started with.
  const shown = { ...place, programPath: join(dirname(folder), "program.md") };
  const made = holder === undefined ? atRest(folder, shown.programPath) : { by: holder.pid };
  const tip = tipMark(folder);
  // A line is on its way, or another process has begun: the next view will hold it.
  if (made === undefined || tip?.number !== study.lineCount) return;
  const seen = await viewOf(shown, { study, lines: [], ...(holder === undefined ? {} : { holder }) });
  // A deadline by the time of day is another one tomorrow: it is reckoned when it is shown.
  const hasDeadline = seen.run?.budget.some(({ name }) => name === "until") === true;
  if (holder === undefined && hasDeadline) return await rm(join(folder, FILE), { force: true });
  if (tip.number !== study.lineCount) return;
  const kept: KeptView = { format: FORMAT, tip, made, view: statusView(seen) };
  const draft = join(folder, `${FILE}.new`);
  await writeFile(draft, `${JSON.stringify(kept)}\n`);
  await rename(draft, join(folder, FILE));
}

function atRest(folder: string, programPath: string) {
  const ledger = restingMark(folder);
  const programSha = shaOfProgram(programPath);
  return ledger === undefined ? undefined : { ledger, ...(programSha === undefined ? {} : { programSha }) };
}
