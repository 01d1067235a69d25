/** Reads and copies plain files of a checkout that a candidate may have filled: links are never followed. */

import { constants, existsSync } from "node:fs";
import { copyFile, lstat, mkdir, open, opendir, rm, statfs } from "node:fs/promises";
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

/** More than any model is made of; a folder without end would keep the harness copying. */
const MAX_ENTRIES = 10_000;
/** What is copied may take this part of what the disk has free: the ledger must find room, whatever a candidate leaves. */
const DISK_PART = 0.5;

/** What a copy may still take. Sizes are those the files claim: one of holes may become real on the way. */
interface Room {
  entries: number;
  bytes: number;
}

/** Copies plain files, and folders that hold only such, to the same places; gives the paths it could not or must not copy. */
export async function copyPlain(from: string, to: string, paths: readonly string[]): Promise<string[]> {
  const { bavail, bsize } = await statfs(to);
  const room = { entries: MAX_ENTRIES, bytes: bavail * bsize * DISK_PART };
  const failed: string[] = [];
  for (const path of paths) if (!(await copyPath({ from, to, path }, room))) failed.push(path);
  return failed;
}

/** Names too long, a folder where a file is, no permission: a candidate can leave all that. A full disk is ours. */
async function copyPath(
  { from, to, path }: { from: string; to: string; path: string },
  room: Room,
): Promise<boolean> {
  try {
    return (await isPlain(from, path)) && (await copyOne(join(from, path), join(to, path), room));
  } catch (error) {
    if (/^(ENOSPC|EDQUOT|EIO|EROFS)$/.test((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return false;
  }
}

async function copyOne(from: string, to: string, room: Room): Promise<boolean> {
  room.entries -= 1;
  if (room.entries < 0) return false;
  const stats = await lstat(from);
  if (stats.isDirectory()) return await copyFolder(from, to, room);
  if (!stats.isFile()) return false;
  await mkdir(dirname(to), { recursive: true });
  return await copyContent(from, to, room);
}

async function copyFolder(from: string, to: string, room: Room): Promise<boolean> {
  // Not all names at once: there may be millions.
  for await (const { name } of await opendir(from))
    if (!(await copyOne(join(from, name), join(to, name), room))) return false;
  return true;
}

/** By an open descriptor: between the look and the opening it may have become a link or a pipe. */
async function copyContent(from: string, to: string, room: Room): Promise<boolean> {
  const source = await open(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await source.stat();
    room.bytes -= stats.size;
    if (!stats.isFile() || room.bytes < 0) return false;
    await rm(to, { force: true });
    // Exclusive: nothing that lies at `to` is written through. Where there is no /proc the name has to do.
    const opened = existsSync("/proc/self/fd") ? `/proc/self/fd/${source.fd}` : from;
    await copyFile(opened, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    return true;
  } finally {
    await source.close();
  }
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
