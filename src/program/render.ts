/** Writes a new program.md for `nightlab init`: settings as pleasant YAML, and the headings to fill in. */

import type { Program, ResearcherSpec } from "../core/program.ts";
import { goalOfName } from "./metric-settings.ts";
import { stringifyBlock, type Value } from "./set-key.ts";
import { alwaysProtected } from "./settings.ts";
import { formatDuration, formatSize } from "./units.ts";

/** What must be known, and whatever else is; what is left out or equals its default is not written. */
export type Draft = Pick<Program, "metric" | "measure" | "edit"> &
  Partial<Omit<Program, "source" | "sections" | "ideas" | "roles" | "inferred">>;

/** The block with both fences and a final line break. `parseProgram` reads the same settings back. */
export function renderFrontMatter(draft: Draft): string {
  const lines = Object.entries(entriesOf(draft))
    .filter(([, value]) => isSaid(value))
    .map(([key, value]) => stringifyBlock({ [key]: value as Value }));
  return `---\n${lines.join("\n")}\n---\n`;
}

/** A whole new program.md. `ideas` are lines without their checkbox. */
export function renderProgram(
  draft: Draft,
  words: { readonly mission?: string; readonly ideas?: readonly string[] } = {},
): string {
  const { name, goal } = draft.metric;
  const way = goal === "minimize" ? "Lower" : "Raise";
  const mission =
    words.mission ?? `${way} ${name}. Say here what matters besides the number, and what is out of bounds.`;
  const ideas = (words.ideas ?? ["The first thing you would try"]).map((idea) => `- [ ] ${idea}`);
  const roles = [...new Set((draft.researchers ?? []).flatMap(({ role }) => role ?? []))];
  const roleText = roles.map(
    (role) => `### ${role}\n\nHow this researcher thinks, and what it leaves alone.\n\n`,
  );
  return [
    renderFrontMatter(draft),
    `# Mission\n\n${mission}\n\n`,
    `## Roles\n\n${roleText.join("")}`,
    "## Priorities\n\n1. What to look at first.\n\n",
    `## Ideas\n\n${ideas.join("\n")}\n`,
  ].join("");
}

function entriesOf(draft: Draft): Record<string, unknown> {
  const always = alwaysProtected(draft.path?.split("/").at(-1) ?? "program.md");
  return {
    metric: metricEntry(draft.metric, draft.measure),
    constraints: draft.constraints?.map((constraint) => constraint.text),
    setup: draft.setup,
    measure: draft.measure,
    result_file: draft.resultFile,
    result_fd: draft.resultFd,
    artifact: draft.artifact?.length === 1 ? draft.artifact[0] : draft.artifact,
    evaluate: draft.evaluate,
    holdout: draft.holdout,
    checks: draft.checks,
    edit: draft.edit,
    protect: draft.protect?.filter((glob) => !always.includes(glob)),
    link: draft.link,
    copy: draft.copy,
    env: draft.env,
    pass_env: draft.passEnv,
    limits: draft.limits && limitsEntry(draft.limits),
    sandbox: unless(draft.sandbox, "auto"),
    budget: draft.budget && budgetEntry(draft.budget),
    risk: unless(draft.risk, "balanced"),
    parallel: unless(draft.parallel, 1),
    researchers: draft.researchers?.map(researcherEntry),
  };
}

/** Only what parsing would not infer: `val_bpb` alone when its direction goes with its name. */
function metricEntry(metric: Draft["metric"], measure: string): Value {
  const { name, goal, unit, minEffect, seeded, timing } = metric;
  const isTiming = name === "wall_seconds" || name === "cpu_seconds" || unit === "s" || unit === "ms";
  const entry = said({
    name,
    goal,
    unit,
    min_effect: minEffect,
    seeded: unless(seeded, /\{seed\}|NIGHTLAB_SEED/.test(measure)),
    timing: unless(timing, isTiming),
  });
  return Object.keys(entry).length === 2 && goalOfName(name) === goal ? name : entry;
}

function limitsEntry(limits: Program["limits"]): Value {
  return said({
    time: unless(formatDuration(limits.timeMs), "10m"),
    memory: limits.memoryBytes && formatSize(limits.memoryBytes),
    network: unless(limits.network, "none"),
    output: unless(formatSize(limits.outputBytes), "50MB"),
  });
}

function budgetEntry({ timeMs, ...rest }: Program["budget"]): Value {
  return said({ ...rest, time: timeMs && formatDuration(timeMs) });
}

function researcherEntry(spec: ResearcherSpec): Value {
  const { kind, ...rest } = spec;
  if (kind === "tuner" || kind === "ideas") return kind;
  if (spec.kind !== "model") return said(rest);
  const { kind: _, baseUrl: base_url, keyEnv: api_key_env, ...others } = spec;
  return said({ ...others, base_url, api_key_env });
}

function unless<T>(value: T, usual: T): T | undefined {
  return value === usual ? undefined : value;
}

function said(entry: Record<string, unknown>): { readonly [key: string]: Value } {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => isSaid(value))) as Record<
    string,
    Value
  >;
}

function isSaid(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return value !== undefined;
  return Object.keys(value).length > 0;
}
