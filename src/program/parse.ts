/** From the text of program.md to a Program and a list of problems. Opens no file and executes nothing. */

import { basename } from "node:path";
import type { Program, Role } from "../core/program.ts";
import { builtInRole } from "./built-in-roles.ts";
import { bodyOf, type Fence, findFrontMatter } from "./front-matter.ts";
import { findingsOf } from "./issue.ts";
import { proseOf } from "./passages.ts";
import { type Finding, type Problem, problemsOf } from "./problem.ts";
import { frontMatterSchema, type Written } from "./schema.ts";
import { type Markdown, readMarkdown } from "./sections.ts";
import { settle } from "./settings.ts";
import { type KeyPath, readYaml } from "./yaml-text.ts";

/** Text of a file named relative to program.md, or undefined when there is none. */
export type Linked = (relativePath: string) => string | undefined;

export interface Parsed {
  /** Present when no problem is an error. */
  readonly program?: Program;
  readonly problems: readonly Problem[];
}

/** Nested or repeated Markdown costs the parser more than its length; these bound that to about a second. */
const MAX_CHARACTERS = 100_000;
const MAX_LINES = 3000;
const MAX_LINE = 10_000;
const MAX_QUOTES = 20;

/** `path` is for messages. Without `linked`, roles and patches in other files are neither read nor checked. */
export function parseProgram(source: string, path: string, linked?: Linked): Parsed {
  return parseWithRoles(source, path, { ...(linked && { linked }), roleFiles: [] });
}

/** `roleFiles` are files of roles/ that program.md need not mention, relative to it. */
export function parseWithRoles(
  source: string,
  path: string,
  files: { readonly linked?: Linked; readonly roleFiles: readonly string[] },
): Parsed {
  const unreadable = refuseText(source);
  if (unreadable) return { problems: problemsOf([unreadable], path) };
  const fence = findFrontMatter(source);
  if (fence.kind === "refused") return { problems: problemsOf([fence], path) };
  const body = bodyOf(source, fence);
  const front = readFront(source, fence);
  const markdown = readMarkdown(body, path);
  if (!front.written) return { problems: problemsOf([...front.findings, ...markdown.findings], path) };
  const { settings, findings } = settle({
    written: front.written,
    prose: proseOf(markdown.root, body),
    ideas: markdown.ideas,
    fileName: basename(path),
    proseOnly: fence.kind === "none",
    lineOf: front.lineOf,
  });
  const roles = rolesOf(markdown, front.written, files);
  const linkFindings = files.linked ? checkLinks(markdown, front, { roles, linked: files.linked }) : [];
  const problems = problemsOf([...front.findings, ...findings, ...markdown.findings, ...linkFindings], path);
  if (!settings || problems.some((problem) => problem.severity === "error")) return { problems };
  return { program: { path, source, ...settings, ...pick(markdown), roles }, problems };
}

function pick({ sections, ideas }: Markdown): Pick<Program, "sections" | "ideas"> {
  return { sections, ideas };
}

interface Front {
  readonly written?: Written;
  readonly findings: readonly Finding[];
  readonly lineOf: (path: KeyPath) => number;
}

function readFront(source: string, fence: Fence): Front {
  if (fence.kind !== "found") return { written: {}, findings: [], lineOf: () => 1 };
  const yaml = readYaml(source.slice(fence.start, fence.end), 2);
  const lineOf = (path: KeyPath) => yaml.locate(path, { key: typeof path.at(-1) === "string" }).line;
  if (yaml.findings.length > 0) return { findings: yaml.findings, lineOf };
  const read = frontMatterSchema.safeParse(yaml.value);
  if (read.success) return { written: read.data, findings: [], lineOf };
  return { findings: findingsOf(read.error.issues, yaml), lineOf };
}

function rolesOf(
  { roles }: Markdown,
  written: Written,
  files: { readonly linked?: Linked; readonly roleFiles: readonly string[] },
): Role[] {
  const wanted = (written.researchers ?? []).flatMap(({ role }) =>
    role !== undefined && /^[\w-]+$/.test(role) ? [role] : [],
  );
  const paths = [...new Set([...files.roleFiles, ...wanted.map((role) => `roles/${role}.md`)])];
  const fromFiles = paths.flatMap((path): Role[] => {
    const text = files.linked?.(path);
    return text === undefined ? [] : [{ name: basename(path, ".md"), text: text.trim(), path }];
  });
  const found = [...roles, ...fromFiles];
  const isFound = (name: string) => found.some((role) => role.name.toLowerCase() === name.toLowerCase());
  const missing = new Set(wanted.filter((name) => !isFound(name)).map((name) => name.toLowerCase()));
  return [...found, ...[...missing].flatMap((name) => builtInRole(name, "nightlab") ?? [])];
}

function checkLinks(
  markdown: Markdown,
  front: Front,
  files: { readonly roles: readonly Role[]; readonly linked: Linked },
): Finding[] {
  const names = files.roles.map((role) => role.name.toLowerCase());
  const twice = files.roles.filter((role, index) => names.indexOf(role.name.toLowerCase()) !== index);
  const findings: Finding[] = twice.map((role) => {
    const line = markdown.sections.find((section) => section.title === role.name)?.line ?? 1;
    return { line, cause: `The role \`${role.name}\` is written twice.`, fix: "Keep one of the two." };
  });
  for (const [index, { role }] of (front.written?.researchers ?? []).entries()) {
    if (role === undefined || names.includes(role.toLowerCase())) continue;
    const cause = `The role \`${role}\` is not written anywhere.`;
    const fix = `Add \`### ${role}\` under \`## Roles\`, or the file roles/${role}.md.`;
    findings.push({ line: front.lineOf(["researchers", index, "role"]), cause, fix });
  }
  for (const { line, patch } of markdown.ideas) {
    if (patch === undefined || files.linked(patch) !== undefined) continue;
    const fix = "Correct the path, which is relative to program.md.";
    findings.push({ line, severity: "warning", cause: `The patch ${patch} is not there.`, fix });
  }
  return findings;
}

function refuseText(source: string): Finding | undefined {
  if (/^\uFEFF?\s*$/.test(source)) {
    return { line: 1, cause: "The file is empty.", fix: "Run `nightlab init` to write a first program.md." };
  }
  const nul = source.indexOf("\0");
  if (nul !== -1) {
    const line = source.slice(0, nul).split("\n").length;
    return { line, cause: "This file is not text.", fix: "Save program.md as UTF-8 text." };
  }
  const lines = source.split("\n");
  const fix = "Keep program.md short; move long prose to other files, such as roles/architect.md.";
  if (source.length > MAX_CHARACTERS) {
    const cause = `The file has ${source.length} characters; at most ${MAX_CHARACTERS} are read.`;
    return { line: 1, cause, fix };
  }
  if (lines.length > MAX_LINES) {
    return {
      line: MAX_LINES + 1,
      cause: `The file has ${lines.length} lines; at most ${MAX_LINES} are read.`,
      fix,
    };
  }
  const long = lines.findIndex((line) => line.length > MAX_LINE);
  if (long !== -1) {
    const cause = `This line has ${lines[long]?.length} characters; at most ${MAX_LINE} are read.`;
    return { line: long + 1, cause, fix: "Break the line, or move its content to another file." };
  }
  const quoted = lines.findIndex((line) => /^(?:[ \t]*>){21}/.test(line));
  if (quoted === -1) return undefined;
  const cause = `Quotes are nested more than ${MAX_QUOTES} deep.`;
  return { line: quoted + 1, cause, fix: "Remove most of the `>` signs." };
}
