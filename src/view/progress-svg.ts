/** The plot of a run as one SVG: every experiment a mark, the head's line, verified steps with their intervals. */

import { type Axis, niceAxis, robustRange, wholeTicks } from "./axis.ts";
import type { CurvePoint, CurveStep } from "./curve.ts";
import type { ExperimentView } from "./experiment-view.ts";
import { STATUS_WORDS } from "./groups.ts";
import { escapeHtml } from "./plain-text.ts";
import { LEGEND, type Look, lookOf, MARKS, PLOT_STYLE } from "./progress-marks.ts";
import type { StudyView } from "./study-view.ts";
import { clamp, formatGain, formatValue, withUnit } from "./words.ts";

export interface PlotOptions {
  readonly width?: number;
  readonly height?: number;
}

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Height of the rail below the plot where experiments without a number lie. */
  readonly railY: number;
  readonly x: (ordinal: number) => number;
  readonly y: (value: number) => number;
  readonly axis: Axis;
  readonly last: number;
}

/** Stands alone as a file and inside a page; colours follow the reader's light or dark scheme. */
export function progressSvg(view: StudyView, { width = 920, height = 420 }: PlotOptions = {}): string {
  const frame = frameOf(view, width, height);
  const metric = view.run?.metric;
  const label =
    metric === undefined
      ? "Progress"
      : `Progress of ${metric.name} over ${view.experiments.length} experiments`;
  const parts = [
    `<svg class="nightlab-plot" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}">`,
    `<style>${PLOT_STYLE}</style>`,
    axes(view, frame),
    stepLine(view.curve.head, frame, "head"),
    stepLine(view.curve.verified, frame, "verified"),
    ...view.curve.verified.slice(1).map((step) => verifiedStep(step, view, frame)),
    ...view.curve.points.map((point, index) => pointMark(point, view.experiments[index], { view, frame })),
    legend(view, frame),
    "</svg>",
  ];
  return parts.join("\n");
}

function frameOf({ curve }: StudyView, width: number, height: number): Frame {
  const ends = (steps: readonly CurveStep[]) =>
    steps.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const firm = [...ends(curve.head), ...ends(curve.verified)];
  const [low, high] = robustRange(
    firm,
    curve.points.flatMap(({ value }) => value ?? []),
  );
  const pad = (high - low) * 0.04;
  const axis = niceAxis(low - pad, high + pad, 6);
  const widest = Math.max(0, ...axis.ticks.map((tick) => formatValue(tick, axis.decimals).length));
  const left = 22 + widest * 7;
  const [right, top, bottom] = [width - 14, 56, height - 54];
  const last = Math.max(1, curve.points.length);
  const x = (ordinal: number) => left + 10 + (ordinal / last) * (right - left - 20);
  const y = (value: number) =>
    bottom - ((clamp(value, axis.low, axis.high) - axis.low) / (axis.high - axis.low)) * (bottom - top);
  return { left, right, top, bottom, railY: bottom + 16, x, y, axis, last };
}

function axes({ run }: StudyView, { left, right, top, bottom, railY, x, y, axis, last }: Frame): string {
  const rows = axis.ticks.map((tick) => {
    const at = fixed(y(tick));
    return `<line class="grid" x1="${left}" x2="${right}" y1="${at}" y2="${at}"/><text class="tick" x="${left - 8}" y="${at}" dy="0.35em" text-anchor="end">${formatValue(tick, axis.decimals)}</text>`;
  });
  const columns = wholeTicks(last, 10).map(
    (tick) =>
      `<text class="tick" x="${fixed(x(tick))}" y="${railY + 18}" text-anchor="middle">${tick === 0 ? "base" : tick}</text>`,
  );
  const metric = run?.metric;
  const direction = metric?.goal === "maximize" ? "higher is better ↑" : "lower is better ↓";
  const name =
    metric === undefined
      ? ""
      : `${withUnit(metric.name, { ...(metric.unit === undefined ? {} : { unit: `(${metric.unit})` }) })}, ${direction}`;
  return [
    ...rows,
    `<line class="rail" x1="${left}" x2="${right}" y1="${railY}" y2="${railY}"/>`,
    ...columns,
    `<text class="name" x="${left}" y="${top - 38}">${escapeHtml(name)}</text>`,
    `<text class="tick" x="${right}" y="${bottom + 48}" text-anchor="end">experiment</text>`,
  ].join("\n");
}

function stepLine(steps: readonly CurveStep[], { x, y, last }: Frame, name: "head" | "verified"): string {
  const first = steps[0];
  if (first === undefined) return "";
  const path = steps.slice(1).map((step) => `H${fixed(x(step.x))}V${fixed(y(step.value))}`);
  return `<path class="${name}-line" d="M${fixed(x(first.x))} ${fixed(y(first.value))}${path.join("")}H${fixed(x(last))}"/>`;
}

function verifiedStep(step: CurveStep, { run }: StudyView, { x, y }: Frame): string {
  const decimals = run?.metric.decimals ?? 4;
  const at = fixed(x(step.x));
  const value = fixed(y(step.value));
  const ends = step.low === undefined || step.high === undefined ? undefined : [y(step.low), y(step.high)];
  const [from, to] = ends?.map(fixed) ?? [];
  const bar =
    ends === undefined
      ? ""
      : `<path class="bar" d="M${at} ${from}V${to}M${Number(at) - 4} ${from}h8M${Number(at) - 4} ${to}h8"/>`;
  const range =
    ends === undefined
      ? ""
      : ` [${formatValue(step.low ?? 0, decimals)}, ${formatValue(step.high ?? 0, decimals)}]`;
  const what = step.isFinal === true ? "final test" : "verified";
  const square = `<rect class="verified-mark" x="${Number(at) - 5}" y="${Number(value) - 5}" width="10" height="10" rx="1.5"/>`;
  return `<g>${bar}${square}<title>${what}: ${formatValue(step.value, decimals)}${range}</title></g>`;
}

function pointMark(
  { x: ordinal, value, status }: CurvePoint,
  experiment: ExperimentView | undefined,
  { view, frame }: { view: StudyView; frame: Frame },
): string {
  const { axis, x, y, railY } = frame;
  const look: Look = lookOf(status);
  const isOut = value !== undefined && (value < axis.low || value > axis.high);
  const [px, py] = [x(ordinal), value === undefined ? railY : y(value)];
  const shape = isOut
    ? value > axis.high
      ? MARKS.up(px, py)
      : MARKS.down(px, py)
    : MARKS[look.mark](px, py);
  const title = escapeHtml(pointTitle(experiment, value, view));
  return `<g class="${look.name}${value === undefined ? " unmeasured" : ""}">${shape}<title>${title}</title></g>`;
}

function pointTitle(one: ExperimentView | undefined, value: number | undefined, { run }: StudyView): string {
  if (one === undefined || run === undefined) return "";
  const { decimals } = run.metric;
  const idea = one.title === undefined ? "" : `: ${one.title}`;
  const number =
    value === undefined ? "" : `\n${run.metric.name} ${withUnit(formatValue(value, decimals), run.metric)}`;
  const gain =
    one.gainOverHead === undefined ? "" : `, ${formatGain(one.gainOverHead, decimals)} over its head`;
  return `${one.id} ${STATUS_WORDS[one.status]}${idea}${number}${gain}\n${one.researcher}`;
}

/** Only what the plot holds. */
function legend({ curve, experiments }: StudyView, { left, top }: Frame): string {
  const used = new Set<string>(experiments.map(({ status }) => lookOf(status).name));
  if (curve.head.length > 0) used.add("head");
  if (curve.verified.length > 0) used.add("verified");
  let at = left;
  const entries = LEGEND.filter(({ name }) => used.has(name)).map(({ name, label, mark }) => {
    const shape =
      mark === "line"
        ? `<path class="head-line" d="M${at - 4} ${top - 19}h16"/>`
        : MARKS[mark](at + 4, top - 19);
    const entry = `<g class="${name}">${shape}</g><text class="tick" x="${at + 16}" y="${top - 19}" dy="0.35em">${label}</text>`;
    at += 34 + label.length * 6.4;
    return entry;
  });
  return entries.join("\n");
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}
