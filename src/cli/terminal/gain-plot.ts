/** A small plot in text: the values of both sides on one axis, and below it the gain between the marks it was held against. */

import { type Axis, niceAxis } from "../../view/axis.ts";
import type { Explanation } from "../../view/explain.ts";
import type { EvidenceRow } from "../../view/explain-evidence.ts";
import { clamp, formatValue } from "../../view/words.ts";
import { field, type Look, type Paint, paint } from "./cells.ts";

const LABEL_COLUMNS = 10;
/** Wider than this, dots that belong together lie too far apart. */
const MAX_AXIS_COLUMNS = 64;
const MIN_AXIS_COLUMNS = 16;
const COLUMNS_PER_TICK = 14;

const SIGNS = {
  plain: {
    dot: "●",
    other: "○",
    fresh: "◆",
    out: "×",
    line: "─",
    tick: "┴",
    left: "├",
    right: "┤",
    mark: "│",
  },
  ascii: {
    dot: "*",
    other: "o",
    fresh: "#",
    out: "x",
    line: "-",
    tick: "+",
    left: "|",
    right: "|",
    mark: "|",
  },
};

interface Canvas {
  readonly axis: Axis;
  readonly columns: number;
  readonly signs: (typeof SIGNS)["plain"];
  readonly colours: Paint;
}

/** The dot of a run on a fresh seed. */
export function freshSign({ ascii }: Look): string {
  return (ascii === true ? SIGNS.ascii : SIGNS.plain).fresh;
}

/** Empty where there is nothing to draw or no room for it. */
export function plotLines(explanation: Explanation, look: Look): string[] {
  const columns = Math.min(MAX_AXIS_COLUMNS, look.columns - LABEL_COLUMNS);
  if (columns < MIN_AXIS_COLUMNS) return [];
  const signs = look.ascii === true ? SIGNS.ascii : SIGNS.plain;
  const canvas = { columns, signs, colours: paint(look.colour) };
  const values = valuePanel(explanation, canvas);
  const gains = gainPanel(explanation, canvas);
  return [...values, ...(values.length > 0 && gains.length > 0 ? [""] : []), ...gains];
}

function valuePanel({ evidence, sides }: Explanation, look: Omit<Canvas, "axis">): string[] {
  const counted = evidence.filter(({ isCounted }) => isCounted).flatMap(valuesOf);
  const axis = axisFor(counted, look.columns);
  if (axis === undefined) return [];
  const canvas = { ...look, axis };
  const { green, dim } = look.colours;
  const { dot, other } = look.signs;
  return [
    label(sides.challenger) + green(dotRow(evidence, "challenger", { ...canvas, dot })),
    label(sides.defender) + dim(dotRow(evidence, "defender", { ...canvas, dot: other })),
    ...axisLines(canvas),
  ];
}

function valuesOf({ challenger, defender }: EvidenceRow): number[] {
  return [challenger, defender].filter((value) => value !== undefined);
}

/** One dot a value, a number where several fall together; what did not count is crossed. */
function dotRow(
  evidence: readonly EvidenceRow[],
  side: "challenger" | "defender",
  canvas: Canvas & { readonly dot: string },
): string {
  const cells = Array.from({ length: canvas.columns }, () => ({ counted: 0, fresh: 0, out: 0 }));
  for (const row of evidence) {
    const value = row[side];
    const cell = value === undefined ? undefined : cells[columnOf(value, canvas)];
    if (cell !== undefined) cell[row.isCounted ? (row.isFresh === true ? "fresh" : "counted") : "out"] += 1;
  }
  return cells
    .map(({ counted, fresh, out }) => {
      if (counted + fresh > 1) return String(Math.min(9, counted + fresh));
      if (counted === 1) return canvas.dot;
      return fresh === 1 ? canvas.signs.fresh : out > 0 ? canvas.signs.out : " ";
    })
    .join("")
    .trimEnd();
}

function gainPanel({ verdict, interval, landmarks }: Explanation, look: Omit<Canvas, "axis">): string[] {
  const gain = verdict.estimate?.gain;
  if (gain === undefined) return [];
  const ends = interval === undefined ? [] : [interval.low, interval.high];
  const axis = axisFor([gain, ...ends, ...landmarks.map(({ at }) => at)], look.columns);
  if (axis === undefined) return [];
  const canvas = { ...look, axis };
  return [
    label("gain") + look.colours.bold(intervalRow(gain, interval, canvas)),
    ...landmarks.map(({ name, at }) => label(name) + markRow(at, canvas)),
    ...axisLines(canvas),
  ];
}

function intervalRow(gain: number, interval: Explanation["interval"], canvas: Canvas): string {
  const { columns, signs } = canvas;
  const cells = Array.from({ length: columns }, () => " ");
  if (interval !== undefined) {
    const [low, high] = [columnOf(interval.low, canvas), columnOf(interval.high, canvas)];
    cells.fill(signs.line, low, high + 1);
    cells[low] = signs.left;
    cells[high] = signs.right;
  }
  cells[columnOf(gain, canvas)] = signs.dot;
  return cells.join("").trimEnd();
}

/** The mark at its place, its number on the side that has room. */
function markRow(at: number, canvas: Canvas): string {
  const { columns, signs, colours } = canvas;
  const column = columnOf(at, canvas);
  const said = Number(at.toPrecision(3)).toString();
  if (column + said.length + 2 <= columns) return `${" ".repeat(column)}${signs.mark} ${colours.dim(said)}`;
  const blanks = Math.max(0, column - said.length - 1);
  return `${" ".repeat(blanks)}${colours.dim(said)} ${signs.mark}`;
}

// --- axes ---

/** Undefined without values, and for numbers that no axis can hold. */
function axisFor(values: readonly number[], columns: number): Axis | undefined {
  if (values.length === 0) return undefined;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (!(size < 1e300)) return undefined;
  if (size < 1e-300) return niceAxis(0, 0, 2);
  const wanted = Math.max(2, Math.floor(columns / COLUMNS_PER_TICK));
  // Closer together than a double can tell apart: one place.
  return high - low < 1e-12 * size ? niceAxis(low, low, 2) : niceAxis(low, high, wanted);
}

function columnOf(value: number, { axis, columns }: Pick<Canvas, "axis" | "columns">): number {
  const part = (value - axis.low) / (axis.high - axis.low);
  return clamp(Math.round(part * (columns - 1)), 0, columns - 1);
}

function axisLines(canvas: Canvas): string[] {
  const { axis, columns, signs, colours } = canvas;
  const line = Array.from({ length: columns }, () => signs.line);
  let numbers = "";
  for (const tick of axis.ticks) {
    const column = columnOf(tick, canvas);
    line[column] = signs.tick;
    const said = formatValue(tick, axis.decimals);
    const start = clamp(column - Math.floor(said.length / 2), 0, Math.max(0, columns - said.length));
    if (numbers !== "" && start < numbers.length + 2) continue;
    numbers = numbers.padEnd(start) + said;
  }
  return [label("") + colours.dim(line.join("")), label("") + colours.dim(numbers)];
}

function label(text: string): string {
  return field(text, LABEL_COLUMNS);
}
