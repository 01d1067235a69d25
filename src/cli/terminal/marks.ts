/** One sign and colour per way an experiment can end, with a fallback in ASCII. */

import type { ExperimentView } from "../../view/experiment-view.ts";
import { lookOf } from "../../view/progress-marks.ts";
import { cut, type Look, type Paint } from "./cells.ts";

const MARKS: Readonly<Record<string, readonly [mark: string, ascii: string, colour: keyof Paint]>> = {
  kept: ["✓", "+", "green"],
  discarded: ["✗", "x", "dim"],
  inconclusive: ["~", "~", "yellow"],
  failed: ["!", "!", "red"],
  void: ["-", "-", "dim"],
  open: ["·", ".", "cyan"],
};

/** ✓ kept, ✗ not better, ~ too close to call, ! failed, - never measured, · under way. */
export function statusMark(
  status: ExperimentView["status"],
  { ascii }: Pick<Look, "ascii">,
  colours: Paint,
): string {
  const [mark, plain, colour] = MARKS[lookOf(status).name] ?? ["?", "?", "dim"];
  return colours[colour](ascii === true ? plain : mark);
}

/** No line wider than the terminal; in ASCII mode our own signs are spelled with ASCII. */
export function finishLines(lines: readonly string[], { columns, ascii }: Look): string[] {
  if (ascii !== true) return lines.map((line) => cut(line, columns));
  return lines.map((line) => cut(asciiWords(line), columns, "..."));
}

const ASCII_SIGNS: Readonly<Record<string, string>> = {
  "…": "...",
  "±": "+-",
  "≤": "<=",
  "≥": ">=",
  "×": "x",
  "→": "->",
  π: "pi",
  "²": "^2",
};

/** Our own signs in ASCII. */
export function asciiWords(text: string): string {
  return text.replace(/[…±≤≥×→π²]/g, (sign) => ASCII_SIGNS[sign] ?? sign);
}
