/** The branch of a run, in the user's repository: the one ref there that is not below refs/nightlab. */

import { InfrastructureError } from "../core/errors.ts";
import { refs } from "../core/experiment.ts";
import type { RunRecord } from "../core/study.ts";
import type { Workspaces } from "../core/workspace.ts";
import { branchIsCheckedOut } from "../workspace/repository.ts";
import type { StudyPlace } from "./surroundings.ts";

/**
 * Points the branch nightlab/<tag> at Verified, unless it is checked out somewhere: that checkout is the user's. Gives the
 * reason if the branch is not there now; the run ends all the same, since Verified has a ref of its own.
 */
export async function showBranch(
  { verified, baseline, tag }: RunRecord,
  place: StudyPlace,
  workspaces: Workspaces,
): Promise<string | undefined> {
  if (verified === baseline) return undefined;
  const branch = refs.branch(tag);
  const failed = (why: string) => `branch nightlab/${tag} was not moved to the verified commit: ${why}`;
  try {
    if (await branchIsCheckedOut(place.repository.root, branch)) return failed("it is checked out");
    const isMoved = await workspaces.advance(branch, verified, await workspaces.resolve(branch));
    return isMoved ? undefined : failed("another process holds its lock or moved it");
  } catch (error) {
    if (!(error instanceof InfrastructureError)) throw error;
    return failed(error.message);
  }
}
