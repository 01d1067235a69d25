/** Makes text that candidates and models wrote fit to be told to others: short, visible, no control. Knows nothing of studies. */

import { stripVTControlCharacters } from "node:util";

/** Room for one piece of such text, in characters. */
export const [TITLE_CHARACTERS, WHY_CHARACTERS, REASON_CHARACTERS] = [300, 2000, 500];
export const [LOG_CHARACTERS, DIFF_CHARACTERS, NOTEBOOK_CHARACTERS] = [1500, 6000, 8000];

/** Unseen or reordering characters, tags and private use among them: shown by their number, so that code stays what it is. */
const UNSEEN = /[\p{Cf}\p{Co}\p{Zl}\p{Zp}]/gu;
const CONTROLS = /[\p{Cc}--[\n\t]]/gv;

/** Keeps line breaks and tabs. Terminal sequences and controls are gone, unseen characters read `<U+202E>`. */
export function visibleText(text: string): string {
  return stripVTControlCharacters(text.toWellFormed())
    .replace(/\r\n?/g, "\n")
    .replace(CONTROLS, "")
    .replace(
      UNSEEN,
      (char) => `<U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}>`,
    );
}

/** The same, cut; what was cut is said. Cut first too: a text of many megabytes is not worth reading to its end. */
export function shortText(text: string, characters: number): string {
  const visible = visibleText(text.slice(0, 4 * characters));
  if (visible.length <= characters && text.length <= 4 * characters) return visible;
  const note = " [cut]";
  return `${visible.slice(0, characters - note.length).toWellFormed()}${note}`;
}

/** The same of its end: the last lines of a log say why it broke off. */
export function textEnd(text: string, characters: number): string {
  const visible = visibleText(text.slice(-4 * characters));
  if (visible.length <= characters && text.length <= 4 * characters) return visible;
  const note = "[cut] ";
  return `${note}${visible.slice(visible.length - characters + note.length).toWellFormed()}`;
}

/** One line of it: a name or a reason cannot begin a line of its own. */
export function shortLine(text: string, characters: number): string {
  return shortText(text.slice(0, 4 * characters).replace(/[\s\u0085\u2028\u2029]+/g, " "), characters).trim();
}
