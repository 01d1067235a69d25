/** Finds the front matter between its `---` fences. Knows characters and lines, not YAML. */

/** Offsets count UTF-16 units of the source. */
interface FrontMatter {
  readonly kind: "found";
  /** Where the YAML begins: after the line break of the opening fence. */
  readonly start: number;
  /** Where the closing fence line begins. */
  readonly end: number;
  /** Where the Markdown begins: after the closing fence line. */
  readonly bodyStart: number;
}

export type Fence =
  | FrontMatter
  | { readonly kind: "none"; readonly bodyStart: number }
  | { readonly kind: "refused"; readonly line: number; readonly cause: string; readonly fix: string };

const OPENING = /^---[ \t]*(?:\r?\n|$)/;
const CLOSING = /^---[ \t]*\r?$/m;

/** Never executes anything: a fence with a language (`---js`) is refused by name. */
export function findFrontMatter(source: string): Fence {
  const bom = source.startsWith("\uFEFF") ? 1 : 0;
  const text = source.slice(bom);
  const opening = OPENING.exec(text);
  if (!opening) return refusal(text) ?? { kind: "none", bodyStart: bom };
  const start = bom + opening[0].length;
  const closing = CLOSING.exec(source.slice(start));
  if (!closing) {
    return {
      kind: "refused",
      line: 1,
      cause: "The front matter opens here with `---` and is never closed.",
      fix: "Put a line with only `---` after the last setting.",
    };
  }
  const end = start + closing.index;
  const lineBreak = source.indexOf("\n", end);
  return { kind: "found", start, end, bodyStart: lineBreak === -1 ? source.length : lineBreak + 1 };
}

/** The Markdown alone, with blanks where the front matter stood: lines and offsets stay those of the source. */
export function bodyOf(source: string, fence: Fence): string {
  const bodyStart = fence.kind === "refused" ? 0 : fence.bodyStart;
  return source.slice(0, bodyStart).replace(/[^\r\n]/g, " ") + source.slice(bodyStart);
}

function refusal(text: string): Fence | undefined {
  const language = /^---[ \t]*(\w+)[ \t]*\r?$/m.exec(text);
  if (language?.index === 0) {
    const cause = `The front matter is marked as \`${language[1]}\`; nightlab reads YAML only and runs no code in it.`;
    return { kind: "refused", line: 1, cause, fix: "Write plain YAML between two lines with only `---`." };
  }
  if (/^\+\+\+[ \t]*\r?$/m.exec(text)?.index === 0) {
    const cause = "The front matter is fenced by `+++`, which means TOML; nightlab reads YAML only.";
    return { kind: "refused", line: 1, cause, fix: "Write YAML between two lines with only `---`." };
  }
  const late = /^(\s*\n)---[ \t]*\r?\n\s*[a-z_]+[ \t]*:/.exec(text);
  if (!late) return undefined;
  const line = (late[1] ?? "").split("\n").length;
  const cause = "The front matter does not start on the first line, so it would be read as prose.";
  return { kind: "refused", line, cause, fix: "Delete the blank lines above the first `---`." };
}
