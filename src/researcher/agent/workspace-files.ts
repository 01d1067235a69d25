/**
 * Reads and writes files of a workspace for an agent that has no tools of its own for it. This happens outside the sandbox,
 * as nightlab: so no link is followed, not even one that is swapped in meanwhile. Linux only: paths go through /proc/self/fd.
 */

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isAbsolute, relative, sep } from "node:path";

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** Text only; more is no text that a model reads. */
const MAX_BYTES = 10 * 1024 * 1024;

/** Rejects with a sentence for whatever is not a plain file inside. `line` is 1-based. */
export async function readWorkspaceFile(
  workspace: string,
  path: string,
  part: { line?: number | null; limit?: number | null } = {},
): Promise<string> {
  return await inFolderOf(workspace, path, async (folder, name) => {
    const file = await open(
      `${folder}/${name}`,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const { size } = await plain(file, path);
      if (size > MAX_BYTES) throw new Error(`${path} holds ${size} bytes, more than ${MAX_BYTES}`);
      const text = await file.readFile("utf8");
      if (part.line == null && part.limit == null) return text;
      const from = Math.max(0, (part.line ?? 1) - 1);
      return text
        .split("\n")
        .slice(from, from + (part.limit ?? Number.POSITIVE_INFINITY))
        .join("\n");
    } finally {
      await file.close();
    }
  });
}

/** Folders on the way must be there. A new file belongs to the owner of what is around it: its agent may be another user. */
export async function writeWorkspaceFile(workspace: string, path: string, text: string): Promise<void> {
  if (Buffer.byteLength(text) > MAX_BYTES) throw new Error(`${path}: more than ${MAX_BYTES} bytes`);
  await inFolderOf(workspace, path, async (folder, name, owner) => {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(`${folder}/${name}`, flags, 0o644);
    try {
      const { uid, nlink } = await plain(file, path);
      if (nlink > 1) throw new Error(`${path} has another name elsewhere`);
      if (uid !== owner.uid && process.getuid?.() === 0) await file.chown(owner.uid, owner.gid);
      await file.truncate(0);
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  });
}

async function plain(file: FileHandle, path: string) {
  const stat = await file.stat();
  if (!stat.isFile()) throw new Error(`${path} is not a plain file`);
  return stat;
}

/** Opens the folders on the way one by one; `folder` names the last one by its open descriptor. */
async function inFolderOf<Result>(
  workspace: string,
  path: string,
  use: (folder: string, name: string, owner: { uid: number; gid: number }) => Promise<Result>,
): Promise<Result> {
  const parts = isAbsolute(path) ? relative(workspace, path).split(sep) : path.split("/");
  const name = parts.pop() ?? "";
  const isOutside = [...parts, name].some(
    (part) => part === ".." || part === "" || part.toLowerCase() === ".git",
  );
  if (isOutside || name === ".") throw new Error(`${path} is not a file inside the workspace`);
  const opened: FileHandle[] = [];
  try {
    opened.push(await open(workspace, FOLDER));
    for (const part of parts) opened.push(await open(`/proc/self/fd/${opened.at(-1)?.fd}/${part}`, FOLDER));
    const folder = opened.at(-1);
    if (folder === undefined) throw new Error("no folder");
    // The top folder keeps its owner and lets its group in.
    const { gid } = await folder.stat();
    return await use(`/proc/self/fd/${folder.fd}`, name, { uid: gid, gid });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ELOOP" || code === "ENOTDIR") throw new Error(`${path}: a link is on the way`);
    throw error;
  } finally {
    for (const folder of opened) await folder.close();
  }
}
