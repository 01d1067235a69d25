/** One experiment in full, and all of them one per line. Pure text from the view. */

import { UsageError } from "../../core/errors.ts";
import type { Status } from "../../core/experiment.ts";
import { channelSentence, strongerChannel } from "../../view/channel-words.ts";
import type { ExperimentView } from "../../view/experiment-view.ts";
import { outcomeWords, STATUS_WORDS } from "../../view/groups.ts";
import type { MeasurementView } from "../../view/measurement-view.ts";
import { intervalText } from "../../view/report-words.ts";
import type { MetricView } from "../../view/run-view.ts";
import type { StudyView } from "../../view/study-view.ts";
import {
  formatDuration,
  formatGain,
  formatPercent,
  formatTime,
  formatValue,
  withUnit,
} from "../../view/words.ts";
import { type Look, paint, textTable, wrap } from "./cells.ts";
import { finishLines, statusMark } from "./marks.ts";

/** Lines of a log shown at most, from its end. */
const LOG_LINES = 30;

/** Idea, files, measurements with paired gains, reasons, end of the log. Throws UsageError for an unknown id. */
export function renderExperiment(view: StudyView, id: string, look: Look): string[] {
  const one = view.experiments.find((experiment) => experiment.id === id);
  const metric = view.run?.metric;
  if (one === undefined || metric === undefined)
    throw new UsageError(`there is no experiment ${id} in this run`, { next: "nightlab log" });
  const colours = paint(look.colour);
  const paragraph = (text: string) => wrap(text, look.columns - 2);
  const section = (name: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", colours.bold(name), ...lines.map((line) => `  ${line}`.trimEnd())];
  const lines = [
    `${statusMark(one.status, look, colours)} ${colours.bold(`${one.id} ${one.title ?? ""}`.trim())}`,
    ...facts(one, metric),
    ...section(
      "Why",
      (one.why ?? "")
        .split("\n")
        .filter((line) => line !== "")
        .flatMap(paragraph),
    ),
    ...section("Files", one.files.map(fileLine)),
    ...section("Measured", [...measuredTable(one, metric, look), ...channelWords(one).flatMap(paragraph)]),
    ...section(one.status === "open" ? "So far" : "Verdict", one.reasons.flatMap(paragraph)),
    ...section("Read this first", one.flags.flatMap(paragraph)),
    ...section(
      "End of the log",
      (one.logTail ?? "")
        .split("\n")
        .slice(-LOG_LINES)
        .filter((line) => line !== ""),
    ),
  ];
  return finishLines(lines, look);
}

function facts(one: ExperimentView, metric: MetricView): string[] {
  const { forecast, gainOverHead, gainOverBaseline, verdict } = one;
  const gain = (value: number) => withUnit(formatGain(value, metric.decimals), metric);
  const took =
    one.closedAtMs === undefined ? "" : `, took ${formatDuration(one.closedAtMs - one.openedAtMs)}`;
  const interval = verdict?.estimate === undefined ? "" : intervalText(metric, verdict.estimate);
  const over = gainOverBaseline === undefined ? "" : `, ${gain(gainOverBaseline)} over the baseline`;
  const place = one.isVerified ? ", in verified" : one.isInHead ? ", in head, not proven" : "";
  return [
    `  ${outcomeWords(one)}${place}`,
    `  by ${one.researcher}, ${formatTime(one.openedAtMs)}${took}`,
    ...(one.commit === undefined ? [] : [`  commit ${one.commit} on head ${one.head}`]),
    ...(gainOverHead === undefined ? [] : [`  gain ${gain(gainOverHead)}${interval} over its head${over}`]),
    ...(forecast === undefined
      ? []
      : [`  forecast ${gain(forecast.gain)}, ${formatPercent(forecast.probability)}`]),
  ];
}

function fileLine({ path, added, deleted }: ExperimentView["files"][number]): string {
  return added === undefined ? `${path} (binary)` : `${path} +${added} -${deleted ?? 0}`;
}

function measuredTable({ measurements }: ExperimentView, metric: MetricView, look: Look): string[] {
  if (measurements.length === 0) return [];
  const columns = [
    { name: "side" },
    { name: "seed", isNumber: true },
    { name: metric.name, isNumber: true },
    { name: "head", isNumber: true },
    { name: "gain", isNumber: true },
    { name: "time", isNumber: true },
    { name: "channel" },
  ];
  const rows = measurements.map((line) => measuredRow(line, metric));
  return textTable(columns, rows, { columns: look.columns - 2, stretch: metric.name });
}

function channelWords({ channel }: ExperimentView): string[] {
  return channel === undefined ? [] : ["", channelSentence(channel), ...strongerChannel(channel)];
}

function measuredRow(line: MeasurementView, { decimals }: MetricView): string[] {
  const value = (number: number | undefined) => (number === undefined ? "" : formatValue(number, decimals));
  return [
    line.isDisturbed === true ? `${line.side}, disturbed` : line.side,
    String(line.seed),
    line.value === undefined
      ? STATUS_WORDS[line.kind === "measured" ? "open" : line.kind]
      : value(line.value),
    value(line.headValue),
    line.gain === undefined ? "" : formatGain(line.gain, decimals),
    line.seconds === undefined ? "" : formatDuration(line.seconds * 1000),
    line.channel ?? "",
  ];
}

export interface LogOptions extends Look {
  /** Only these; all by default. */
  readonly statuses?: readonly (Status | "open")[];
}

/** One experiment per line in order; a note in place of an empty table. */
export function renderLog(view: StudyView, look: LogOptions): string[] {
  const { statuses } = look;
  const shown = view.experiments.filter(({ status }) => statuses === undefined || statuses.includes(status));
  const metric = view.run?.metric;
  if (shown.length === 0 || metric === undefined)
    return [statuses === undefined ? "no experiments yet" : `no experiments are ${statuses.join(" or ")}`];
  const columns = [
    { name: "" },
    { name: "id" },
    { name: "commit" },
    { name: "gain", isNumber: true },
    { name: "runs", isNumber: true },
    { name: "outcome" },
    { name: "idea" },
    { name: "by" },
  ];
  const rows = shown.map((one) => logRow(one, metric, look));
  const lines = textTable(columns, rows, { columns: look.columns, stretch: "idea" });
  return finishLines(lines, look);
}

function logRow(one: ExperimentView, metric: MetricView, look: Look): string[] {
  const runs = one.measurements.filter(
    ({ side, value }) => side === "candidate" && value !== undefined,
  ).length;
  return [
    statusMark(one.status, look, paint(look.colour)),
    one.id,
    one.commit ?? "",
    one.gainOverHead === undefined ? "" : formatGain(one.gainOverHead, metric.decimals),
    runs === 0 ? "" : String(runs),
    outcomeWords(one),
    one.title ?? one.reasons[0] ?? "",
    one.researcher,
  ];
}
