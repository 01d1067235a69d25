/**
 * Maps knob values to a point and back. A point holds one number per knob: a place in [0, 1] for numbers and
 * ordered choices, an index for the others. Optimisers see points and the shape of the space, never knobs.
 */
import type { Knob } from "./knob.ts";
import type { KnobValue } from "./literal.ts";

export type Point = readonly number[];

export type Dimension =
  /** `cells`: how many different values there are, when they are few enough to count. */
  | { readonly kind: "range"; readonly cells?: number }
  | { readonly kind: "category"; readonly choices: number };

export type Settings = Readonly<Record<string, KnobValue>>;

export interface Space {
  readonly dimensions: readonly Dimension[];
  /** The values that the files hold now. */
  readonly start: Point;
  /** Values out of range are moved to its edge; a knob without value, or with one of no known choice, keeps its own. */
  encode(settings: Settings): Point;
  /** Values as they will be written: rounded to steps, whole numbers or four significant digits. */
  decode(point: Point): Settings;
}

export function spaceOf(knobs: readonly Knob[]): Space {
  const encode = (settings: Settings) =>
    knobs.map((knob) => encodeValue(knob, settings[knob.id] ?? knob.value));
  const start = encode({});
  // A knob that has not moved keeps its very value, more digits and odd steps included.
  const valueAt = (knob: Knob, index: number, place = 0) =>
    place === start[index] ? knob.value : decodeValue(knob, place);
  return {
    dimensions: knobs.map(dimensionOf),
    start,
    encode,
    decode: (point) =>
      Object.fromEntries(knobs.map((knob, index) => [knob.id, valueAt(knob, index, point[index])])),
  };
}

function dimensionOf(knob: Knob): Dimension {
  if (knob.choices) {
    const cells = knob.choices.length;
    return isOrdered(knob) ? { kind: "range", cells } : { kind: "category", choices: cells };
  }
  const cells = cellsOf(knob);
  return cells === undefined ? { kind: "range" } : { kind: "range", cells };
}

/** Three or more numbers in order are neighbours of each other, not mere labels. */
function isOrdered(knob: Knob): boolean {
  const { choices = [] } = knob;
  const ordered = choices.every((value, index) => {
    const before = choices[index - 1];
    return typeof value === "number" && (typeof before !== "number" || before < value);
  });
  return ordered && choices.length > 2;
}

function cellsOf(knob: Knob): number | undefined {
  if (knob.base) return powerHigh(knob) - powerLow(knob) + 1;
  if (knob.step) return Math.floor((knob.high - knob.low) / knob.step + 1e-9) + 1;
  return knob.kind === "integer" ? knob.high - knob.low + 1 : undefined;
}

function encodeValue(knob: Knob, value: KnobValue): number {
  if (knob.choices) {
    const found = knob.choices.indexOf(value);
    const index = found < 0 ? knob.choices.indexOf(knob.value) : found;
    return isOrdered(knob) ? (index + 0.5) / knob.choices.length : index;
  }
  const number = typeof value === "number" ? value : Number(knob.value);
  const cells = cellsOf(knob);
  if (knob.base) return cellMiddle(Math.log2(Math.max(number, 1e-9)) - powerLow(knob), cells ?? 1);
  if (knob.step) return cellMiddle((number - knob.low) / knob.step, cells ?? 1);
  const [low, high] = edges(knob);
  return clampUnit((stretch(knob, number) - low) / (high - low));
}

function decodeValue(knob: Knob, place: number): KnobValue {
  const cells = knob.choices?.length ?? cellsOf(knob);
  const cell = Math.min((cells ?? 1) - 1, Math.floor(clampUnit(place) * (cells ?? 1)));
  if (knob.choices) return knob.choices[isOrdered(knob) ? cell : Math.round(place)] ?? knob.value;
  if (knob.base) return knob.base ** (powerLow(knob) + cell);
  if (knob.step) return significant(knob.low + cell * knob.step, 12);
  const [low, high] = edges(knob);
  const number = unstretch(knob, low + clampUnit(place) * (high - low));
  const rounded = knob.kind === "integer" ? Math.round(number) : roundFloat(knob, number);
  // Adding 0 turns -0, which no source text would say, into 0.
  return Math.min(knob.high, Math.max(knob.low, rounded)) + 0;
}

/** Ends of the range on its scale; whole numbers get half a cell beyond, so that the outermost are as likely as others. */
function edges(knob: Knob): [number, number] {
  const margin = knob.kind === "integer" ? 0.5 : 0;
  const low = stretch(knob, knob.low - margin);
  const high = stretch(knob, knob.high + margin);
  return low < high ? [low, high] : [high, low];
}

function stretch(knob: Knob, value: number): number {
  if (knob.scale === "log") return Math.log(Math.max(value, Math.min(knob.low, 1) / 2));
  return knob.scale === "complement" ? -Math.log(Math.max(1 - value, (1 - knob.high) / 2)) : value;
}

function unstretch(knob: Knob, place: number): number {
  if (knob.scale === "log") return Math.exp(place);
  return knob.scale === "complement" ? 1 - Math.exp(-place) : place;
}

function roundFloat(knob: Knob, value: number): number {
  if (knob.scale === "log") return significant(value, 4);
  if (knob.scale === "complement") return significant(1 - significant(1 - value, 3), 12);
  const digits = Math.max(0, 4 - Math.ceil(Math.log10(knob.high - knob.low)));
  return Number(value.toFixed(Math.min(20, digits)));
}

function significant(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}

function cellMiddle(index: number, cells: number): number {
  return (Math.min(cells - 1, Math.max(0, Math.round(index))) + 0.5) / cells;
}

function powerLow(knob: Knob): number {
  return Math.ceil(Math.log2(Math.max(1, knob.low)) - 1e-9);
}

function powerHigh(knob: Knob): number {
  return Math.floor(Math.log2(Math.max(1, knob.high)) + 1e-9);
}

function clampUnit(place: number): number {
  return Math.min(1, Math.max(0, place));
}
