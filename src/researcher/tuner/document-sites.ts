/**
 * Finds scalars that may be knobs in JSON and YAML: numbers at keys, and in YAML any scalar whose line ends in a
 * `# tune:` comment. The name is the key path.
 */
import { isMap, isScalar, isSeq, Lexer, LineCounter, parseAllDocuments, type Scalar } from "yaml";
import { annotationBody } from "./annotation.ts";
import type { Literal } from "./literal.ts";
import { parseLiteral } from "./literal.ts";
import type { Site } from "./site.ts";

interface Leaf {
  readonly name: string;
  readonly inList: boolean;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly literal: Literal;
}

/** Every numeric leaf and every annotated place, in order. A document that does not parse is an error text. */
export function documentSites(text: string): Site[] | { readonly error: string; readonly line: number } {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, logLevel: "silent" });
  if (!Array.isArray(documents)) return [];
  const leaves: Leaf[] = [];
  for (const document of documents) {
    const error = document.errors[0];
    if (error) return { error: error.message.split("\n")[0] ?? "", line: lines.linePos(error.pos[0]).line };
    collect(document.contents, { path: [], text, lines, leaves });
  }
  return toSites(leaves, commentsByLine(text, lines));
}

interface Walk {
  readonly path: readonly string[];
  readonly text: string;
  readonly lines: LineCounter;
  readonly leaves: Leaf[];
}

function collect(node: unknown, walk: Walk): void {
  if (isMap(node))
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : "?";
      collect(value, { ...walk, path: [...walk.path, name] });
    }
  else if (isSeq(node))
    for (const [index, item] of node.items.entries())
      collect(item, { ...walk, path: [...walk.path, `[${index}]`] });
  else if (isScalar(node)) addLeaf(node, walk);
}

function addLeaf(node: Scalar, walk: Walk): void {
  const [start, end] = node.range ?? [0, 0];
  const source = walk.text.slice(start, end);
  const literal = scalarLiteral(node, source);
  if (literal === undefined) return;
  const name = walk.path.join(".").replaceAll(".[", "[");
  const { line } = walk.lines.linePos(start);
  walk.leaves.push({ name, inList: walk.path.at(-1)?.startsWith("[") ?? true, start, end, line, literal });
}

function scalarLiteral(node: Scalar, source: string): Literal | undefined {
  const literal = parseLiteral(source);
  if (literal !== undefined && typeof literal.value === typeof node.value) return literal;
  const isBare = node.type === "PLAIN" && typeof node.value === "string" && !source.includes("\n");
  return isBare ? { value: source, style: { kind: "string", quote: "" } } : undefined;
}

interface Comment {
  readonly start: number;
  readonly line: number;
  readonly body: string;
}

function commentsByLine(text: string, lines: LineCounter): Comment[] {
  const comments: Comment[] = [];
  let at = 0;
  let isScalarNext = false;
  for (const lexeme of new Lexer().lex(text)) {
    // Control characters of the lexer that stand for no source text; a scalar follows \x1f.
    const isMark = lexeme === "\x02" || lexeme === "\x18" || lexeme === "\x1f";
    if (!isMark && lexeme.startsWith("#") && !isScalarNext) {
      const body = annotationBody(lexeme);
      if (body !== undefined) comments.push({ start: at, line: lines.linePos(at).line, body });
    }
    isScalarNext = lexeme === "\x1f";
    if (!isMark) at += lexeme.length;
  }
  return comments;
}

function toSites(leaves: readonly Leaf[], comments: readonly Comment[]): Site[] {
  const sites: Site[] = [];
  const owner = (comment: Comment) =>
    leaves.findLast((leaf) => leaf.line === comment.line && leaf.end <= comment.start);
  for (const { inList, ...leaf } of leaves) {
    const onLine = comments.filter((comment) => comment.line === leaf.line);
    if (onLine.some((comment) => comment.body === "off")) continue;
    const annotation = onLine.find((comment) => owner(comment)?.start === leaf.start)?.body;
    if (annotation !== undefined) sites.push({ ...leaf, annotation });
    else if (!inList && typeof leaf.literal.value === "number") sites.push(leaf);
  }
  for (const { start, line, body } of comments.filter(
    (comment) => owner(comment) === undefined && comment.body !== "off",
  ))
    sites.push({ name: "", start, end: start, line, literal: undefined, annotation: body });
  return sites;
}
