// Names as numbers. Gives training code the training split and nothing else; only evaluate.ts opens the other two.
// Nothing in a plain run stops a program from opening those files: that is what a sandbox that hides them is for.
import { readFileSync } from "node:fs";

/** The letters a-z and the end symbol, which also begins every name. */
export const SYMBOLS = 27;
/** Longest sequence: a name of 15 letters and its end. Fixed, so that every artifact covers every name. */
export const BLOCK = 16;

const END = 0;
const BEFORE_A = 96;

/** Names laid out one after another, one row per character to predict; no padding. */
export interface Batch {
  /** What a row sees: the character before its target, END at the beginning of a name. */
  readonly tokens: Int32Array;
  /** How many characters of its own name came before. */
  readonly positions: Int32Array;
  readonly targets: Int32Array;
  readonly names: number;
}

export function readNames(file: URL): string[] {
  return readFileSync(file, "utf8").split("\n").filter(Boolean);
}

/** The names to train on: 80 % of all, distinct, in a fixed random order. */
export function trainingNames(): string[] {
  return readNames(new URL("./data/train.txt", import.meta.url));
}

/** Lower-case names of at most BLOCK - 1 letters. */
export function encode(names: readonly string[]): Batch {
  const rows = names.reduce((sum, { length }) => sum + length + 1, 0);
  const [tokens, positions, targets] = [new Int32Array(rows), new Int32Array(rows), new Int32Array(rows)];
  let row = 0;
  for (const name of names) {
    for (let i = 0; i <= name.length; i++, row++) {
      tokens[row] = i === 0 ? END : name.charCodeAt(i - 1) - BEFORE_A;
      positions[row] = i;
      targets[row] = i === name.length ? END : name.charCodeAt(i) - BEFORE_A;
    }
  }
  return { tokens, positions, targets, names: names.length };
}

/** The letter of a symbol, or nothing for the end symbol. */
export function letter(symbol: number): string {
  return symbol === END ? "" : String.fromCharCode(symbol + BEFORE_A);
}
