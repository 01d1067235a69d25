/** Shows a study: makes the view with what only this machine knows, and writes the report files. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StudyReading } from "../compose.ts";
import type { CommitSha } from "../core/experiment.ts";
import { currentRun } from "../core/study.ts";
import { loadProgram } from "../program/load.ts";
import { reportHtml } from "../view/report-html.ts";
import { reportMarkdown } from "../view/report-markdown.ts";
import { resultsTsv } from "../view/results-tsv.ts";
import { makeStudyView, type StudyView } from "../view/study-view.ts";
import { git } from "../workspace/git.ts";
import { budgetFrom, type StudyPlace, systemClock } from "./surroundings.ts";

const MAX_DIFF_BYTES = 64 * 1024;
/** Diffs of more experiments than this would make the page heavy; the newest and the kept ones matter. */
const MAX_DIFFS = 300;

/** The view of a place; the budget is that of program.md as it is now, if it can be read. */
export function viewOf(place: StudyPlace, { study, holder }: StudyReading, run?: string): StudyView {
  const nowMs = systemClock.now();
  const options = { isAlive: holder !== undefined, ...(run === undefined ? {} : { run }) };
  try {
    return makeStudyView(study, nowMs, {
      ...options,
      budget: budgetFrom(loadProgram(place.programPath), nowMs),
    });
  } catch {
    return makeStudyView(study, nowMs, options); // program.md is gone or being edited: the ledger still speaks
  }
}

export interface ReportFiles {
  readonly view: StudyView;
  readonly markdown: string;
  readonly paths: readonly string[];
}

/** Writes report.md, report.html and results.tsv into the study's folder. */
export async function reportFiles(
  place: StudyPlace,
  reading: StudyReading,
  { run }: { readonly run?: string } = {},
): Promise<ReportFiles> {
  const view = viewOf(place, reading, run);
  const markdown = reportMarkdown(view);
  const texts = {
    "report.md": markdown,
    "report.html": reportHtml(view, { diffs: await diffsOf(place, reading) }),
    "results.tsv": resultsTsv(view),
  };
  await mkdir(place.folder, { recursive: true });
  const paths: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const path = join(place.folder, name);
    await writeFile(path, text);
    paths.push(path);
  }
  return { view, markdown, paths };
}

/** What one experiment changed, against the head it was last applied on. */
export async function diffOf(place: StudyPlace, from: CommitSha, to: CommitSha): Promise<string> {
  const args = ["diff", "--no-ext-diff", "--no-textconv", "--no-color", from, to];
  return await git(args, { cwd: place.repository.root, maxBytes: MAX_DIFF_BYTES });
}

async function diffsOf(place: StudyPlace, { study }: StudyReading): Promise<Record<string, string>> {
  const tag = currentRun(study)?.tag;
  const wanted = [...study.experiments.values()].filter((one) => one.run === tag).slice(-MAX_DIFFS);
  const diffs: Record<string, string> = {};
  for (const { id, head, commit } of wanted) {
    if (commit !== undefined) diffs[id] = await diffOf(place, head, commit);
  }
  return diffs;
}
