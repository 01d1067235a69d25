/** Finds a study where almost all are: beside a plain `.git` folder. Loads nothing else, since `nightlab status` waits for it. */

import { lstatSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** Top folder of the checkout around `cwd` when its study is at the usual place; else git has to be asked. */
export function usualRoot(cwd: string): string | undefined {
  for (let folder = realPath(cwd); folder !== undefined; folder = parentOf(folder)) {
    const found = statSync(join(folder, ".git"), { throwIfNoEntry: false });
    if (found !== undefined) return found.isDirectory() && holdsLedger(folder) ? folder : undefined;
  }
  return undefined;
}

function holdsLedger(root: string): boolean {
  const study = lstatSync(join(root, ".nightlab"), { throwIfNoEntry: false });
  const ledger = statSync(join(root, ".nightlab", "ledger.db"), { throwIfNoEntry: false });
  // A link is refused by who reads in full (read-study.ts).
  return study?.isDirectory() === true && ledger !== undefined;
}

function realPath(cwd: string): string | undefined {
  try {
    return realpathSync(cwd);
  } catch {
    return undefined;
  }
}

function parentOf(folder: string): string | undefined {
  const parent = dirname(folder);
  return parent === folder ? undefined : parent;
}
