/**
 * Cuts TypeScript, JavaScript and Python into tokens, so that nothing inside a comment, a string or a
 * regular expression is taken for code. Knows no grammar: an unfinished file still yields tokens.
 */
export type Language = "script" | "python";

type TokenKind = "number" | "string" | "opaque" | "word" | "punct" | "comment" | "newline";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Line of the first character, from 1. */
  readonly line: number;
  /** How many brackets of any sort are open around the token; a bracket counts as outside of itself. */
  readonly depth: number;
  /** The token begins in the first column. */
  readonly firstColumn: boolean;
}

type Rule = readonly [TokenKind | "blank", RegExp];

const NUMBER = /(?:0[xob][\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?)[\p{L}\p{N}_$]*/iuy;
const WORD = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
// Plus and minus stand alone unless doubled, so that a sign before a literal is its own token.
const PUNCT = /\.\.\.|\+\+|--|[+-]=|\/=|[+-]|[=!<>*%&|^?~]+|[\s\S]/uy;
const PLAIN_STRING = /"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/y;
const REST: readonly Rule[] = [
  ["newline", /\n/y],
  ["blank", /[^\S\n]+/y],
];
const TAIL: readonly Rule[] = [
  ["punct", /\.\.\./y],
  ["number", NUMBER],
  ["word", WORD],
];

const RULES: Record<Language, readonly Rule[]> = {
  python: [
    ...REST,
    ["comment", /#[^\n]*/y],
    ["opaque", /[rbuft]{0,2}("""|''')(?:\\[\s\S]|(?!\1)[\s\S])*(?:\1|$)/iy],
    ["string", PLAIN_STRING],
    ["opaque", /[rbuft]{1,2}(?:"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*')/iy],
    ...TAIL,
    ["punct", PUNCT],
  ],
  script: [...REST, ["comment", /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y], ["string", PLAIN_STRING], ...TAIL],
};

const REGEX = /\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
// After one of these words a slash begins a regular expression, after any other it divides.
const BEFORE_REGEX = /^(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield|instanceof)$/;

/** All tokens in order; blanks are left out, newlines are kept. */
export function tokenize(text: string, language: Language): Token[] {
  const tokens: Token[] = [];
  let at = text.startsWith("#!") ? endOfLine(text, 0) : 0;
  let line = 1;
  let depth = 0;
  while (at < text.length) {
    const [kind, end] = cut(text, at, { language, before: lastCode(tokens) });
    const piece = text.slice(at, end);
    if (kind === "punct" && /^[)\]}]$/.test(piece)) depth = Math.max(0, depth - 1);
    const firstColumn = at === 0 || text[at - 1] === "\n";
    if (kind !== "blank") tokens.push({ kind, text: piece, start: at, end, line, depth, firstColumn });
    if (kind === "punct" && /^[([{]$/.test(piece)) depth++;
    line += piece.split("\n").length - 1;
    at = end;
  }
  return tokens;
}

interface Context {
  readonly language: Language;
  readonly before: Token | undefined;
}

function cut(text: string, at: number, context: Context): [TokenKind | "blank", number] {
  for (const [kind, pattern] of RULES[context.language]) {
    const end = match(pattern, text, at);
    if (end > at) return [kind, end];
  }
  if (text[at] === "`") return ["opaque", endOfTemplate(text, at + 1)];
  if (text[at] === "/" && regexMayFollow(context.before)) {
    const end = match(REGEX, text, at);
    if (end > at) return ["opaque", end];
  }
  return ["punct", match(PUNCT, text, at)];
}

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function lastCode(tokens: readonly Token[]): Token | undefined {
  return tokens.findLast((token) => token.kind !== "newline" && token.kind !== "comment");
}

function regexMayFollow(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === "word") return BEFORE_REGEX.test(before.text);
  return before.kind === "punct" && !/^(?:[)\]}]|\+\+|--)$/.test(before.text);
}

/** `at` stands behind the opening backtick; expressions in `${}` may hold strings and templates again. */
function endOfTemplate(text: string, at: number): number {
  let cursor = at;
  while (cursor < text.length) {
    if (text[cursor] === "\\") cursor += 2;
    else if (text[cursor] === "`") return cursor + 1;
    else if (text.startsWith("${", cursor)) cursor = endOfExpression(text, cursor + 2);
    else cursor++;
  }
  return text.length;
}

function endOfExpression(text: string, at: number): number {
  let cursor = at;
  let before: Token | undefined;
  for (let open = 1; open > 0 && cursor < text.length; ) {
    const [kind, end] = cut(text, cursor, { language: "script", before });
    const piece = text.slice(cursor, end);
    if (kind === "punct" && piece === "{") open++;
    if (kind === "punct" && piece === "}") open--;
    if (kind !== "blank" && kind !== "newline" && kind !== "comment")
      before = { kind, text: piece, start: cursor, end, line: 0, depth: open, firstColumn: false };
    cursor = end;
  }
  return cursor;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
