/** Which untracked paths every workspace gets, and from where. */

import { lstat, mkdir, realpath } from "node:fs/promises";
import { isAbsolute, join, posix, relative } from "node:path";
import { UsageError } from "../core/errors.ts";
import type { Checkout, Prepared } from "./checkout.ts";
import type { PrivateGit } from "./private-git.ts";

/** Errors: UsageError for a path that is absolute, leaves the checkout, is git's own, or does not exist. */
export async function preparedFromUser(
  root: string,
  asked: Partial<Readonly<Record<PathKey, readonly string[]>>>,
): Promise<Prepared[]> {
  const keys: readonly PathKey[] = ["link", "copy", "holdout_files"];
  return await Promise.all(keys.flatMap((key) => asked[key]?.map((path) => checked(root, path, key)) ?? []));
}

/** The key of program.md that names a path; held-out files are copied. */
type PathKey = Prepared["how"] | "holdout_files";

async function checked(root: string, asked: string, key: PathKey): Promise<Prepared> {
  const path = posix.normalize(asked).replace(/\/+$/, "");
  const first = path.split("/")[0] ?? "";
  if (posix.isAbsolute(path) || first === ".." || first === ".git" || path === ".") {
    throw new UsageError(`${key}: "${asked}" is not a path inside the checkout`, {
      next: `name a path relative to ${root}`,
      place: key,
    });
  }
  const source = join(root, path);
  await lstat(source).catch((cause) => {
    throw new UsageError(`${key}: ${source} does not exist`, {
      next: `create it, or remove it from ${key}`,
      place: key,
      cause,
    });
  });
  return { path, source, how: key === "link" ? "link" : "copy" };
}

/** Links to the top-most untracked paths that a setup command left in `template`. */
export async function preparedFromTemplate(git: PrivateGit, template: Checkout): Promise<Prepared[]> {
  const args = ["ls-files", "-z", "--others", "--directory", "--no-empty-directory"];
  const { stdout } = await git.run(args, template);
  const paths = stdout
    .toString("utf8")
    .split("\0")
    .filter((path) => path !== "");
  return paths
    .map((path) => path.replace(/\/$/, ""))
    .map((path) => ({ path, source: join(template.tree, path), how: "link" as const }));
}

/** Errors: UsageError when `stateFolder` is relative or lies inside the checkout. Creates it. */
export async function checkOutside(root: string, stateFolder: string): Promise<void> {
  const next = "name an absolute folder outside the repository";
  if (!isAbsolute(stateFolder)) throw new UsageError(`state folder ${stateFolder} is not absolute`, { next });
  await mkdir(stateFolder, { recursive: true });
  const way = relative(await realpath(root), await realpath(stateFolder));
  if (way.split("/")[0] === ".." || isAbsolute(way)) return;
  throw new UsageError(`state folder ${stateFolder} lies inside the repository ${root}`, { next });
}
