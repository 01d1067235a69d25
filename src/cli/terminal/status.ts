/** Where a run stands, as about a dozen lines of text: for `nightlab status` and for the end of a run. Pure. */

import type { ExperimentView } from "../../view/experiment-view.ts";
import { STATUS_WORDS } from "../../view/groups.ts";
import { budgetText, noiseText, promotionsText } from "../../view/report-words.ts";
import type { RunView } from "../../view/run-view.ts";
import { type StatusView, statusView } from "../../view/status-view.ts";
import type { StudyView } from "../../view/study-view.ts";
import { count, formatDuration, formatPercent, formatValue, withUnit } from "../../view/words.ts";
import { type Look, paint, widthOf } from "./cells.ts";
import { finishLines } from "./marks.ts";
import { gainLines, header, NOTHING_YET } from "./progress.ts";

/** As `renderStatusView`. */
export function renderStatus(view: StudyView, look: Look): string[] {
  return renderStatusView(statusView(view), look);
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
function keptAside({ simplifications: simpler, run }: StatusView): string[] {
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
function forecastLines({ researchers }: StatusView): string[] {
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
export function renderStatusView(view: StatusView, look: Look): string[] {
  const { run } = view;
  if (run === undefined) return finishLines([NOTHING_YET], look);
  const colours = paint(look.colour);
  const value = (number: number) => withUnit(formatValue(number, run.metric.decimals), run.metric);
  const rest = run.reason === undefined ? [] : [`reason     ${run.reason}`];
  const counts = Object.entries(run.counts).map(
    ([status, number]) => `${number} ${STATUS_WORDS[status as ExperimentView["status"]]}`,
  );
  const lines = [
    header(run, view.experimentCount, look),
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
