/** The live picture of a run as lines of text: pure, from the view alone. Knows no terminal. */

import { type BudgetLine, scarcest } from "../../view/budget-lines.ts";
import type { ExperimentView } from "../../view/experiment-view.ts";
import { STATUS_WORDS } from "../../view/groups.ts";
import {
  budgetText,
  claimText,
  estimateText,
  gainText,
  noiseText,
  promotionsText,
} from "../../view/report-words.ts";
import type { RunView } from "../../view/run-view.ts";
import type { StudyView } from "../../view/study-view.ts";
import {
  count,
  formatDuration,
  formatGain,
  formatPercent,
  formatValue,
  sparkline,
  withUnit,
} from "../../view/words.ts";
import { field, type Look, type Paint, paint, widthOf } from "./cells.ts";
import { finishLines, statusMark } from "./marks.ts";

export interface ProgressLook extends Look {
  /** Closed experiments shown, newest last; 6 by default. */
  readonly recent?: number;
}

/** Lines no wider than `columns`. */
export function renderProgress(view: StudyView, look: ProgressLook): string[] {
  const { run } = view;
  const lines = run === undefined ? ["nightlab: nothing has been measured yet"] : runLines(view, run, look);
  return finishLines(lines, look);
}

function runLines(view: StudyView, run: RunView, look: ProgressLook): string[] {
  const colours = paint(look.colour);
  return [
    header(view, run, look),
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

function header(view: StudyView, run: RunView, look: ProgressLook): string {
  const colours = paint(look.colour);
  const kept = run.counts.kept ?? 0;
  const stage = run.stage === undefined ? run.state : `${run.state}: ${run.stage}`;
  const left = `${colours.bold("nightlab")} ${run.tag}  ${stateColour(run, colours)(stage)}`;
  const right = `${view.experiments.length} experiments, ${kept} kept  ${formatDuration(run.elapsedMs)}`;
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
function gainLines(run: RunView, colours: Paint): string[] {
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

/** Items with commas on as many lines as they need, under one label. */
function wrapped(label: string, items: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + widthOf(item) + 3 <= columns)
      lines[lines.length - 1] = `${last}, ${item}`;
    else lines.push(`${last === undefined ? label : " ".repeat(label.length)}${item}`);
  }
  return lines;
}

/** Of the kept ones, those that are no gains or no longer in Head. */
function keptAside({ experiments, run }: StudyView): string[] {
  const simpler = experiments.filter(({ simplification }) => simplification !== undefined).length;
  const dropped = run?.droppedStack.length ?? 0;
  return [
    ...(simpler === 0 ? [] : [`${simpler} of the kept simpler, not worse`]),
    ...(dropped === 0 ? [] : [`${dropped} of the kept dropped again`]),
  ];
}

/** What models have cost and give, and when the run will end. */
function outlookLines(run: RunView): string[] {
  const { outlook, tokens, unpricedTokens, usd, tokensPerSecond, usdPerVerifiedPercent } = run;
  const models = [
    `${tokens.toLocaleString("en")} tokens`,
    ...(usd > 0 ? [`$${usd.toFixed(2)}`] : []),
    ...(unpricedTokens > 0
      ? [`${unpricedTokens.toLocaleString("en")} of unknown price (set \`prices\`)`]
      : []),
    ...(usdPerVerifiedPercent === undefined ? [] : [`$${usdPerVerifiedPercent.toFixed(2)} per verified %`]),
    ...(tokensPerSecond === undefined
      ? []
      : [`${tokensPerSecond.map(formatCount).join(", ")} tokens/s in 1, 5, 60 min`]),
  ];
  const lines = tokens === 0 ? [] : [`models     ${models.join("; ")}`];
  if (outlook === undefined) return lines;
  const pace = `${formatCount(outlook.experimentsPerHour)} experiments an hour`;
  if (outlook.leftMs === undefined) return [...lines, `outlook    ${pace}`];
  const dollars = outlook.usd === undefined ? "" : `, about $${outlook.usd.toFixed(2)}`;
  const end = `ends in about ${formatDuration(outlook.leftMs)} with ${count(outlook.experiments ?? 0, "experiment")}${dollars}`;
  return [...lines, `outlook    ${pace}; ${end}`];
}

function formatCount(number: number): string {
  return number < 10 ? number.toFixed(1) : Math.round(number).toLocaleString("en");
}

/** Researchers whose forecasts can be told from luck, those with the most first. */
function forecastLines({ researchers }: StudyView): string[] {
  const told = researchers.filter(({ forecasts }) => forecasts >= TELLING_FORECASTS);
  const lines = told.toSorted((a, b) => b.forecasts - a.forecasts).slice(0, 4);
  return lines.map(({ name, forecasts, meanProbability = 0, keptShare = 0, brier = 0 }, index) => {
    const label = index === 0 ? "forecasts  " : "           ";
    const said = `said ${formatPercent(meanProbability)}, kept ${formatPercent(keptShare)}`;
    return `${label}${name}: ${said} of ${forecasts} (Brier ${brier.toFixed(2)})`;
  });
}

const TELLING_FORECASTS = 3;

/** About a dozen lines: where a run stands, for `nightlab status`. */
export function renderStatus(view: StudyView, look: Look): string[] {
  const { run } = view;
  if (run === undefined) return renderProgress(view, look);
  const colours = paint(look.colour);
  const value = (number: number) => withUnit(formatValue(number, run.metric.decimals), run.metric);
  const rest = run.reason === undefined ? [] : [`reason     ${run.reason}`];
  const counts = Object.entries(run.counts).map(
    ([status, number]) => `${number} ${STATUS_WORDS[status as ExperimentView["status"]]}`,
  );
  const lines = [
    header(view, run, look),
    ...rest,
    `metric     ${run.metric.name}, ${run.metric.goal === "minimize" ? "lower" : "higher"} is better`,
    ...(run.baselineMean === undefined ? [] : [`baseline   ${value(run.baselineMean)} (${run.baseline})`]),
    `noise      ${noiseText(run)}`,
    ...gainLines(run, colours),
    ...wrapped("tried      ", [...counts, ...keptAside(view)], look.columns),
    ...(view.promotions.length === 0
      ? []
      : [`proof      ${promotionsText(view.promotions, run.promotionError)}`]),
    ...forecastLines(view),
    ...(run.drifts === 0 ? [] : [`machine    changed ${count(run.drifts, "time")}, calibrated anew`]),
    ...(run.disturbed === undefined || run.disturbed === 0
      ? []
      : [`disturbed  ${count(run.disturbed, "duration")} by other work of this machine`]),
    ...run.budget.map((line, index) => `${index === 0 ? "budget     " : "           "}${budgetText(line)}`),
    ...outlookLines(run),
    ...view.inFlight
      .slice(0, 4)
      .map(
        (one) =>
          `now        ${one.id} ${one.researcher}: ${one.title ?? "looking for an idea"} (${one.stage ?? "under way"})`,
      ),
    ...view.warnings.slice(-1).map((text) => colours.yellow(`warning    ${text}`)),
  ];
  return finishLines(lines, look);
}
