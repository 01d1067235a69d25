/** Finds the lines that a model meant: as they are, but for white space, or so much alike that nothing else can be meant. */

export type Replaced =
  | { readonly text: string }
  /** Why nothing was replaced, with the lines that come nearest, for the model to look at. */
  | { readonly problem: string };

/** Alike enough to be meant, and by how much any other place must be less so. */
const [MIN_LIKENESS, MIN_LEAD, MIN_LINE_LIKENESS] = [0.92, 0.05, 0.6];
/** Comparing more lines than that is not worth the wait. */
const MAX_COMPARISONS = 400_000;
const CONTEXT_LINES = 3;

/** Replaces the one place in `text` that `search` means. Line ends of the file stay what they are. */
export function replaceOnce(text: string, search: string, replace: string): Replaced {
  const isCrlf = text.includes("\r\n");
  const plain = (one: string) => one.replaceAll("\r\n", "\n");
  const replaced = replacePlain(plain(text), plain(search), plain(replace));
  return isCrlf && "text" in replaced ? { text: replaced.text.replaceAll("\n", "\r\n") } : replaced;
}

function replacePlain(text: string, search: string, replace: string): Replaced {
  if (search.trim() === "") return { problem: "its `search` is empty; use `content` to write a whole file" };
  const first = text.indexOf(search);
  if (first >= 0) {
    const second = text.indexOf(search, first + 1);
    if (second < 0) return { text: text.slice(0, first) + replace + text.slice(first + search.length) };
    return { problem: `its \`search\` is found at ${placesOf(text, search)}; add lines around it` };
  }
  const lines = text.split("\n");
  const wanted = withoutEdges(search).split("\n");
  const put = withoutEdges(replace);
  for (const form of [(line: string) => line.trimEnd(), (line: string) => line.trim()]) {
    const found = windowsLike(lines, wanted, form);
    const [at] = found;
    if (found.length > 1)
      return {
        problem: `its \`search\` is found at lines ${found.map((one) => one + 1).join(", ")}; add lines around it`,
      };
    if (at !== undefined)
      return { text: put === "" ? spliced(lines, at, wanted.length) : written(lines, at, { wanted, put }) };
  }
  return likeliest(lines, wanted, put);
}

/** Without the empty lines that models leave around a block. */
const withoutEdges = (text: string) => text.replace(/^(?:[ \t]*\n)+/, "").replace(/(?:\n[ \t]*)+$/, "");

function placesOf(text: string, search: string): string {
  const places: number[] = [];
  for (let at = text.indexOf(search); at >= 0 && places.length < 5; at = text.indexOf(search, at + 1))
    places.push(text.slice(0, at).split("\n").length);
  return `lines ${places.join(", ")}`;
}

function windowsLike(
  lines: readonly string[],
  wanted: readonly string[],
  form: (line: string) => string,
): number[] {
  const formed = lines.map(form);
  const sought = wanted.map(form);
  return lines.flatMap((_, at) =>
    at + sought.length <= formed.length && sought.every((line, offset) => formed[at + offset] === line)
      ? [at]
      : [],
  );
}

function spliced(lines: readonly string[], at: number, count: number, ...put: string[]): string {
  return lines.toSpliced(at, count, ...put).join("\n");
}

/** The replacement, indented as the file is where the model indented otherwise throughout. */
function written(
  lines: readonly string[],
  at: number,
  { wanted, put }: { wanted: readonly string[]; put: string },
): string {
  const first = wanted.findIndex((line) => line.trim() !== "");
  const theirs = indentOf(wanted[first] ?? "");
  const ours = indentOf(lines[at + first] ?? "");
  const moved = put.split("\n").map((line) => {
    if (line.trim() === "" || theirs === ours) return line;
    if (line.startsWith(theirs)) return ours + line.slice(theirs.length);
    return line;
  });
  return spliced(lines, at, wanted.length, ...moved);
}

const indentOf = (line: string) => /^[ \t]*/.exec(line)?.[0] ?? "";

function likeliest(lines: readonly string[], wanted: readonly string[], put: string): Replaced {
  if (lines.length * wanted.length > MAX_COMPARISONS) return { problem: "its `search` is not in the file" };
  const sought = wanted.map(pairsOf);
  const have = lines.map(pairsOf);
  let [best, second] = [{ at: 0, likeness: -1, least: 0 }, -1];
  for (let at = 0; at + wanted.length <= lines.length || at === 0; at += 1) {
    const each = sought.map((pairs, offset) => likenessOf(pairs, have[at + offset] ?? EMPTY));
    const likeness = each.reduce((sum, one) => sum + one, 0) / each.length;
    if (likeness > best.likeness) {
      second = best.likeness;
      best = { at, likeness, least: Math.min(...each) };
    } else second = Math.max(second, likeness);
  }
  const isMeant =
    wanted.length >= 2 &&
    best.likeness >= MIN_LIKENESS &&
    best.least >= MIN_LINE_LIKENESS &&
    best.likeness - second >= MIN_LEAD;
  if (isMeant) return { text: written(lines, best.at, { wanted, put }) };
  const from = Math.max(0, best.at - CONTEXT_LINES);
  const near = lines.slice(from, best.at + wanted.length + CONTEXT_LINES).join("\n");
  return { problem: `its \`search\` is not in the file. The nearest lines, from line ${from + 1}:\n${near}` };
}

/** Pairs of neighbouring characters with their counts, of a line without its white space. */
interface Pairs {
  readonly counts: ReadonlyMap<string, number>;
  readonly total: number;
}
const EMPTY: Pairs = { counts: new Map(), total: 0 };

function pairsOf(line: string): Pairs {
  const bare = `^${line.replace(/\s+/g, "").slice(0, 400)}$`;
  const counts = new Map<string, number>();
  for (let at = 0; at + 1 < bare.length; at += 1) {
    const pair = bare.slice(at, at + 2);
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  return { counts, total: bare.length - 1 };
}

/** Dice's coefficient, 0..1. */
function likenessOf(a: Pairs, b: Pairs): number {
  let shared = 0;
  for (const [pair, count] of a.counts) shared += Math.min(count, b.counts.get(pair) ?? 0);
  const total = a.total + b.total;
  return total === 0 ? 1 : (2 * shared) / total;
}
