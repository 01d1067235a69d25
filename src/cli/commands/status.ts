/** `nightlab status`, `log` and `show`: views of the ledger, whoever is at work. */

import { findStudy, readStudy, viewOf } from "../../compose/read-study.ts";
import { UsageError } from "../../core/errors.ts";
import type { ExperimentId, Status } from "../../core/experiment.ts";
import { STATUS_WORDS } from "../../view/groups.ts";
import { nextLines, printJson, printLines } from "../print.ts";
import { lookFor } from "../terminal/live-display.ts";
import { renderStatus } from "../terminal/status.ts";

interface ReadOptions {
  readonly cwd: string;
  readonly json?: boolean;
}

export async function status({ cwd, json }: ReadOptions): Promise<void> {
  const { view } = await open(cwd);
  if (json) return printJson(view);
  printLines([...renderStatus(view, lookFor(process.stdout, process.env)), ...nextLines(view)]);
}

export async function log({
  cwd,
  json,
  ...options
}: ReadOptions & { status?: string; tsv?: boolean }): Promise<void> {
  const { view } = await open(cwd);
  const wanted = options.status;
  if (wanted !== undefined && !(wanted in STATUS_WORDS)) {
    throw new UsageError(`no experiment ends as \`${wanted}\``, {
      next: `one of: ${Object.keys(STATUS_WORDS).join(", ")}`,
    });
  }
  const shown = view.experiments.filter((one) => wanted === undefined || one.status === wanted);
  if (json) return printJson(shown);
  const { resultsTsv } = await import("../../view/results-tsv.ts");
  if (options.tsv) return printLines([resultsTsv(view).trimEnd()]);
  const statuses = wanted === undefined ? {} : { statuses: [wanted as Status | "open"] };
  const { renderLog } = await import("../terminal/show.ts");
  const lines = renderLog(view, { ...lookFor(process.stdout, process.env), ...statuses });
  printLines(view.run === undefined ? [...lines, ...nextLines(view)] : lines);
}

export async function show(id: string, { cwd, json }: ReadOptions): Promise<void> {
  const { view, place, study } = await open(cwd);
  const wanted = /^\d+$/.test(id) ? `e${id}` : id;
  const record = study.experiments.get(wanted as ExperimentId);
  if (record === undefined) throw new UsageError(`there is no experiment ${id}`, { next: "nightlab log" });
  const [{ diffOf }, { renderExperiment }] = await Promise.all([
    import("../../compose/reports.ts"),
    import("../terminal/show.ts"),
  ]);
  const diff = record.commit === undefined ? "" : await diffOf(place, record.head, record.commit);
  if (json) return printJson({ ...view.experiments.find((one) => one.id === wanted), diff });
  const look = lookFor(process.stdout, process.env);
  printLines([
    ...renderExperiment(view, wanted, look),
    ...(diff === "" ? [] : ["", diff.trimEnd()]),
    ...(record.verdict === undefined ? [] : ["", `next: nightlab verdict explain ${wanted} (the numbers)`]),
  ]);
}

async function open(cwd: string) {
  const place = await findStudy(cwd);
  const reading = await readStudy(place);
  return { place, study: reading.study, view: await viewOf(place, reading) };
}
