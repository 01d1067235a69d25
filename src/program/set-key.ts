/** Sets one key of the front matter by replacing or inserting its bytes alone; comments and layout elsewhere stay. */

import { isDeepStrictEqual } from "node:util";
import { type Document, isMap, isNode, isScalar, type Node, type Pair, stringify, type YAMLMap } from "yaml";
import { UsageError } from "../core/errors.ts";
import { eolOf } from "./edit.ts";
import { findFrontMatter } from "./front-matter.ts";
import { parseYaml } from "./yaml-text.ts";

export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/**
 * `setKey(source, ["budget", "experiments"], 50)`. Makes the key, its parents and the front matter when they are missing.
 * A front matter that cannot be edited safely is a UsageError, never a guess: the result is read back and compared.
 */
export function setKey(source: string, keyPath: readonly string[], value: Value): string {
  const fence = findFrontMatter(source);
  if (fence.kind === "refused") throw refused(keyPath, fence.cause, fence.line);
  const eol = eolOf(source);
  if (fence.kind === "none") {
    const yaml = stringifyBlock(nested(keyPath, value));
    const start = fence.bodyStart;
    return `${source.slice(0, start)}---${eol}${yaml}${eol}---${eol}${source.slice(start)}`;
  }
  const text = source.slice(fence.start, fence.end);
  const document = parseYaml(text);
  if (document.errors.length > 0 || !(document.contents === null || isMap(document.contents))) {
    throw refused(keyPath, "The front matter has errors.", 1);
  }
  const edited = apply(text, place(document, keyPath, value, { text, eol }));
  if (!isDeepStrictEqual(valuesOf(edited), expected(text, keyPath, value))) {
    throw refused(keyPath, "The front matter is laid out in a way that cannot be edited safely.", 1);
  }
  return source.slice(0, fence.start) + edited + source.slice(fence.end);
}

interface Patch {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Layout {
  readonly text: string;
  readonly eol: string;
}

function apply(text: string, patch: Patch): string {
  return text.slice(0, patch.start) + patch.text + text.slice(patch.end);
}

/** Walks down while maps are there; then replaces the value found or inserts what is missing. */
function place(document: Document, keyPath: readonly string[], value: Value, layout: Layout): Patch {
  let map = document.contents;
  let inFlow = false;
  if (!isMap(map)) return insertAtEnd(layout, nested(keyPath, value));
  for (const [depth, key] of keyPath.entries()) {
    if (!isMap(map)) break;
    inFlow ||= map.flow === true;
    const pair: Pair | undefined = map.items.find((item) => isScalar(item.key) && item.key.value === key);
    const rest = keyPath.slice(depth + 1);
    if (!pair) return insertInto(map, nested([key, ...rest], value), layout);
    const node: unknown = pair.value;
    if (rest.length > 0 && isMap(node)) {
      map = node;
      continue;
    }
    const name =
      isScalar(node) && key === "metric" && typeof node.value === "string" ? { name: node.value } : {};
    const wanted = rest.length > 0 ? { ...name, ...(nested(rest, value) as object) } : value;
    return replace(pair, wanted as Value, { ...layout, inFlow });
  }
  throw new Error("a key path is never empty");
}

function replace(pair: Pair, value: Value, layout: Layout & { inFlow: boolean }): Patch {
  const node = isNode(pair.value) ? pair.value : undefined;
  const key = pair.key as Node;
  const written = layout.inFlow || isMap(value as object) ? flow(value) : scalarOrFlow(value);
  const [start, end] = node?.range ?? [0, 0];
  const empty = !node || start === end;
  if (empty) {
    const colon = layout.text.indexOf(":", key.range?.[1] ?? 0) + 1;
    return { start: colon, end: colon, text: ` ${written}` };
  }
  const kept = layout.text.slice(start, end).trimEnd();
  const column = start - (layout.text.lastIndexOf("\n", start - 1) + 1);
  const keyColumn = columnOf(layout.text, key.range?.[0] ?? 0);
  const ownLine = layout.text.slice(start - column, start).trim() === "";
  const indent = ownLine && column <= keyColumn ? " ".repeat(keyColumn + 2 - column) : "";
  return { start, end: start + kept.length, text: indent + written };
}

function insertInto(map: YAMLMap, entry: Value, layout: Layout): Patch {
  const last = map.items.at(-1);
  const inner = flow(entry).replace(/^\{ | \}$/g, "");
  if (!last) {
    const close = (map.range?.[1] ?? 1) - 1;
    return { start: close, end: close, text: ` ${inner} ` };
  }
  const end = endOfPair(last);
  if (map.flow) return { start: end, end, text: `, ${inner}` };
  const column = columnOf(layout.text, (last.key as Node).range?.[0] ?? 0);
  const body = layout.text.slice(0, end).trimEnd().length;
  const lineBreak = layout.text.indexOf("\n", body);
  const line = " ".repeat(column) + stringifyBlock(entry);
  if (lineBreak === -1)
    return { start: layout.text.length, end: layout.text.length, text: layout.eol + line };
  return { start: lineBreak + 1, end: lineBreak + 1, text: line + layout.eol };
}

function insertAtEnd(layout: Layout, entry: Value): Patch {
  const end = layout.text.length;
  const gap = layout.text === "" || layout.text.endsWith("\n") ? "" : layout.eol;
  return { start: end, end, text: gap + stringifyBlock(entry) + layout.eol };
}

function endOfPair(pair: Pair): number {
  const value = isNode(pair.value) ? pair.value.range?.[1] : undefined;
  return Math.max(value ?? 0, (pair.key as Node).range?.[1] ?? 0);
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf("\n", offset - 1) + 1);
}

function nested(keyPath: readonly string[], value: Value): Value {
  return keyPath.reduceRight<Value>((inner, key) => ({ [key]: inner }), value);
}

/** `key: value` on one line, maps and lists inside it in flow style. */
export function stringifyBlock(entry: Value): string {
  return Object.entries(entry as object)
    .map(([key, value]) => `${scalarOrFlow(key)}: ${scalarOrFlow(value as Value)}`)
    .join("\n");
}

const ONE_LINE = {
  lineWidth: 0,
  blockQuote: false,
  compat: "yaml-1.1",
  flowCollectionPadding: true,
} as const;

function flow(value: Value): string {
  const inside = stringify([value], { ...ONE_LINE, collectionStyle: "flow" }).trim();
  return joined(inside).replace(/^\[\s*|\s*\]$/g, "");
}

function scalarOrFlow(value: Value): string {
  if (typeof value === "object") {
    const text = joined(stringify(value, { ...ONE_LINE, collectionStyle: "flow" }).trim());
    return Array.isArray(value) ? text.replace(/^\[ | \]$/g, (edge) => edge.trim()) : text;
  }
  return stringify(value, ONE_LINE).trimEnd();
}

/** yaml breaks long flow collections over lines; line breaks inside quotes are already escapes. */
function joined(text: string): string {
  return text.replace(/\n\s*/g, " ").replace(/,(?= [}\]])/g, "");
}

function valuesOf(text: string): unknown {
  const document = parseYaml(text);
  return document.errors.length > 0 ? undefined : (document.toJS({ maxAliasCount: 0 }) ?? {});
}

function expected(text: string, keyPath: readonly string[], value: Value): unknown {
  const root = valuesOf(text);
  let map = root as Record<string, unknown>;
  for (const key of keyPath.slice(0, -1)) {
    const inner = map[key];
    const name = key === "metric" && typeof inner === "string" ? { name: inner } : {};
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) map[key] = name;
    map = map[key] as Record<string, unknown>;
  }
  map[keyPath.at(-1) ?? ""] = value;
  return root;
}

function refused(keyPath: readonly string[], cause: string, line: number): UsageError {
  return new UsageError(`${keyPath.join(".")} cannot be set: ${cause}`, {
    place: `program.md:${line}`,
    next: "Write it into the front matter of program.md by hand.",
  });
}
