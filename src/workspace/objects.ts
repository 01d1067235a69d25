/**
 * Git objects without a git process: names, loose files, and a memory of recent blobs. The format of loose objects is
 * fixed (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects); whatever else git can do with objects, git does.
 */

import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import type { Entry, TreeListing } from "./tree-listing.ts";
import { addParents } from "./tree-listing.ts";

export interface GitObject {
  readonly sha: string;
  /** Header and content, as hashed. */
  readonly bytes: Buffer;
}

export type ObjectFormat = "sha1" | "sha256";

export function makeObject(
  format: ObjectFormat,
  kind: "blob" | "tree" | "commit",
  content: Buffer,
): GitObject {
  const bytes = Buffer.concat([Buffer.from(`${kind} ${content.length}\0`), content]);
  return { sha: createHash(format).update(bytes).digest("hex"), bytes };
}

/**
 * Writes objects that may be there already. On the disk when it returns: a name that leads to a half-written object
 * would keep git from ever writing it again.
 */
export async function writeObjects(folder: string, objects: readonly GitObject[]): Promise<void> {
  await Promise.all(objects.map((object) => writeObject(folder, object)));
}

async function writeObject(folder: string, { sha, bytes }: GitObject): Promise<void> {
  const place = join(folder, sha.slice(0, 2));
  const path = join(place, sha.slice(2));
  if (await freshen(path)) return;
  await mkdir(place, { recursive: true });
  const temporary = join(place, `tmp_obj_${randomUUID()}`); // git sweeps this name when it collects garbage
  try {
    const file = await open(temporary, "wx", 0o444);
    try {
      await file.writeFile(deflateSync(bytes, { level: 1 }));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** As git does with an object that is there: a new time keeps it from being collected before a ref leads to it. */
async function freshen(path: string): Promise<boolean> {
  const now = new Date();
  return await utimes(path, now, now).then(
    () => true,
    () => false,
  );
}

/** `base` with some paths set or, where undefined, removed; and the trees that makes, the root last. */
export function withChanges(
  base: TreeListing,
  changes: ReadonlyMap<string, Entry | undefined>,
  format: ObjectFormat,
): { listing: TreeListing; trees: readonly GitObject[] } {
  const entries = new Map(base.entries);
  const touched = new Set<string>();
  for (const [path, entry] of changes) {
    if (entry === undefined) entries.delete(path);
    else entries.set(path, entry);
    addParents(touched, path);
  }
  const folders = new Map(base.folders);
  const children = childrenOf([...touched, ""], { entries, folders });
  const deepestFirst = [...touched].sort((a, b) => b.split("/").length - a.split("/").length);
  const trees: GitObject[] = [];
  for (const folder of [...deepestFirst, ""]) {
    const own = children.get(folder) ?? new Map<string, Entry>();
    if (folder !== "" && own.size === 0) {
      folders.delete(folder);
      children.get(parentOf(folder))?.delete(nameOf(folder));
      continue;
    }
    const tree = makeObject(format, "tree", treeContent(own));
    trees.push(tree);
    if (folder === "") break;
    folders.set(folder, tree.sha);
    children.get(parentOf(folder))?.set(nameOf(folder), { mode: FOLDER, sha: tree.sha });
  }
  return { listing: { entries, folders }, trees };
}

/** The name of the tree that holds `listing`. */
export function rootOf(listing: TreeListing, format: ObjectFormat): string {
  return withChanges(listing, new Map(), format).trees.at(-1)?.sha ?? "";
}

const FOLDER = "40000";
const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

function childrenOf(
  wanted: readonly string[],
  { entries, folders }: TreeListing,
): Map<string, Map<string, Entry>> {
  const children = new Map(wanted.map((folder) => [folder, new Map<string, Entry>()]));
  for (const [path, entry] of entries) children.get(parentOf(path))?.set(nameOf(path), entry);
  for (const [path, sha] of folders) children.get(parentOf(path))?.set(nameOf(path), { mode: FOLDER, sha });
  return children;
}

/** Sorted by bytes, folders as if their names ended in a slash. */
function treeContent(children: ReadonlyMap<string, Entry>): Buffer {
  const keyed = [...children].map(([name, entry]) => ({
    key: entry.mode === FOLDER ? `${name}/` : name,
    head: Buffer.from(`${entry.mode} ${name}\0`, "latin1"),
    sha: Buffer.from(entry.sha, "hex"),
  }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  return Buffer.concat(keyed.flatMap(({ head, sha }) => [head, sha]));
}

const KEPT_BLOB_BYTES = 32 << 20;
/** Larger ones are left to git. */
export const MAX_BLOB_BYTES = 4 << 20;

/** Contents of recent blobs, by name. */
export class BlobMemory {
  readonly #kept = new Map<string, Buffer>();
  #bytes = 0;

  get(sha: string): Buffer | undefined {
    return this.#kept.get(sha);
  }

  set(sha: string, content: Buffer): void {
    if (this.#kept.has(sha)) return;
    this.#kept.set(sha, content);
    this.#bytes += content.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#bytes <= KEPT_BLOB_BYTES) return;
      this.#kept.delete(oldest);
      this.#bytes -= length;
    }
  }
}
