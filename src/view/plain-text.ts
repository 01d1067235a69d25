// biome-ignore-all lint/suspicious/noControlCharactersInRegex: control characters are what is removed here
/** Makes text that candidates and models wrote safe to show. Knows the dangers of text, nothing of studies. */

// CSI, OSC and the other ECMA-48 string sequences, then two-byte escapes. An unended string is cut at its line's end.
const ANSI =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
/** Directional overrides and isolates reorder a line for its reader (CVE-2021-42574); the rest cannot be seen at all. */
const UNSEEN =
  /[\u061c\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/** Keeps line breaks; tabs become two spaces; no ANSI, control, bidi or invisible characters are left. */
export function cleanBlock(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replace(ANSI, "")
    .replace(CONTROLS, "")
    .replace(UNSEEN, "")
    .replace(/\t/g, "  ")
    .replace(/[^\S\n]+$/gm, "");
}

/** One line: all white space becomes single spaces; cut to `maxLength` characters with an ellipsis. */
export function cleanLine(text: string, maxLength = 500): string {
  const line = cleanBlock(text).replace(/\s+/g, " ").trim();
  const characters = [...line];
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength - 1).join("")}…`;
}

const HTML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For element content and quoted attributes, HTML and SVG alike. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => HTML_ENTITIES[char] ?? char);
}

/** One line of Markdown that shows `text` as it is: no markup, table cells, links, autolinks or mentions come of it. */
export function escapeMarkdown(text: string): string {
  return cleanLine(text)
    .replace(/[\\`*_[\]<>#|~$&]/g, "\\$&")
    .replace(/:(?=\/\/)/g, "\\:")
    .replace(/\bwww\./gi, (match) => `${match.slice(0, -1)}\\.`)
    .replace(/@(?=\w)/g, "@\u2060")
    .replace(/^(\d+)([.)])(?=\s|$)/, "$1\\$2")
    .replace(/^(?:[-+](?=\s|$)|[-=](?=[-=\s]*$))/, "\\$&");
}

/** A code span that also holds in a table cell. */
export function markdownCode(text: string): string {
  const line = cleanLine(text).replace(/\|/g, "\\|");
  const fence = "`".repeat(longestRun(line) + 1);
  const pad = line.startsWith("`") || line.endsWith("`") || line === "" ? " " : "";
  return `${fence}${pad}${line}${pad}${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/** Shell word: quoted only where needed. */
export function shellWord(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
