/** Reads the YAML of the front matter and says where each value stands. Knows YAML and its traps, not the keys. */

import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type { Finding } from "./problem.ts";

export type KeyPath = readonly (string | number)[];

export interface YamlText {
  /** Plain values; undefined when there are findings. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Line and column in the file of the value at a path, of its key with `key`; of the nearest parent when absent. */
  readonly locate: (path: KeyPath, options?: { key: boolean }) => { line: number; column: number };
}

const MAX_YAML = 50_000;

/** `firstLine` is the file line of the first line of `text`. */
export function readYaml(text: string, firstLine: number): YamlText {
  const lines = new LineCounter();
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: line + firstLine - 1, column: col };
  };
  if (text.length > MAX_YAML) {
    const cause = `The front matter has ${text.length} characters; at most ${MAX_YAML} are read.`;
    const finding = { line: firstLine, cause, fix: "Move prose below the closing `---`." };
    return { value: undefined, findings: [finding], locate: () => ({ line: firstLine, column: 1 }) };
  }
  const document = parseYaml(text, lines);
  const findings = [...syntaxFindings(document, text, place), ...aliasFindings(document, text, place)];
  const value = findings.length > 0 ? undefined : (document.toJS({ maxAliasCount: 0 }) ?? {});
  return {
    value,
    findings,
    locate: (path, options) => place(offsetOf(document, path, options?.key ?? false)),
  };
}

/** YAML 1.2 as program.md uses it; also for edits, so that both read the same. */
export function parseYaml(text: string, lineCounter?: LineCounter): Document {
  return parseDocument(text, {
    ...(lineCounter && { lineCounter }),
    version: "1.2",
    prettyErrors: false,
    stringKeys: true,
    // Not "silent", which would also hide that there are several documents.
    logLevel: "error",
  });
}

type Place = (offset: number) => { line: number; column: number };

function syntaxFindings(document: Document, text: string, place: Place): Finding[] {
  const seen = new Set<number>();
  const errors = [...document.errors, ...document.warnings];
  // Where nesting gave up, every open bracket complains as well: thousands of them, of which none is the cause.
  const exhausted = errors.find((error) => error.code === "RESOURCE_EXHAUSTION");
  return (exhausted ? [exhausted] : errors.slice(0, 20)).flatMap((error) => {
    // A bracket that never closes is found at the end; later complaints about the same place add nothing.
    const at = place(startOf(document, error));
    if (seen.has(at.line) || seen.size >= 5) return [];
    seen.add(at.line);
    return [{ ...at, ...explain(error.code, error.message, text.slice(error.pos[0])) }];
  });
}

/** What is never closed is found at the end of the text; the place to look at is where it opens. */
function startOf(document: Document, error: YAMLError): number {
  const [end] = error.pos;
  let start = end;
  if (error.code !== "MISSING_CHAR" && error.code !== "BAD_INDENT") return end;
  visit(document, {
    Value(_, node) {
      const opens = isCollection(node) ? node.flow : isScalar(node) && String(node.type).startsWith("QUOTE");
      const [from, to] = node.range ?? [end, end];
      if (opens && from < end && to >= end) start = from;
    },
  });
  return start;
}

const QUOTE = "Put the whole value in single quotes, such as `measure: 'node \"my file.ts\" && echo done'`.";

function explain(code: string, message: string, piece: string): { cause: string; fix: string } {
  switch (code) {
    case "DUPLICATE_KEY":
      return {
        cause: `The key ${show(/^[^:\s]+/.exec(piece)?.[0] ?? piece)} is written twice.`,
        fix: "Keep one of the two.",
      };
    case "TAB_AS_INDENT":
      return { cause: "This line is indented with a tab, which YAML refuses.", fix: "Indent with spaces." };
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return {
        cause:
          "A value here holds `: ` or the line is indented deeper than the one above, so YAML reads a key inside a value.",
        fix: "Put the value in single quotes, or align the key with its neighbours.",
      };
    case "BAD_SCALAR_START":
      return {
        cause: `A value cannot begin with ${message.endsWith("`") ? "a backtick" : show(message.slice(-1))} in YAML.`,
        fix: QUOTE,
      };
    case "UNEXPECTED_TOKEN":
      return { cause: "There is text after the end of a value, such as after a closing quote.", fix: QUOTE };
    case "BAD_INDENT":
      return {
        cause: /Flow/.test(message)
          ? "A `[` or `{` is not closed."
          : "The indentation does not fit the lines above.",
        fix: /Flow/.test(message) ? "Close it with `]` or `}`." : "Align the key with its neighbours.",
      };
    case "RESOURCE_EXHAUSTION":
      return { cause: "The YAML is nested too deeply.", fix: "Write at most a map inside a map." };
    case "TAG_RESOLVE_FAILED":
      return {
        cause: "A value begins with `!`, which YAML reads as a type.",
        fix: "Put the value in quotes.",
      };
    case "NON_STRING_KEY":
      return { cause: "A key is not plain text.", fix: "Write keys as plain words, such as `measure:`." };
    case "MULTIPLE_DOCS":
      return { cause: "A line with `...` ends the YAML before this.", fix: "Remove that line." };
    case "MISSING_CHAR":
      return missing(message);
    default:
      return {
        cause: `This is not valid YAML: ${message}.`,
        fix: "Write `key: value` lines between the fences.",
      };
  }
}

function missing(message: string): { cause: string; fix: string } {
  if (/quote/.test(message))
    return { cause: "A quote is opened and never closed.", fix: "Close it with the same quote." };
  if (/map values/.test(message)) {
    return {
      cause: "This line has no `key: value`.",
      fix: "Write a colon and a space after the key, or remove the line.",
    };
  }
  return {
    cause: "A `[` or `{` is not closed, or a comma is missing in it.",
    fix: "Close it with `]` or `}`.",
  };
}

/** Aliases are refused: no setting needs one, an unquoted `*.ts` looks like one, and bombs are made of them. */
function aliasFindings(document: Document, text: string, place: Place): Finding[] {
  const findings: Finding[] = [];
  visit(document, {
    Alias(_, node) {
      const offset = node.range?.[0] ?? 0;
      const written = text.slice(offset, node.range?.[1] ?? offset).trim();
      const cause = `${show(written)} begins with \`*\`, which YAML reads as a reference to another value.`;
      findings.push({ ...place(offset), cause, fix: `Put it in quotes: \`"${clip(written)}"\`.` });
      return findings.length >= 5 ? visit.BREAK : undefined;
    },
  });
  return findings;
}

function offsetOf(document: Document, path: KeyPath, key: boolean): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const [depth, step] of path.entries()) {
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && item.key.value === step)
      : undefined;
    const next: unknown = isSeq(node)
      ? node.items[Number(step)]
      : isPair(pair)
        ? (pair.value ?? pair.key)
        : undefined;
    const wanted = key && depth === path.length - 1 && pair ? pair.key : next;
    if (!isNode(wanted) || isAlias(wanted)) return offset;
    offset = wanted.range?.[0] ?? offset;
    node = next;
  }
  return offset;
}

function show(text: string): string {
  return `\`${clip(text)}\``;
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
