/** Tries a metric command the way a run would: in a fresh checkout of HEAD, in the sandbox. For `nightlab init`. */

import type { Program } from "../core/program.ts";
import type { Exit } from "../core/sandbox.ts";
import { detectSandbox } from "../sandbox/detect.ts";
import { git } from "../workspace/git.ts";
import { openWorkspaces } from "../workspace/workspaces.ts";
import { studyName } from "./strays.ts";
import {
  commandEnvironment,
  makeStateFolder,
  ownUid,
  readablePaths,
  type StudyPlace,
  setUp,
  type UserEnvironment,
} from "./surroundings.ts";

/** Runs the program's metric command `count` times on HEAD, each in its own clean workspace. */
export async function probe(
  place: StudyPlace,
  program: Program,
  { environment, count }: { readonly environment: UserEnvironment; readonly count: number },
): Promise<Exit[]> {
  const stateFolder = await makeStateFolder(environment, place);
  const { sandbox } = await detectSandbox(program.sandbox, ownUid(), { study: studyName(stateFolder) });
  const context = { environment, place, program, sandbox, stateFolder };
  const { link, copy, setup } = program;
  const { root, headCommit } = place.repository;
  const prepare = setup === undefined ? {} : { prepare: (path: string) => setUp(context, path) };
  const workspaces = await openWorkspaces({
    repository: root,
    stateFolder,
    link,
    copy,
    base: headCommit,
    ...prepare,
  });
  try {
    const exits: Exit[] = [];
    for (let index = 0; index < count; index += 1) {
      const workspace = await workspaces.open(headCommit);
      const seed = String(index + 1);
      const env = {
        ...commandEnvironment(context),
        HOME: workspace.scratch,
        TMPDIR: workspace.scratch,
        NIGHTLAB_SEED: seed,
      };
      const command = {
        line: program.measure.replaceAll("{seed}", seed),
        cwd: workspace.path,
        env,
        writable: [workspace.path, workspace.scratch],
        readable: await readablePaths(context),
        hidden: [place.folder],
      };
      exits.push(await sandbox.exec(command, program.limits, new AbortController().signal));
      await workspace.close();
    }
    return exits;
  } finally {
    await workspaces.close();
  }
}

/** Paths that git tracks at HEAD. */
export async function trackedFiles({ repository }: StudyPlace): Promise<string[]> {
  const list = await git(["ls-tree", "-r", "-z", "--name-only", "HEAD"], { cwd: repository.root });
  return list.split("\0").filter((path) => path !== "");
}
