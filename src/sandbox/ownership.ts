/** Gives folders to the unprivileged user that commands run as when nightlab itself is root. Linux only. */

import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lchownSync,
  lstatSync,
  openSync,
  readdirSync,
} from "node:fs";
import { join } from "node:path";

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Everything below `folder` goes to `uid`, except `.git`. The folder itself keeps its owner and lets the group in:
 * git refuses a checkout whose top folder belongs to somebody else ("dubious ownership").
 *
 * Symbolic links are never followed, also when somebody swaps them in meanwhile: each folder is opened first and its
 * entries are named through the open descriptor. Files with several hard links stay as they are, since the other name
 * may be outside.
 */
export function handOver(folder: string, uid: number): void {
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) {
    if (stat.nlink === 1 && stat.uid !== uid) lchownSync(folder, uid, uid);
    return;
  }
  const mode = (stat.mode & 0o7777) | 0o070;
  if (stat.gid !== uid) chownSync(folder, stat.uid, uid);
  if (stat.gid !== uid || mode !== (stat.mode & 0o7777)) chmodSync(folder, mode);
  handOverEntries(folder, uid);
}

function handOverEntries(folder: string, uid: number): void {
  const descriptor = openSync(folder, FOLDER);
  try {
    const handle = `/proc/self/fd/${descriptor}`;
    for (const entry of readdirSync(handle, { withFileTypes: true })) handOverEntry(handle, entry, uid);
  } finally {
    closeSync(descriptor);
  }
}

function handOverEntry(parent: string, entry: Dirent, uid: number): void {
  if (entry.name === ".git") return;
  const path = join(parent, entry.name);
  if (entry.isDirectory()) handOverFolder(path, uid);
  else {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && stat.uid !== uid && stat.nlink === 1) lchownSync(path, uid, uid);
  }
}

function handOverFolder(path: string, uid: number): void {
  const descriptor = openSync(path, FOLDER);
  try {
    if (fstatSync(descriptor).uid !== uid) lchownSync(path, uid, uid);
  } finally {
    closeSync(descriptor);
  }
  handOverEntries(path, uid);
}
