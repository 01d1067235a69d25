/** Reads and copies plain files of a checkout that a candidate may have filled: links are never followed. */

import { constants } from "node:fs";
import { copyFile, lstat, mkdir, open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Text of the plain file at `path` below `root`, cut at `maxBytes`; undefined if it is anything else. */
export async function readPlainFile(
  root: string,
  path: string,
  maxBytes: number,
): Promise<string | undefined> {
  if (!(await isPlain(root, path))) return undefined;
  // O_NOFOLLOW and O_NONBLOCK: between the look and the opening it may have become a link or a pipe.
  const file = await open(
    join(root, path),
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  ).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Copies plain files, and folders that hold only such, to the same places; gives the paths it could not copy. */
export async function copyPlain(from: string, to: string, paths: readonly string[]): Promise<string[]> {
  const failed: string[] = [];
  for (const path of paths) if (!(await copyOne(from, to, path))) failed.push(path);
  return failed;
}

async function copyOne(from: string, to: string, path: string): Promise<boolean> {
  const stats = (await isPlain(from, path)) ? await lstat(join(from, path)) : undefined;
  if (stats?.isDirectory()) {
    const names = await readdir(join(from, path));
    for (const name of names) if (!(await copyOne(from, to, join(path, name)))) return false;
    return true;
  }
  if (!stats?.isFile()) return false;
  await mkdir(dirname(join(to, path)), { recursive: true });
  await copyFile(join(from, path), join(to, path), constants.COPYFILE_FICLONE);
  return true;
}

/** True when the path exists and neither it nor a folder on the way is a symlink. */
async function isPlain(root: string, path: string): Promise<boolean> {
  let current = root;
  for (const part of path.split("/").filter((one) => one !== "" && one !== ".")) {
    if (part === "..") return false;
    current = join(current, part);
    const stats = await lstat(current).catch(() => undefined);
    if (stats === undefined || stats.isSymbolicLink()) return false;
  }
  return true;
}
