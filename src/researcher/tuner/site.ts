/** A place in a file where a knob may be: what the finders of the languages hand over. */
import type { Literal } from "./literal.ts";

export interface Site {
  /** Name of the constant, key path in a document, or the nearest word. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly line: number;
  /** Undefined when an annotation stands where no literal is. */
  readonly literal: Literal | undefined;
  /** What stands behind `tune:`, if anything does. */
  readonly annotation?: string;
}
