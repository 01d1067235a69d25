/** A researcher that follows a script: for tests, benchmarks and examples. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Brief } from "../core/brief.ts";
import type { Idea } from "../core/experiment.ts";
import type { Proposal, Researcher } from "../core/researcher.ts";

/** One turn: files to write (path to new text) with an idea, or a proposal as it is. */
export type Turn =
  | { readonly idea?: Partial<Idea>; readonly files: Readonly<Record<string, string>> }
  | Proposal;

/** Takes turns from `script` until it is out of them, then is exhausted. A function is asked anew with each brief. */
export function scriptedResearcher(
  script:
    | readonly Turn[]
    | ((brief: Brief, workspacePath: string) => Turn | undefined | Promise<Turn | undefined>),
  name = "scripted",
): Researcher {
  let turns = 0;
  return {
    name,
    async propose(brief, workspacePath): Promise<Proposal> {
      const turn = typeof script === "function" ? await script(brief, workspacePath) : script[turns];
      turns += 1;
      if (turn === undefined) return { kind: "gave_up", reason: "the script is at its end", exhausted: true };
      if ("kind" in turn) return turn;
      for (const [path, text] of Object.entries(turn.files)) await writeFile(join(workspacePath, path), text);
      return { kind: "idea", idea: { title: `turn ${turns}`, why: "scripted", ...turn.idea } };
    },
  };
}
