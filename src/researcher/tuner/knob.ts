/**
 * A knob: one literal in an editable file and the values it may take. Knows ranges for literals that
 * nobody annotated; does not know how literals are found or searched.
 */
import type { Annotation, Scale } from "./annotation.ts";
import type { KnobValue, Literal, LiteralStyle } from "./literal.ts";

/** The values a knob may take. `complement` searches 1 - x on a log scale (0.9, 0.99, 0.999). */
export interface Domain {
  readonly kind: "float" | "integer" | "choice" | "boolean";
  readonly scale: Scale;
  /** Smallest and largest value; for choices and booleans the first and last index of `choices`. */
  readonly low: number;
  readonly high: number;
  readonly step?: number;
  /** Only powers of this number. */
  readonly base?: 2;
  readonly choices?: readonly KnobValue[];
}

export interface Knob extends Domain {
  /** `path:NAME`, unique in the file set; the same as long as the name stays, whatever other literals become. */
  readonly id: string;
  readonly name: string;
  readonly path: string;
  /** The literal is `text.slice(start, end)`. */
  readonly start: number;
  readonly end: number;
  readonly value: KnobValue;
  readonly annotated: boolean;
  readonly literalStyle: LiteralStyle;
}

/** Why an annotation could not be used. `line` counts from 1. */
export interface KnobProblem {
  readonly path: string;
  readonly line: number;
  readonly cause: string;
}

/** A seed decides luck, not quality: no annotation makes it a knob. */
export function isSeedName(name: string): boolean {
  return /seed/i.test(name);
}

/** Names that hold no quality to search: without annotation they are left alone. */
export function isUntunableName(name: string): boolean {
  const words = name.replace(/([a-z\d])([A-Z])/g, "$1_$2").toLowerCase();
  return (
    isSeedName(name) ||
    /(?:^|[_.-])(?:versions?|port|debug|verbose|(?:log|print)_(?:every|interval|level|steps))(?:$|[_.-])/.test(
      words,
    )
  );
}

export function annotatedDomain(annotation: Exclude<Annotation, { kind: "off" | "malformed" }>): Domain {
  if (annotation.kind === "choices") return choiceDomain(annotation.choices);
  const { low, high, scale, integer, step } = annotation;
  const domain = { kind: integer ? ("integer" as const) : ("float" as const), scale, low, high };
  return step === undefined ? domain : { ...domain, step };
}

/** The domain of a literal that nobody annotated: a factor of four either way (verdict notes, section e). */
export function defaultDomain(literal: Literal): Domain | undefined {
  const { value, style } = literal;
  if (typeof value === "boolean") return choiceDomain([false, true]);
  if (typeof value === "string" || style.kind !== "number") return undefined;
  return style.float ? floatDomain(value) : integerDomain(value);
}

function choiceDomain(choices: readonly KnobValue[]): Domain {
  const kind = typeof choices[0] === "boolean" ? "boolean" : "choice";
  return { kind, scale: "linear", low: 0, high: choices.length - 1, choices };
}

function floatDomain(value: number): Domain {
  const kind = "float";
  if (value === 0) return { kind, scale: "linear", low: 0, high: 1 };
  if (value < 0) return { kind, scale: "linear", low: 2 * value, high: 0 };
  if (value >= 1) return { kind, scale: "log", low: value / 4, high: value * 4 };
  const rest = Number((1 - value).toPrecision(12));
  if (value >= 0.8)
    return { kind, scale: "complement", low: 1 - Math.min(0.8, rest * 4), high: 1 - rest / 4 };
  // A value below one may be a probability: stay below one, half-way at most.
  return { kind, scale: "log", low: value / 4, high: Math.min(value * 4, (1 + value) / 2) };
}

function integerDomain(value: number): Domain | undefined {
  const kind = "integer";
  // A whole zero is as often a switch, an index or an origin as a quantity.
  if (value === 0) return undefined;
  if (value < 0) return { kind, scale: "linear", low: 2 * value, high: 0 };
  const range = { kind, scale: "log", low: Math.max(1, Math.floor(value / 4)), high: value * 4 } as const;
  return value >= 8 && Number.isInteger(Math.log2(value)) ? { ...range, base: 2 } : range;
}
