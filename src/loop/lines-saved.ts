/** How much shorter the code became: what the simplification lane of the judge asks. */

import type { CommitSha } from "../core/experiment.ts";
import { type ExperimentRecord, positionOf, type RunRecord, type Study } from "../core/study.ts";

/** Lines a change deletes beyond those it adds; 0 where a file has no lines to count. */
export function linesSavedBy({ files }: ExperimentRecord): number {
  return files.reduce((sum, { added, deleted }) => sum + (deleted ?? 0) - (added ?? 0), 0);
}

/** Lines that kept changes delete beyond those they add, from one commit of the stack to a later one. */
export function linesSaved(
  { study, run }: { readonly study: Study; readonly run: RunRecord },
  from: CommitSha,
  to: CommitSha,
): number {
  const [first, last] = [from, to].map((commit) => positionOf(study, run, commit));
  const between = run.stack.slice(first, last).map((id) => study.experiments.get(id));
  // A change whose lines a repair could not read may have added any number: then nothing counts as simpler.
  if (between.some((record) => record?.commit === undefined)) return 0;
  return between.reduce((sum, record) => sum + (record === undefined ? 0 : linesSavedBy(record)), 0);
}
