/** What a candidate may change. Pure: judges the list of changes, never the disk. */

import { posix } from "node:path";
import type { Program } from "./program.ts";
import type { Change } from "./workspace.ts";

const MAX_FILES = 500;
const MAX_BYTES = 20 * 1024 * 1024;

/**
 * True when `path` is a path that `globs` names, matches one of them, or lies below a folder that either does. Names that
 * begin with a dot match like any other. A glob that is also a plain name, such as `[id].ts`, names that file too.
 */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  const anywhere = new Set(globs.flatMap((glob) => ANYWHERE.exec(glob)?.[1] ?? []));
  const named = globs.filter((glob) => !ANYWHERE.test(glob)).map((glob) => glob.replace(/\/+$/, ""));
  const patterns = named.flatMap((glob) => {
    const shown = showDots(glob.replace(STAR_DOT, "$1{$2.$3,.$3}"));
    return [shown, `${shown}/**`];
  });
  return (path) =>
    (anywhere.size > 0 && path.split("/").some((part) => anywhere.has(part))) ||
    named.some((name) => path === name || path.startsWith(`${name}/`)) ||
    patterns.some((pattern) => posix.matchesGlob(showDots(path), pattern));
}

// `**/name` and `**/name/**`: there may be a hundred of them, and a look into a set is a thousand times as fast.
const ANYWHERE = /^\*\*\/([\w.-]+)(?:\/\*\*)?$/;

// matchesGlob keeps `*` and `**` from matching a leading dot: `data/**` would leave data/.secret unprotected.
const showDots = (text: string) => text.replace(/(^|[/{,(|])\./g, "$1\u{e000}");

// Its dot hidden from matchesGlob, .env no longer ends in `.env`: `*.env` is tried as `{*.env,.env}`.
const STAR_DOT = /(^|[/{,(|])(\*+)\.([^/{},()|]*)/g;

type ScopeRule = Pick<Program, "edit" | "protect" | "steering">;

/** Why these changes are out of scope, or undefined when all are allowed. Protected wins over editable. */
export function scopeProblem(changes: readonly Change[], rule: ScopeRule): string | undefined {
  if (changes.length > MAX_FILES) return `changes ${changes.length} files, more than ${MAX_FILES}`;
  const bytes = changes.reduce((sum, change) => sum + change.bytes, 0);
  if (bytes > MAX_BYTES) return `changed files hold ${bytes} bytes, more than ${MAX_BYTES}`;
  const isAllowed = scopeOf(rule);
  const problemOf = ({ path, mode }: Change) =>
    mode === "symlink" || mode === "submodule"
      ? `${path}: a ${mode} may not be added or changed`
      : isAllowed(path);
  return changes.map(problemOf).find((problem) => problem !== undefined);
}

/** Tells of a path why no candidate may change it; undefined when one may. */
export function scopeOf(rule: ScopeRule): (path: string) => string | undefined {
  const isSteering = globMatcher(rule.steering.map(oneSpelling));
  const isProtected = globMatcher(rule.protect.map(oneSpelling));
  const isEditable = globMatcher(rule.edit);
  return (path) => {
    const plain = oneSpelling(path);
    if (
      posix.isAbsolute(path) ||
      plain.split("/").some((part) => part === ".." || /^(?:\.git|git~\d)$/.test(part))
    )
      return `${path}: not a path inside the repository`;
    if (/\p{Cc}/u.test(path)) return `${JSON.stringify(path)}: a control character in a name`;
    if (isSteering(plain) && !rule.edit.includes(path))
      return `${path} steers the tools that measure: candidates may change it if \`edit\` names it`;
    if (isProtected(plain)) return `${path} is protected`;
    return isEditable(path) ? undefined : `${path} is not among the editable files (${rule.edit.join(", ")})`;
  };
}

/** File systems that ignore case, composition or invisible characters take these for one name. */
function oneSpelling(path: string): string {
  const visible = path.replace(/\p{Cf}/gu, "");
  return visible.normalize("NFKC").toLowerCase();
}
