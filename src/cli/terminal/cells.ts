// biome-ignore-all lint/suspicious/noControlCharactersInRegex: our own colour codes begin with one
/** Columns of a terminal: how wide text is, cutting and padding it, colours that can be left out. Knows no study. */

const segments = new Intl.Segmenter("en", { granularity: "grapheme" });
/** East Asian wide and full-width blocks (Unicode 16, UAX 11), and pictures: two columns each. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
/** Most of what is printed: a column a character, without asking what belongs together. */
const PLAIN = /^[ -~]*$/;
const COLOUR = /\u001b\[\d*m/g;

/** Columns that `text` takes; colour codes take none. */
export function widthOf(text: string): number {
  const shown = text.replace(COLOUR, "");
  if (PLAIN.test(shown)) return shown.length;
  let width = 0;
  for (const { segment } of segments.segment(shown)) width += segmentWidth(segment);
  return width;
}

function segmentWidth(segment: string): number {
  return ZERO.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1;
}

/** At most `columns` wide, with an ellipsis where something was cut; colours are closed. */
export function cut(text: string, columns: number, ellipsis = "…"): string {
  if (widthOf(text) <= columns) return text;
  const room = columns - widthOf(ellipsis);
  if (room < 0) return "";
  let [out, width, isColoured] = ["", 0, false];
  for (const part of text.split(/(?=\u001b\[)|(?<=\u001b\[\d*m)/)) {
    if (part.startsWith("\u001b[")) {
      isColoured = part !== "\u001b[0m";
      out += part;
      continue;
    }
    for (const { segment } of segments.segment(part)) {
      width += segmentWidth(segment);
      if (width > room) return `${out}${ellipsis}${isColoured ? "\u001b[0m" : ""}`;
      out += segment;
    }
  }
  return out;
}

/** Cut or filled with blanks to exactly `columns`. */
export function field(text: string, columns: number, side: "left" | "right" = "left"): string {
  const short = cut(text, columns);
  const blanks = " ".repeat(Math.max(0, columns - widthOf(short)));
  return side === "left" ? short + blanks : blanks + short;
}

/** Broken at blanks into lines of at most `columns`; a word that is longer is cut by whoever draws it. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

export type Paint = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

/** Colours, or the same functions doing nothing. */
export function paint(colour: boolean): Paint {
  const one = (code: number) => (text: string) =>
    colour && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
  return {
    bold: one(CODES.bold),
    dim: one(CODES.dim),
    red: one(CODES.red),
    green: one(CODES.green),
    yellow: one(CODES.yellow),
    blue: one(CODES.blue),
    cyan: one(CODES.cyan),
  };
}

export interface Look {
  /** Columns of the terminal. */
  readonly columns: number;
  readonly colour: boolean;
  /** Only ASCII characters of our own. */
  readonly ascii?: boolean;
}

export interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}

/** Aligned columns two blanks apart; the column named `stretch` gives way when the terminal is narrow. */
export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly columns: number; readonly stretch: string },
): string[] {
  const natural = columns.map(({ name }, index) =>
    Math.max(widthOf(name), ...rows.map((row) => widthOf(row[index] ?? ""))),
  );
  const total = natural.reduce((sum, width) => sum + width, 2 * (columns.length - 1));
  const excess = Math.max(0, total - options.columns);
  const widths = columns.map(({ name }, index) =>
    name === options.stretch ? Math.max(6, (natural[index] ?? 0) - excess) : (natural[index] ?? 0),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map(({ isNumber }, index) =>
        field(cells[index] ?? "", widths[index] ?? 0, isNumber === true ? "right" : "left"),
      )
      .join("  ")
      .trimEnd();
  return [line(columns.map(({ name }) => name)), ...rows.map(line)].map((text) => cut(text, options.columns));
}
