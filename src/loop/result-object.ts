/** Reads the one JSON object of numbers that a command writes to its result descriptor. Knows text only. */

import { RESULT_BYTES } from "../core/sandbox.ts";

const METRIC_NAME = /^[A-Za-z_][\w.-]*$/;
const SHOWN_CHARACTERS = 60;

/**
 * The numbers by name, or why there are none, in words. Stricter than for printed lines: who holds the descriptor is
 * trusted, so that anything odd means that somebody else holds it too.
 */
export function readResultObject(text: string): ReadonlyMap<string, number> | string {
  if (text.trim() === "") return "the command wrote nothing to descriptor 3";
  if (Buffer.byteLength(text) > RESULT_BYTES)
    return `the command wrote more than ${RESULT_BYTES / 1024} KiB to descriptor 3`;
  const object = parsed(text);
  if (object === undefined) return whyNot(text);
  const entries = Object.entries(object);
  // An object of numbers holds no strings but its names; JSON.parse would keep the last of two equal ones.
  const strings = text.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  for (const [name, value] of entries) {
    if (!METRIC_NAME.test(name)) return `${shown(name)} on descriptor 3 is not a metric name`;
    if (typeof value !== "number") return `${name} on descriptor 3 is ${shown(value)}, not a number`;
    if (!Number.isFinite(value)) return `${name} on descriptor 3 was ${value}`;
  }
  if (strings.length > entries.length) return "a metric was written twice to descriptor 3: which one counts?";
  return new Map(entries as [string, number][]);
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function whyNot(text: string): string {
  const first = /^\s*\{[^{}]*\}/.exec(text)?.[0];
  if (first === undefined || parsed(first) === undefined || first.length === text.trimEnd().length)
    return `what came on descriptor 3 is not a JSON object of numbers: ${shown(text)}`;
  const rest = text.slice(first.length).trim();
  return `descriptor 3 was written to again after the first object: ${shown(rest)}. That is suspicious: one process should hold it, and write once`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)} …`;
}
