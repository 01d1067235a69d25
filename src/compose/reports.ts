/** Shows a study: makes the view with what only this machine knows, and writes the report files. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommitSha } from "../core/experiment.ts";
import { currentRun } from "../core/study.ts";
import { reportHtml } from "../view/report-html.ts";
import { reportMarkdown } from "../view/report-markdown.ts";
import { resultsTsv } from "../view/results-tsv.ts";
import type { StudyView } from "../view/study-view.ts";
import { git } from "../workspace/git.ts";
import { type StudyReading, viewOf } from "./read-study.ts";
import type { StudyFolder } from "./surroundings.ts";

const MAX_DIFF_BYTES = 64 * 1024;
/** Diffs of more experiments than this would make the page heavy; the newest and the kept ones matter. */
const MAX_DIFFS = 300;

export interface ReportFiles {
  readonly view: StudyView;
  readonly markdown: string;
  readonly paths: readonly string[];
}

/** Writes report.md, report.html and results.tsv into the study's folder. */
export async function reportFiles(
  place: StudyFolder,
  reading: StudyReading,
  { run }: { readonly run?: string } = {},
): Promise<ReportFiles> {
  const view = await viewOf(place, reading, run);
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
export async function diffOf(place: StudyFolder, from: CommitSha, to: CommitSha): Promise<string> {
  const args = ["diff", "--no-ext-diff", "--no-textconv", "--no-color", from, to];
  return await git(args, { cwd: place.root, maxBytes: MAX_DIFF_BYTES });
}

async function diffsOf(place: StudyFolder, { study }: StudyReading): Promise<Record<string, string>> {
  const tag = currentRun(study)?.tag;
  const wanted = [...study.experiments.values()].filter((one) => one.run === tag).slice(-MAX_DIFFS);
  const diffs: Record<string, string> = {};
  for (const { id, head, commit } of wanted) {
    if (commit !== undefined) diffs[id] = await diffOf(place, head, commit);
  }
  return diffs;
}
