/** `nightlab report`: writes the report files and prints the Markdown one. */

import { findStudy, readStudy } from "../../compose/read-study.ts";
import { reportFiles } from "../../compose/reports.ts";
import { UsageError } from "../../core/errors.ts";
import { printJson, printLines } from "../print.ts";

export async function report(options: { cwd: string; json?: boolean; run?: string }): Promise<void> {
  const place = await findStudy(options.cwd);
  const reading = await readStudy(place);
  const { run } = options;
  const tags = reading.study.runs.map(({ tag }) => tag);
  if (tags.length === 0) throw new UsageError("no run has been started here", { next: "nightlab run" });
  if (run !== undefined && !(tags as string[]).includes(run)) {
    throw new UsageError(`there is no run ${run}`, { next: `one of: ${tags.join(", ")}` });
  }
  const { view, markdown, paths } = await reportFiles(place, reading, run === undefined ? {} : { run });
  if (options.json) return printJson({ run: view.run, paths });
  printLines([markdown.trimEnd(), "", ...paths.map((path) => `written: ${path}`)]);
}
