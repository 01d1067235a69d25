/** Ends what a killed nightlab left at work on a study, and removes its checkouts. Part of the composition root: commands and git are two adapters'. */

import { basename, sep } from "node:path";
import { InfrastructureError } from "../core/errors.ts";
import { endLeftovers } from "../sandbox/leftovers.ts";
import { parentOfGit } from "../workspace/git.ts";
import { removeLeftovers } from "../workspace/pool.ts";
import type { StudyPlace } from "./surroundings.ts";

/** The name by which processes of a study are known: that of its folder, which is made from the repository's path. */
export function studyName(stateFolder: string): string {
  return basename(stateFolder);
}

/**
 * To be called by the holder of the ledger's lock, before it reads refs or removes checkouts: a git or a command that
 * goes on by itself could still change them. Errors: InfrastructureError for processes that cannot be ended.
 */
export async function endStrays({ repository }: StudyPlace, stateFolder: string): Promise<void> {
  const isOurs = (folder: string) => folder === repository.commonDir || folder.startsWith(stateFolder + sep);
  const left = await endLeftovers(studyName(stateFolder), {
    also(environment) {
      const pid = parentOfGit(environment, isOurs);
      return pid === undefined ? undefined : { pid };
    },
  });
  if (left.length > 0) {
    throw new InfrastructureError(
      `processes of a killed run cannot be ended: ${left.join(", ")} (waiting in the kernel, or another user's)`,
    );
  }
  await removeLeftovers(stateFolder);
}
