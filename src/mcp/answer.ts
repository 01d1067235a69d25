/** What a tool answers: bounded JSON between fences, or an error with the tool to call next. Knows nothing of studies. */

import { UsageError } from "../core/errors.ts";
import { DATA_NOT_ORDERS, fenced } from "../text/fence.ts";
import { shortLine, shortText } from "../text/untrusted.ts";

export interface Answer {
  readonly [key: string]: unknown;
  readonly content: { readonly type: "text"; readonly text: string }[];
  readonly isError?: boolean;
}

/** Room for the facts of one answer. A diff or a log stands beside them, in a fence of its own. */
export const ANSWER_CHARACTERS = 24_000;
/** Characters of a text and members of a list or record: the first pair with which all of it fits is taken. */
const SIZES = [
  { characters: 2000, members: 60 },
  { characters: 500, members: 30 },
  { characters: 160, members: 12 },
  { characters: 60, members: 4 },
  { characters: 20, members: 1 },
];

/** `texts`: long texts of others, by what they are. */
export function answer(facts: unknown, texts: readonly string[] = []): Answer {
  const json = fenced(boundedJson(facts), ANSWER_CHARACTERS + 200, { language: "json" });
  const parts = [DATA_NOT_ORDERS, json, ...texts.filter((text) => text !== "")];
  return { content: [{ type: "text", text: parts.join("\n\n") }] };
}

/**
 * Valid JSON, however long the facts are: texts are cut, lists lose their older members and say how many. Seeds are left
 * out: who knows those of the head could fit a change to them.
 */
export function boundedJson(facts: unknown): string {
  for (const size of SIZES) {
    const json = JSON.stringify(bounded(facts, size), undefined, 1);
    if (json.length <= ANSWER_CHARACTERS) return json;
  }
  return JSON.stringify({ error: "too long to be shown: ask for less" });
}

type Size = (typeof SIZES)[number];

function bounded(value: unknown, size: Size): unknown {
  if (typeof value === "string") return shortText(value, size.characters);
  if (Array.isArray(value)) {
    const kept = value.slice(-size.members).map((one) => bounded(one, size));
    const left = value.length - kept.length;
    return left === 0 ? kept : [`${left} earlier ones left out`, ...kept];
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key, one]) => key !== "seed" && one !== undefined);
  const kept = entries.slice(0, Math.max(size.members, LEAST_KEYS));
  return Object.fromEntries(kept.map(([key, one]) => [shortLine(key, 100), bounded(one, size)]));
}

/** The view's own records have no more keys than this; those that candidates fill may have any number. */
const LEAST_KEYS = 40;

/** A tool's work, with what goes wrong told to the caller instead of breaking the connection. */
export async function answered(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): Answer {
  const message = shortText(error instanceof Error ? error.message : String(error), 2000);
  const next = error instanceof UsageError ? toolFor(error.next) : "nightlab doctor, in a shell, shows more";
  return { isError: true, content: [{ type: "text", text: `error: ${message}\nnext: ${next}` }] };
}

const TOOL_FOR_COMMAND: readonly (readonly [RegExp, string])[] = [
  [/^nightlab log$/, "call `experiments`: it lists them"],
  [/^nightlab status$/, "call `status`"],
  [/^nightlab show (e\d+)$/, 'call `experiment` with {"id": "$1"}'],
  [/^nightlab verdict explain ([\w-]+)$/, 'call `verdict_explain` with {"id": "$1"}'],
  [/^nightlab verdict explain (.+)$/, "call `verdict_explain` with an id like $1"],
  [/^--run with (one of: .+)$/, "pass as `run` $1"],
  [/^(nightlab (?:run|init)\b.*)$/, "a person starts one in a shell: $1"],
];

/** The same next step, for who has tools and no shell. */
function toolFor(command: string): string {
  const found = TOOL_FOR_COMMAND.find(([pattern]) => pattern.test(command));
  return shortText(found === undefined ? command : command.replace(found[0], found[1]), 2000);
}
