/** Paths and globs as written in program.md: relative, inside the repository, with `/`. Knows no file system. */

import { posix } from "node:path";
import type { Refusal } from "./constraint.ts";

/** Why a path of edit, protect, artifact, link, copy or result_file cannot be used; undefined when it can. */
export function refusePath(path: string): Refusal | undefined {
  const fix = "Write it relative to the repository, such as `train.ts` or `src/**`.";
  if (path.startsWith("!")) {
    return {
      cause: `"${path}" begins with \`!\`; exclusions are not read.`,
      fix: "List that path under `protect:`.",
    };
  }
  if (path.includes("\\")) return { cause: `"${path}" has a backslash.`, fix: "Write paths with `/`." };
  if (path.startsWith("~")) return { cause: `"${path}" begins with \`~\`, outside the repository.`, fix };
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path))
    return { cause: `"${path}" is an absolute path.`, fix };
  if (path.split("/").includes("..")) return { cause: `"${path}" leaves the repository with \`..\`.`, fix };
  if (hasControl(path)) return { cause: "A path has a control character or a line break in it.", fix };
  return undefined;
}

/** One spelling per path: `./src//a.ts` is `src/a.ts`, `src/` is everything below it. */
export function normalGlob(path: string): string {
  const plain = posix.normalize(path).replace(/^\.\//, "");
  return plain.endsWith("/") ? `${plain}**` : plain;
}

export function isGlob(path: string): boolean {
  return /[*?[\]{}]/.test(path);
}

/** The first glob that covers a literal path. */
export function coveringGlob(path: string, globs: readonly string[]): string | undefined {
  return globs.find((glob) => glob === path || posix.matchesGlob(path, glob));
}

/** Paths that a command line names and a candidate may change. Words of a shell line, not what the shell makes of them. */
export function editableIn(
  line: string,
  { edit, protect }: { readonly edit: readonly string[]; readonly protect: readonly string[] },
): string[] {
  const words = line.split(/[\s'"=;&|()<>]+/).filter((word) => word !== "" && refusePath(word) === undefined);
  const paths = [...new Set(words.map(normalGlob))];
  return paths.filter(
    (path) => coveringGlob(path, edit) !== undefined && coveringGlob(path, protect) === undefined,
  );
}

function hasControl(path: string): boolean {
  for (const char of path) if ((char.codePointAt(0) ?? 0) < 32) return true;
  return false;
}
