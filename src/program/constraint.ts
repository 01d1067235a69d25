/** Reads one line of `constraints:`. Knows the grammar and the units, not whether the bound holds. */

import type { Constraint } from "../core/metric.ts";
import { parseDuration, parseSize } from "./units.ts";

export interface Refusal {
  readonly cause: string;
  readonly fix: string;
}

/** Short names of what nightlab measures itself. */
const ALIASES: Readonly<Record<string, string>> = { memory: "peak_memory_bytes", time: "wall_seconds" };
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

export function parseConstraint(text: string): Constraint | Refusal {
  const match = /^([A-Za-z_][\w.-]*)\s*(<=|>=|≤|≥|==|=|<|>)\s*(\S.*)$/.exec(text.trim());
  if (!match) {
    const cause = `The constraint "${text}" has no bound.`;
    return {
      cause,
      fix: "Write a metric, `<=` or `>=`, and a limit, such as `memory <= 1.1x` or `size_kb <= 120`.",
    };
  }
  const [, name = "", sign = "", limit = ""] = match;
  const relation = { "<=": "<=", "≤": "<=", ">=": ">=", "≥": ">=" }[sign] as "<=" | ">=" | undefined;
  if (!relation) {
    const wish = sign === ">" ? ">=" : "<=";
    return { cause: `A constraint cannot use \`${sign}\`.`, fix: `Write \`${name} ${wish} ${limit}\`.` };
  }
  const metric = ALIASES[name] ?? name;
  const bound = parseBound({ name, metric, relation, limit: limit.trim() });
  return "cause" in bound ? bound : { metric, relation, bound, text: text.trim() };
}

interface Limit {
  readonly name: string;
  readonly metric: string;
  readonly relation: string;
  readonly limit: string;
}

function parseBound({ name, metric, relation, limit }: Limit): Constraint["bound"] | Refusal {
  const start = `${name} ${relation}`;
  const factor = /^(\S+?)\s*[x×]$/.exec(limit)?.[1];
  if (factor !== undefined && NUMBER.test(factor) && Number(factor) > 0) {
    return { kind: "relative", factor: Number(factor) };
  }
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(limit)?.[1];
  if (percent !== undefined) {
    const fix = `A limit relative to the head ends in x: write \`${start} ${Number(percent) / 100}x\`.`;
    return { cause: `The limit \`${limit}\` is a percentage.`, fix };
  }
  const value = parseAbsolute(metric, limit);
  if (value === undefined) {
    const fix = `Write \`${start} ${exampleLimit(metric)}\`, or a limit relative to the head, \`${start} 1.1x\`.`;
    return { cause: `The limit \`${limit}\` of ${name} is not ${wantedLimit(metric)}.`, fix };
  }
  if (name !== metric && NUMBER.test(limit)) {
    const unit = metric.endsWith("_bytes") ? "MB" : "s";
    const fix = `Write \`${start} ${limit}${unit}\`, or \`${start} ${limit}x\` for a limit relative to the head.`;
    return { cause: `The limit \`${limit}\` of ${name} has no unit.`, fix };
  }
  return { kind: "absolute", value };
}

/** In units of the metric, which its name carries: bytes, seconds, or a bare number. */
function parseAbsolute(metric: string, limit: string): number | undefined {
  if (NUMBER.test(limit)) return Number.isFinite(Number(limit)) ? Number(limit) : undefined;
  if (metric.endsWith("_bytes")) return parseSize(limit);
  const ms = metric.endsWith("_seconds") ? parseDuration(limit) : undefined;
  return ms === undefined ? undefined : ms / 1000;
}

function exampleLimit(metric: string): string {
  return metric.endsWith("_bytes") ? "2GB" : metric.endsWith("_seconds") ? "20s" : "120";
}

function wantedLimit(metric: string): string {
  if (metric.endsWith("_bytes")) return "a size";
  return metric.endsWith("_seconds") ? "a duration" : "a plain number in the unit of the metric";
}
