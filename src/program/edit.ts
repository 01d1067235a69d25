/** Edits of program.md's text that keep every other byte: ticks and adds ideas. Front matter is set-key.ts. */

import { UsageError } from "../core/errors.ts";
import { bodyOf, findFrontMatter } from "./front-matter.ts";
import { ideaListsOf, readMarkdown } from "./sections.ts";

/** Marks the idea on a 1-based line as done; an idea already done stays. UsageError when there is no idea on that line. */
export function tickIdea(source: string, line: number): string {
  const { ideas } = markdownOf(source);
  const idea = ideas.find((candidate) => candidate.line === line);
  if (!idea) {
    throw new UsageError(`There is no idea on line ${line}.`, {
      place: `program.md:${line}`,
      next: "Name a line that begins with `- [ ]` under Ideas.",
    });
  }
  const start = lineStart(source, line);
  const box = source.indexOf("[", start);
  return idea.done ? source : `${source.slice(0, box + 1)}x${source.slice(box + 2)}`;
}

/**
 * Adds `- [ ] text` after the last idea, making the section when there is none. Line breaks in `text` become blanks;
 * line ends and the habit of a final line break stay those of the file.
 */
export function addIdea(source: string, text: string): string {
  const line = text.replace(/[\s\0]+/g, " ").trim();
  if (!line) throw new UsageError("The idea has no text.", { next: "Say in one line what to try." });
  const eol = eolOf(source);
  const spot = findSpot(source, eol);
  const before = source.slice(0, spot.offset);
  return `${before}${spot.lead}${spot.marker} [ ] ${line}${spot.tail}${source.slice(spot.offset)}`;
}

interface Spot {
  readonly offset: number;
  readonly lead: string;
  readonly marker: string;
  readonly tail: string;
}

function findSpot(source: string, eol: string): Spot {
  const section = ideaListsOf(markdownOf(source).root)[0];
  if (!section) return atEnd(source, eol);
  const list = section.lists.at(-1);
  const item = list?.children.at(-1);
  const after = item ?? section.last;
  const offset = endOfLine(source, after.position?.end.offset ?? source.length);
  const itemStart = item?.position?.start.offset ?? 0;
  const indent = item ? source.slice(source.lastIndexOf("\n", itemStart - 1) + 1, itemStart) : "";
  const bullet = item && !list?.ordered ? (source[itemStart] ?? "-") : "-";
  const marker = `${/^[ \t]*$/.test(indent) ? indent : ""}${bullet}`;
  return { offset, lead: item && !list?.ordered ? eol : eol + eol, marker, tail: "" };
}

function atEnd(source: string, eol: string): Spot {
  const ended = source === "" || source.endsWith("\n");
  const blank = source === "" || /(?:^|\n)\r?\n$/.test(source);
  const gap = blank ? "" : ended ? eol : eol + eol;
  const tail = ended ? eol : "";
  return { offset: source.length, lead: `${gap}## Ideas${eol}${eol}`, marker: "-", tail };
}

function markdownOf(source: string): ReturnType<typeof readMarkdown> {
  const fence = findFrontMatter(source);
  if (fence.kind === "refused") {
    throw new UsageError(fence.cause, { place: `program.md:${fence.line}`, next: fence.fix });
  }
  return readMarkdown(bodyOf(source, fence), "program.md");
}

/** The line break of the file: the first one it uses. */
export function eolOf(source: string): string {
  return /\r?\n/.exec(source)?.[0] ?? "\n";
}

function lineStart(source: string, line: number): number {
  let start = 0;
  for (let i = 1; i < line; i++) start = source.indexOf("\n", start) + 1;
  return start;
}

function endOfLine(source: string, offset: number): number {
  const lineBreak = source.indexOf("\n", offset);
  if (lineBreak === -1) return source.length;
  return source[lineBreak - 1] === "\r" ? lineBreak - 1 : lineBreak;
}
