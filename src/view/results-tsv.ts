/** results.tsv as Karpathy's autoresearch writes it, so that its notebook and habits go on working. */

import type { ExperimentView } from "./experiment-view.ts";
import { cleanLine } from "./plain-text.ts";
import type { StudyView } from "./study-view.ts";

const HEADER = "commit\tval_bpb\tmemory_gb\tstatus\tdescription";

/**
 * One row for the baseline, then one per experiment that has a commit, in order. The column is called val_bpb whatever
 * the metric is, because the notebook asks for that name; memory is peak memory in GB.
 */
export function resultsTsv(view: StudyView): string {
  const { run } = view;
  if (run?.baselineMean === undefined) return `${HEADER}\n`;
  const baseline = [run.baseline, run.baselineMean.toFixed(6), "0.0", "keep", "baseline"].join("\t");
  const rows = view.experiments.filter(({ status }) => status !== "open").flatMap((one) => rowOf(one) ?? []);
  return `${[HEADER, baseline, ...rows].join("\n")}\n`;
}

function rowOf({ id, commit, value, status, peakMemoryBytes, title }: ExperimentView): string | undefined {
  if (commit === undefined) return undefined;
  const description = cleanLine(title ?? "") || id;
  // His notebook reads a crash as zeros and drops the row; nowhere else does nightlab write a number for a crash.
  if (value === undefined) return [commit, "0.000000", "0.0", "crash", description].join("\t");
  const memory = peakMemoryBytes === undefined ? "0.0" : (peakMemoryBytes / 1e9).toFixed(1);
  return [commit, value.toFixed(6), memory, statusOf(status), description].join("\t");
}

/** A run cut short or failed after a first value still has no result. */
function statusOf(status: ExperimentView["status"]): "keep" | "discard" {
  return status === "kept" ? "keep" : "discard";
}
