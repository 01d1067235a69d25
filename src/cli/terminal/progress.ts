/** The live picture of a run as lines of text: pure, from the view alone. Knows no terminal. */

import { type BudgetLine, scarcest } from "../../view/budget-lines.ts";
import type { ExperimentView } from "../../view/experiment-view.ts";
import { STATUS_WORDS } from "../../view/groups.ts";
import { budgetText, claimText, estimateText, gainText, noiseText } from "../../view/report-words.ts";
import type { RunView } from "../../view/run-view.ts";
import type { StudyView } from "../../view/study-view.ts";
import { formatDuration, formatGain, formatValue, sparkline } from "../../view/words.ts";
import { field, type Look, type Paint, paint, widthOf } from "./cells.ts";
import { finishLines, statusMark } from "./marks.ts";

export interface ProgressLook extends Look {
  /** Closed experiments shown, newest last; 6 by default. */
  readonly recent?: number;
}

export const NOTHING_YET = "nightlab: nothing has been measured yet";

/** Lines no wider than `columns`. */
export function renderProgress(view: StudyView, look: ProgressLook): string[] {
  const { run } = view;
  const lines = run === undefined ? [NOTHING_YET] : runLines(view, run, look);
  return finishLines(lines, look);
}

function runLines(view: StudyView, run: RunView, look: ProgressLook): string[] {
  const colours = paint(look.colour);
  return [
    header(run, view.experiments.length, look),
    ...budgetBar(run, look),
    "",
    ...curveLine(view, run, look),
    ...gainLines(run, colours),
    "",
    ...inFlightLines(view, run, look),
    ...recentLines(view, run, look),
    ...view.warnings.slice(-1).map((text) => colours.yellow(`warning: ${text}`)),
  ];
}

/** Tag and state at the left, counts and time at the right. */
export function header(run: RunView, experiments: number, look: Look): string {
  const colours = paint(look.colour);
  const kept = run.counts.kept ?? 0;
  const stage = run.stage === undefined ? run.state : `${run.state}: ${run.stage}`;
  const left = `${colours.bold("nightlab")} ${run.tag}  ${stateColour(run, colours)(stage)}`;
  const right = `${experiments} experiments, ${kept} kept  ${formatDuration(run.elapsedMs)}`;
  const gap = look.columns - widthOf(left) - widthOf(right);
  return gap < 2 ? `${left}  ${right}` : left + " ".repeat(gap) + right;
}

function stateColour({ state }: RunView, colours: Paint): (text: string) => string {
  if (state === "ended") return colours.green;
  return state === "paused" || state === "interrupted" ? colours.yellow : colours.cyan;
}

/** The limit that will end the run first. */
function budgetBar(run: RunView, look: ProgressLook): string[] {
  const line: BudgetLine | undefined = scarcest(run.budget);
  if (line === undefined) return [];
  const said = budgetText(line);
  const width = Math.min(40, look.columns - widthOf(said) - 4);
  if (width < 8) return [said];
  const full = Math.round(line.part * width);
  const [on, off] = look.ascii === true ? ["#", "."] : ["━", "─"];
  const colours = paint(look.colour);
  return [`${colours.blue(on.repeat(full))}${colours.dim(off.repeat(width - full))}  ${said}`];
}

function curveLine({ curve }: StudyView, run: RunView, look: ProgressLook): string[] {
  if (run.baselineMean === undefined || curve.points.length === 0) return [];
  const { metric } = run;
  const name = `${metric.name} `;
  const ends = `  base ${formatValue(run.baselineMean, metric.decimals)} ${metric.goal === "minimize" ? "lower" : "higher"} is better`;
  const width = Math.max(8, look.columns - widthOf(name) - widthOf(ends));
  const values = curve.points.map(({ value }) => value);
  return [
    `${name}${sparkline(values, { width, ascii: look.ascii === true })}${paint(look.colour).dim(ends)}`,
  ];
}

/** Tentative and verified, always both: the difference between them is the point. */
export function gainLines(run: RunView, colours: Paint): string[] {
  if (run.baselineMean === undefined) return [`baseline   being measured, ${run.measurements} done`];
  const tentative = run.tentative === undefined ? "not yet" : gainText(run.metric, run.tentative);
  return [`tentative  ${tentative}`, `verified   ${verifiedText(run, colours)}`];
}

function verifiedText(run: RunView, colours: Paint): string {
  const gain = run.verifiedGain;
  if (gain === undefined) return colours.dim("nothing proven yet");
  if (!gain.isProven && gain.simpler !== undefined)
    return colours.green(
      `${gain.commit} ${claimText(run.metric, gain.simpler).replace("is not", "not")}, no gain claimed`,
    );
  if (gain.estimate === undefined) return `${gain.commit} held on fresh pairs, gain not measured yet`;
  const said = estimateText(run, gain);
  return gain.isProven ? colours.green(said) : colours.yellow(`${said}, not confirmed`);
}

function inFlightLines(view: StudyView, run: RunView, look: ProgressLook): string[] {
  if (view.inFlight.length === 0) return run.state === "calibrating" ? [`noise  ${noiseText(run)}`, ""] : [];
  const colours = paint(look.colour);
  const longest = Math.max(...view.inFlight.map(({ stage }) => widthOf(stage ?? "")));
  const stageColumns = Math.min(30, Math.max(18, longest));
  const lines = view.inFlight.map((one) => {
    const mark = statusMark("open", look, colours);
    const since = formatDuration(view.nowMs - one.openedAtMs);
    const title = one.title ?? colours.dim("looking for an idea");
    return `${mark} ${field(one.id, 5)}${field(one.stage ?? "", stageColumns)} ${field(since, 7, "right")}  ${title}  ${colours.dim(one.researcher)}`;
  });
  return [...lines, ""];
}

function recentLines(view: StudyView, run: RunView, look: ProgressLook): string[] {
  return view.experiments
    .filter(({ status }) => status !== "open")
    .toSorted((a, b) => (a.closedAtMs ?? 0) - (b.closedAtMs ?? 0))
    .slice(-(look.recent ?? 6))
    .map((one) => closedLine(one, run, look));
}

/** `✓ e12  +0.0123  RMSNorm before attention  tuner`. */
function closedLine(one: ExperimentView, run: RunView, look: Look): string {
  const colours = paint(look.colour);
  const { decimals } = run.metric;
  const gain =
    one.simplification !== undefined
      ? `${-one.simplification.linesSaved} ${one.simplification.linesSaved === 1 ? "line" : "lines"}`
      : one.gainOverHead === undefined
        ? STATUS_WORDS[one.status]
        : formatGain(one.gainOverHead, decimals);
  const told = one.status === "kept" ? colours.green(gain) : gain;
  const title = one.title ?? one.reasons[0] ?? "";
  const width = Math.max(9, decimals + 5);
  return `${statusMark(one.status, look, colours)} ${field(one.id, 5)}${field(told, width)}  ${title}  ${colours.dim(one.researcher)}`;
}
