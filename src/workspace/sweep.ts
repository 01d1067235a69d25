/** Removes from a folder all that a tree does not hold. Knows the file system; follows no symlink; runs no git command. */

import type { Stats } from "node:fs";
import { chmod, lstat, mkdir, readdir, rm } from "node:fs/promises";
import { runProgram } from "./git.ts";
import type { TreeListing } from "./tree-listing.ts";

const SUBMODULE = "160000";
const FOLDER_MODE = 0o755;

/**
 * Leaves in `folder` only paths of the listing, each of the right kind (their contents are git's matter). What goes:
 * untracked and ignored files, `.git` folders wherever they are, contents of submodules, symlinks in place of folders.
 * `git clean` is not enough: it steps over `.git` in a tracked folder and over whatever lies in a submodule.
 */
export async function sweep(folder: string, listing: TreeListing): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) throw new Error(`${folder} is no longer a folder`);
  await sweepFolder(Buffer.from(folder), "", listing);
}

async function sweepFolder(folder: Buffer, prefix: string, listing: TreeListing): Promise<void> {
  await restoreFolderMode(folder);
  const children = await readdir(folder, { encoding: "buffer", withFileTypes: true });
  await Promise.all(
    children.map(async (child) => {
      const path = prefix + child.name.toString("latin1");
      const place = joined(folder, child.name);
      const entry = listing.entries.get(path);
      if (listing.folders.has(path) && child.isDirectory()) await sweepFolder(place, `${path}/`, listing);
      else if (entry?.mode === SUBMODULE && child.isDirectory()) await emptyFolder(place);
      else if (entry === undefined || child.isDirectory()) await removeTree(place);
    }),
  );
}

/** Removes a file or a folder with all below it, read-only folders too, and folders in folders beyond all path names. */
export async function removeTree(path: string | Buffer): Promise<void> {
  // Tried again while somebody still puts files there: a process that escaped its sandbox.
  const options = { recursive: true, force: true, maxRetries: 3 };
  try {
    await rm(path, options);
  } catch (error) {
    // Node names every file by its whole path, which has an end; `rm` goes from folder to folder.
    if ((error as NodeJS.ErrnoException).code === "ENAMETOOLONG")
      return await runProgram("rm", ["-rf", "--", path.toString()]);
    await makeFoldersWritable(Buffer.from(path as string));
    await rm(path, options);
  }
}

/** Folders only: a file may be a hard link to one that lies elsewhere, and its mode is shared. */
async function makeFoldersWritable(folder: Buffer): Promise<void> {
  const stats = await lstat(folder).catch((): Stats | undefined => undefined);
  if (!stats?.isDirectory()) return;
  await chmod(folder, FOLDER_MODE);
  const children = await readdir(folder, { encoding: "buffer", withFileTypes: true });
  for (const child of children)
    if (child.isDirectory()) await makeFoldersWritable(joined(folder, child.name));
}

async function emptyFolder(folder: Buffer): Promise<void> {
  await removeTree(folder);
  await mkdir(folder);
}

async function restoreFolderMode(folder: Buffer): Promise<void> {
  const { mode } = await lstat(folder);
  if ((mode & 0o7777) !== FOLDER_MODE) await chmod(folder, FOLDER_MODE);
}

const joined = (folder: Buffer, name: Buffer) => Buffer.concat([folder, Buffer.from("/"), name]);
