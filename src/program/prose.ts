/**
 * Guesses settings from a program.md that is prose alone: which files are edited, which are read-only, the command,
 * the metric and its direction, the time. Reads words only; says what it found and why.
 */

import type { Goal } from "../core/metric.ts";
import { formatDuration, parseDuration } from "./units.ts";

export interface Guess<T> {
  readonly value: T;
  /** Completes "… is inferred from …". */
  readonly from: string;
}

export interface Prose {
  /** Paragraphs and list items as plain source, one each, with `forbidden` below a "you cannot" line. */
  readonly passages: readonly Passage[];
  /** Lines of code blocks. */
  readonly codeLines: readonly string[];
  /** Code spans in the order of the text. */
  readonly spans: readonly string[];
}

export interface Passage {
  readonly text: string;
  readonly forbidden: boolean;
}

const FILE = /`((?:\.\/)?[\w-][\w./-]*\.[A-Za-z]\w*)`/g;
const FORBIDS =
  /\b(?:(?:do not|don't|never|must not|may not|cannot|can't|should not)\s+(?:ever\s+)?(?:be\s+)?(?:modif|edit|chang|touch|alter)|not (?:be|to be) (?:modif|edit|chang|touch|alter)|read-only|read only|off[- ]limits|hands off)/i;
const FORBIDS_ALONE =
  /^\W*(?:do not|don't|never) (?:modify|edit|change|touch)(?: it| this file)?\W*$|\bread-only\b/i;
const ALLOWS =
  /\b(?:edit|edits|edited|editable|modify|modifies|modified|change|changes|changed|rewrite|yours to)\b/i;
const ALLOWS_ALONE = /^\W*(?:this is )?the (?:only |one )*file (?:that )?you (?:edit|modify|change)\b/i;

export interface Files {
  readonly edit: readonly string[];
  readonly protect: readonly string[];
}

/** A file that is both named for editing and forbidden counts as forbidden. */
export function guessFiles(prose: Prose): Files {
  const found = prose.passages.flatMap(filesOfPassage);
  const protect = new Set(found.filter(({ allowed }) => !allowed).map(({ file }) => file));
  const edit = new Set(
    found.filter(({ allowed, file }) => allowed && !protect.has(file)).map(({ file }) => file),
  );
  return { edit: [...edit], protect: [...protect] };
}

function filesOfPassage({ text, forbidden }: Passage): { file: string; allowed: boolean }[] {
  let named: string[] = [];
  return text.split(/(?<=[.;!])\s+|,? but |,? while /).flatMap((clause) => {
    const files = [...clause.matchAll(FILE)].map((match) => (match[1] ?? "").replace(/^\.\//, ""));
    const before = named;
    if (files.length > 0) named = files;
    const verdict = (list: string[], allowed: boolean) => list.map((file) => ({ file, allowed }));
    if (files.length === 0 && FORBIDS_ALONE.test(clause.trim())) return verdict(before, false);
    if (files.length === 0) return ALLOWS_ALONE.test(clause) ? verdict(before, true) : [];
    if (forbidden || FORBIDS.test(clause)) return verdict(files, false);
    return ALLOWS.test(clause) ? verdict(files, true) : [];
  });
}

const COMMAND =
  /^(?:\$ )?((?:uv run|python3?|node|deno run|bun|npm run|npx|pnpm|yarn|cargo|go run|make|just|bash|sh|poetry run|pixi run|\.\/[\w./-]+)(?:\s.*)?)$/;

/** The command that names an editable file, else the only one that names no read-only file. */
export function guessCommand(prose: Prose, files: Files): Guess<string> | { several: readonly string[] } {
  const all = [...prose.spans, ...prose.codeLines].flatMap((line) => {
    const command = COMMAND.exec(line.trim())?.[1];
    return command ? [withoutRedirect(command)] : [];
  });
  const distinct = [...new Set(all)].filter((command) => command.includes(" ") || command === "make");
  const naming = (names: readonly string[]) =>
    distinct.filter((command) => names.some((name) => command.split(/\s+/).includes(name)));
  const editing = naming(files.edit);
  const harmless = distinct.filter((command) => !naming(files.protect).includes(command));
  const found = editing.length > 0 ? editing : harmless;
  const first = found[0];
  if (first !== undefined && found.length === 1) return { value: first, from: "the command in the text" };
  return { several: found };
}

/** Output belongs to nightlab: `> run.log 2>&1` and `| tee run.log` go. */
export function withoutRedirect(command: string): string {
  return command
    .replace(/\s*\|\s*tee\b.*$/, "")
    .replace(/\s*(?:\d?>&\d|&>>?\s*\S+|\d?>>?\s*[^\s&]\S*)/g, "")
    .replace(/\s*&$/, "")
    .trim();
}

const NUMBER_LINE = /^([A-Za-z_][\w.-]*):\s+[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/;

/** The name in a `grep "^name:"`, else the printed `name: number`: the only one, or the one the goal speaks of. */
export function guessMetric(prose: Prose): Guess<string> | { several: readonly string[] } {
  const code = [...prose.spans, ...prose.codeLines];
  for (const line of code) {
    const name = /\bgrep\s+(?:-\w+\s+)*["']?\^?([A-Za-z_][\w.-]*):/.exec(line)?.[1];
    if (name) return { value: name, from: `\`${line.trim()}\`` };
  }
  const printed = [...new Set(prose.codeLines.flatMap((line) => NUMBER_LINE.exec(line.trim())?.[1] ?? []))];
  const wanted = printed.filter((name) => directionIn(passagesNaming(prose, name)) !== undefined);
  const found = printed.length > 1 ? wanted : printed;
  const only = found[0];
  if (only !== undefined && found.length === 1)
    return { value: only, from: `the printed line \`${only}: …\`` };
  return { several: found.length > 0 ? found : printed };
}

/** The direction said next to the metric's name, else anywhere. */
export function guessGoal(prose: Prose, metric: string): Guess<Goal> | undefined {
  const near = directionIn(passagesNaming(prose, metric));
  if (near) return near;
  return directionIn(prose.passages.map((passage) => passage.text));
}

function passagesNaming(prose: Prose, metric: string): string[] {
  return prose.passages.map((passage) => passage.text).filter((text) => text.includes(metric));
}

function directionIn(texts: readonly string[]): Guess<Goal> | undefined {
  const text = texts.join("\n");
  const down = /\b(?:lowest|lower is better|lower the better|minimi[sz]e|as low as)\b/i.exec(text);
  const up = /\b(?:highest|higher is better|higher the better|maximi[sz]e|as high as)\b/i.exec(text);
  if (!down === !up) return undefined;
  return { value: down ? "minimize" : "maximize", from: `the words "${(down ?? up)?.[0] ?? ""}"` };
}

const TIME = /(\d+(?:\.\d+)?)[ -]?(seconds?|secs?|s|minutes?|mins?|hours?|h)\b/i;

/**
 * Wall time of one measurement. A stated kill time is taken as it is; a time budget counts twice plus a minute,
 * because it rarely includes start, compilation and evaluation.
 */
export function guessTime(prose: Prose): Guess<number> | undefined {
  const sentences = prose.passages.flatMap((passage) => passage.text.split(/(?<=[.;!])\s+/));
  const kill = firstTime(
    sentences,
    /\b(?:exceed|exceeds|longer than|more than)\b.*\b(?:kill|stop|abort|fail)/i,
  );
  if (kill) return { value: kill.ms, from: `"${kill.words}", after which a run is to be killed` };
  const budget = firstTime(sentences, /\b(?:time budget|budget|runs? for|trains? for|takes?)\b/i);
  if (!budget) return undefined;
  const value = 2 * budget.ms + 60_000;
  return { value, from: `"${budget.words}": twice that and a minute for start and evaluation` };
}

function firstTime(sentences: readonly string[], about: RegExp): { ms: number; words: string } | undefined {
  for (const sentence of sentences) {
    const time = about.test(sentence) ? TIME.exec(sentence) : null;
    const ms = time && parseDuration(`${time[1]}${(time[2] ?? "")[0]?.toLowerCase()}`);
    if (time && ms) return { ms, words: time[0] };
  }
  return undefined;
}

/** As a sentence for the user. */
export function tellTime(guess: Guess<number>): string {
  return `limits.time is ${formatDuration(guess.value)}, inferred from ${guess.from}.`;
}
