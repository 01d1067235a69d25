/** What a candidate may change. Pure: judges the list of changes, never the disk. */

import { posix } from "node:path";
import type { Change } from "./workspace.ts";

const MAX_FILES = 500;
const MAX_BYTES = 20 * 1024 * 1024;

/**
 * True when `path` is a path that `globs` names, matches one of them, or lies below a folder that either does. Names that
 * begin with a dot match like any other. A glob that is also a plain name, such as `[id].ts`, names that file too.
 */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  const named = globs.map((glob) => glob.replace(/\/+$/, ""));
  const patterns = named.flatMap((glob) => {
    const shown = showDots(glob.replace(STAR_DOT, "$1{$2.$3,.$3}"));
    return [shown, `${shown}/**`];
  });
  return (path) =>
    named.some((name) => path === name || path.startsWith(`${name}/`)) ||
    patterns.some((pattern) => posix.matchesGlob(showDots(path), pattern));
}

// matchesGlob keeps `*` and `**` from matching a leading dot: `data/**` would leave data/.secret unprotected.
const showDots = (text: string) => text.replace(/(^|[/{,(|])\./g, "$1\u{e000}");

// Its dot hidden from matchesGlob, .env no longer ends in `.env`: `*.env` is tried as `{*.env,.env}`.
const STAR_DOT = /(^|[/{,(|])(\*+)\.([^/{},()|]*)/g;

export function matchesScope(path: string, globs: readonly string[]): boolean {
  return globMatcher(globs)(path);
}

/** Why these changes are out of scope, or undefined when all are allowed. Protected wins over editable. */
export function scopeProblem(
  changes: readonly Change[],
  rule: { readonly edit: readonly string[]; readonly protect: readonly string[] },
): string | undefined {
  if (changes.length > MAX_FILES) return `changes ${changes.length} files, more than ${MAX_FILES}`;
  const bytes = changes.reduce((sum, change) => sum + change.bytes, 0);
  if (bytes > MAX_BYTES) return `changed files hold ${bytes} bytes, more than ${MAX_BYTES}`;
  for (const change of changes) {
    const problem = changeProblem(change, rule);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function changeProblem(
  { path, mode }: Change,
  rule: { readonly edit: readonly string[]; readonly protect: readonly string[] },
): string | undefined {
  if (posix.isAbsolute(path) || path.split("/").some((part) => part === ".." || /^\.git$/i.test(part))) {
    return `${path}: not a path inside the repository`;
  }
  if (mode === "symlink" || mode === "submodule") return `${path}: a ${mode} may not be added or changed`;
  if (matchesScope(path, rule.protect)) return `${path} is protected`;
  if (!matchesScope(path, rule.edit))
    return `${path} is not among the editable files (${rule.edit.join(", ")})`;
  return undefined;
}
