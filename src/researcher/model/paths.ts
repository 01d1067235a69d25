/** Files of a workspace as a model may see and write them: inside it, never through a link, nothing of git. */

import { constants } from "node:fs";
import { mkdir, open, realpath } from "node:fs/promises";
import { dirname, join, posix } from "node:path";

/** Larger files are not for a model to read or edit. */
export const MAX_FILE_BYTES = 1 << 20;

export type FileText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "absent" }
  | { readonly kind: "refused" };

/** The path as git writes it; undefined for one that leaves the workspace or names what belongs to git. */
export function innerPath(path: string): string | undefined {
  const normal = posix.normalize(path.trim().replace(/^\.\//, ""));
  const parts = normal.split("/");
  const isOutside = posix.isAbsolute(normal) || parts.includes("..") || normal.includes("\0");
  if (isOutside || parts.some((part) => part.toLowerCase() === ".git")) return undefined;
  return normal.replace(/\/$/, "");
}

/** A plain text file of the workspace. `refused`: a link on the way, no plain file, too large, or not UTF-8 text. */
export async function readText(root: string, path: string): Promise<FileText> {
  const top = await realpath(root);
  const full = join(top, path);
  const real = await realpath(full).catch((error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" || error.code === "ENOTDIR" ? "" : undefined,
  );
  if (real === "") return { kind: "absent" };
  if (real !== full) return { kind: "refused" };
  // A pipe would wait for its writer; a link may have come since.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(full, flags).catch(() => undefined);
  if (handle === undefined) return { kind: "refused" };
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) return { kind: "refused" };
    const bytes = await handle.readFile();
    const text = bytes.toString("utf8");
    return Buffer.from(text, "utf8").equals(bytes) && !text.includes("\0")
      ? { kind: "text", text }
      : { kind: "refused" };
  } finally {
    await handle.close();
  }
}

/** Writes a plain file; false where a link or something else stands in the way, and then nothing is written. */
export async function writeText(root: string, path: string, text: string): Promise<boolean> {
  const top = await realpath(root);
  const full = join(top, path);
  const folder = dirname(full);
  if (!(await isFreeOfLinks(top, folder))) return false;
  try {
    await mkdir(folder, { recursive: true });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(full, flags, 0o644);
    try {
      if (!(await handle.stat()).isFile()) return false;
      await handle.truncate(0);
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ELOOP", "EISDIR", "ENOTDIR", "EEXIST", "ENXIO", "ENAMETOOLONG"].includes(code)) return false;
    throw error; // a full disk is no fault of the model
  }
}

/** Of the folders that are there already. */
async function isFreeOfLinks(top: string, folder: string): Promise<boolean> {
  for (let at = folder; at.startsWith(top); at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return real === at;
  }
  return false;
}
