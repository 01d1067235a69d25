/**
 * Finds literals that may be knobs in TypeScript, JavaScript and Python: top-level constants, and any literal
 * on a line whose trailing comment says `tune:`. Works on tokens; executes nothing.
 */
import { annotationBody } from "./annotation.ts";
import { parseLiteral } from "./literal.ts";
import type { Site } from "./site.ts";
import type { Language, Token } from "./tokens.ts";
import { tokenize } from "./tokens.ts";

interface Span {
  /** Index of the literal's last token. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

/** Every constant and every annotated place of `text`, in order; then the annotations that stand alone. */
export function sourceSites(text: string, language: Language): Site[] {
  const tokens = tokenize(text, language);
  const spans = literalSpans(tokens, language);
  const declared = language === "python" ? pythonConstants(tokens) : scriptConstants(tokens);
  const notes = notesOf(tokens, spans);
  const off = new Set(notes.flatMap(({ body, line }) => (body === "off" ? [line] : [])));
  const bodies = new Map(notes.map(({ span, body }) => [span?.index, body]));
  const sites: Site[] = [];
  for (const { index, start, end, line } of spans) {
    const annotation = bodies.get(index);
    const name = declared.get(index) ?? (annotation === undefined ? undefined : nameNear(tokens, index));
    if (name === undefined) continue;
    const site = { name, start, end, line, literal: parseLiteral(text.slice(start, end)) };
    sites.push(annotation === undefined ? site : { ...site, annotation });
  }
  return [...sites, ...notes.flatMap(strayNote)].filter(({ line }) => !off.has(line));
}

function strayNote({ span, start, line, body }: Note): Site[] {
  return span ? [] : [{ name: "", start, end: start, line, literal: undefined, annotation: body }];
}

function literalSpans(tokens: readonly Token[], language: Language): Span[] {
  const spans: Span[] = [];
  for (const [index, token] of tokens.entries()) {
    if (!isLiteralToken(token, language) || parseLiteral(token.text) === undefined) continue;
    const sign = tokens[index - 1];
    const signed =
      token.kind === "number" && sign?.text === "-" && sign.end === token.start && isUnary(tokens, index - 1);
    spans.push({ index, start: signed ? sign.start : token.start, end: token.end, line: token.line });
  }
  return spans;
}

function isLiteralToken(token: Token, language: Language): boolean {
  if (token.kind === "number" || token.kind === "string") return true;
  const booleans = language === "python" ? ["True", "False"] : ["true", "false"];
  return token.kind === "word" && booleans.includes(token.text);
}

function isUnary(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  if (before === undefined || before.kind === "newline") return true;
  if (before.kind === "word") return /^(?:return|in|and|or|not|yield|case|else|if|lambda)$/.test(before.text);
  return before.kind === "punct" && !/^[)\]}]$/.test(before.text);
}

/** `NAME = literal` or `NAME: type = literal` in the first column, nothing else on the line. */
function pythonConstants(tokens: readonly Token[]): Map<number, string> {
  const found = new Map<number, string>();
  for (const [index, token] of tokens.entries()) {
    const isConstant =
      token.kind === "word" && token.firstColumn && token.depth === 0 && isAllCaps(token.text);
    if (!isConstant) continue;
    const assign = assignmentAfter(tokens, index);
    const value = assign === undefined ? undefined : literalAfter(tokens, assign);
    if (value === undefined) continue;
    const next = tokens[value + 1];
    if (next === undefined || /^(?:newline|comment)$/.test(next.kind) || next.text === ";")
      found.set(value, token.text);
  }
  return found;
}

/** `const NAME = literal`, `const A = 1, B = 2`, with or without type, at the top level. */
function scriptConstants(tokens: readonly Token[]): Map<number, string> {
  const found = new Map<number, string>();
  for (const [index, token] of tokens.entries()) {
    if (token.text !== "const" || token.kind !== "word" || token.depth > 0) continue;
    for (let at: number | undefined = index + 1; at !== undefined; ) at = declarator(tokens, at, found);
  }
  return found;
}

/** Records the declarator at `at`; returns where the next one begins, if the literal is followed by one. */
function declarator(tokens: readonly Token[], at: number, found: Map<number, string>): number | undefined {
  const name = tokens[at];
  if (name?.kind !== "word") return undefined;
  const assign = assignmentAfter(tokens, at);
  const value = assign === undefined ? undefined : literalAfter(tokens, assign);
  if (value === undefined) return undefined;
  let following = value + 1;
  while (/^(?:newline|comment)$/.test(tokens[following]?.kind ?? "")) following++;
  const next = tokens[following];
  if (continuesExpression(next, tokens[value])) return undefined;
  found.set(value, name.text);
  return next?.text === "," ? following + 1 : undefined;
}

/** Without a semicolon the next line may go on with the expression. */
function continuesExpression(next: Token | undefined, value: Token | undefined): boolean {
  if (next === undefined || next.text === ";" || next.text === ",") return false;
  if (next.line === value?.line) return true;
  if (next.kind === "word") return /^(?:in|instanceof|as|satisfies)$/.test(next.text);
  return next.kind === "opaque" || (next.kind === "punct" && !/^[}@#]$/.test(next.text));
}

/** Index of the `=` that ends `NAME` or `NAME: type`. */
function assignmentAfter(tokens: readonly Token[], name: number): number | undefined {
  const next = tokens[name + 1];
  if (next?.text === "=") return name + 1;
  if (next?.text !== ":") return undefined;
  const depth = tokens[name]?.depth;
  for (let index = name + 2; index < tokens.length; index++) {
    const token = tokens[index];
    if (token === undefined || token.kind === "newline" || token.text === ";") return undefined;
    if (token.depth === depth && token.text === "=") return index;
  }
  return undefined;
}

function literalAfter(tokens: readonly Token[], assign: number): number | undefined {
  const index = tokens[assign + 1]?.text === "-" ? assign + 2 : assign + 1;
  const token = tokens[index];
  const isValue =
    token !== undefined && /^(?:number|string|word)$/.test(token.kind) && parseLiteral(token.text);
  return isValue ? index : undefined;
}

function isAllCaps(name: string): boolean {
  return /^[A-Z_][A-Z\d_]*$/.test(name) && /[A-Z]/.test(name);
}

interface Note {
  readonly body: string;
  readonly line: number;
  readonly start: number;
  /** The last literal before the comment on its line. */
  readonly span: Span | undefined;
}

/** Every comment that says `tune:`. */
function notesOf(tokens: readonly Token[], spans: readonly Span[]): Note[] {
  return tokens.flatMap(({ kind, text, line, start }) => {
    const body = kind === "comment" ? annotationBody(text) : undefined;
    if (body === undefined) return [];
    return [{ body, line, start, span: spans.findLast((span) => span.line === line && span.end <= start) }];
  });
}

/** The key, argument or variable that the literal belongs to, judged by what stands before it on its line. */
function nameNear(tokens: readonly Token[], literal: number): string {
  const line = tokens[literal]?.line;
  let nearest = "value";
  for (let index = literal - 1; tokens[index]?.line === line && tokens[index]?.kind !== "newline"; index--) {
    const token = tokens[index];
    const before = tokens[index - 1];
    const isKey = before?.kind === "word" || before?.kind === "string";
    if (token?.text === ":" && isKey) return unquoted(before.text);
    if (token?.text.endsWith("=") && isKey) return typedName(tokens, index) ?? unquoted(before.text);
    if (token?.kind === "word" && nearest === "value") nearest = token.text;
  }
  return nearest;
}

/** For `name: type = literal`, the name. */
function typedName(tokens: readonly Token[], assign: number): string | undefined {
  const depth = tokens[assign]?.depth;
  for (let index = assign - 1; index > 0; index--) {
    const token = tokens[index];
    if (token === undefined || token.kind === "newline" || /^[,;({]$/.test(token.text)) return undefined;
    const before = tokens[index - 1];
    if (token.text === ":" && token.depth === depth && before?.kind === "word") return before.text;
  }
  return undefined;
}

function unquoted(text: string): string {
  return text.replace(/^["']|["']$/g, "");
}
