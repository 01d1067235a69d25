/** Reads program.md, roles/*.md and what they link from disk. The only file of this folder that opens files. */

import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { UsageError } from "../core/errors.ts";
import type { Program } from "../core/program.ts";
import { refusePath } from "./glob.ts";
import { type Linked, type Parsed, parseWithRoles } from "./parse.ts";
import { usageErrorOf } from "./problem.ts";

const MAX_BYTES = 1024 ** 2;

/** Throws UsageError, placed at `path:LINE`, with every error of the file. Warnings are in `parseProgramFile`. */
export function loadProgram(path: string): Program {
  const { program, problems } = parseProgramFile(path);
  const error = usageErrorOf(problems);
  if (error) throw error;
  if (!program) throw new Error("a program without errors was not built");
  return program;
}

/** The same with its problems as data, for `nightlab lint`. Throws UsageError only when the file cannot be read as text. */
export function parseProgramFile(path: string): Parsed {
  const source = readText(path);
  const folder = dirname(path);
  return parseWithRoles(source, path, { linked: linkedIn(folder), roleFiles: roleFilesIn(folder) });
}

function readText(path: string): string {
  const bytes = readBytes(path);
  if (bytes.length > MAX_BYTES) {
    throw new UsageError(`${path} is ${bytes.length} bytes; a program is at most ${MAX_BYTES}.`, {
      place: `${path}:1`,
      next: "Name the program.md that describes the study, and keep long prose in other files.",
    });
  }
  const text = decode(bytes);
  if (text !== undefined) return text;
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const kind = utf16 ? "UTF-16 text" : "not text";
  throw new UsageError(`${path} is ${kind}; program.md is UTF-8 Markdown.`, {
    place: `${path}:1`,
    next: "Save it as UTF-8 text.",
  });
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const reason = code === "ENOENT" ? "is not there" : code === "EISDIR" ? "is a folder" : "cannot be read";
    const next =
      code === "ENOENT" ? "Run `nightlab init` to write one." : "Name a program.md that you can read.";
    throw new UsageError(`${path} ${reason}.`, { place: path, next, cause });
  }
}

/** Undefined for bytes that are not UTF-8. The byte order mark stays: edits keep it. */
function decode(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : undefined;
}

/** Only plain files below `folder`, links followed and checked again: a program cannot pull in what lies elsewhere. */
function linkedIn(folder: string): Linked {
  return (relativePath) => {
    if (refusePath(relativePath)) return undefined;
    const path = join(folder, relativePath);
    return ifReadable(() => {
      const stats = statSync(path);
      if (!stats.isFile() || stats.size > MAX_BYTES) return undefined;
      if (!realpathSync(path).startsWith(realpathSync(folder) + sep)) return undefined;
      return decode(readFileSync(path));
    });
  };
}

function roleFilesIn(folder: string): string[] {
  const names = ifReadable(() => readdirSync(join(folder, "roles"))) ?? [];
  return names
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => `roles/${name}`);
}

/** A file that cannot be read (absent, forbidden, its name too long) is as good as absent; the caller says so. */
function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
