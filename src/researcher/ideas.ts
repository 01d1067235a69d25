/** Takes ideas of program.md that carry a patch file, in the order they are written. Knows no git: applying is injected. */

import type { Brief } from "../core/brief.ts";
import type { Idea } from "../core/experiment.ts";
import { gainOver } from "../core/metric.ts";
import type { IdeaLine } from "../core/program.ts";
import type { Proposal, Researcher } from "../core/researcher.ts";

export interface IdeasOptions {
  /** Text of a patch named in program.md; undefined if it cannot be read. */
  readonly readPatch: (path: string) => Promise<string | undefined>;
  /** Applies a unified diff in a workspace; the reason if it does not apply. */
  readonly applyPatch: (workspacePath: string, patch: string) => Promise<string | undefined>;
}

export function ideasResearcher({ readPatch, applyPatch }: IdeasOptions): Researcher {
  const taken = new Set<string>();
  return {
    name: "ideas",
    async propose(brief: Brief, workspacePath: string): Promise<Proposal> {
      const next = brief.openIdeas.find((idea) => idea.patch !== undefined && !taken.has(idea.text));
      if (next?.patch === undefined) {
        return { kind: "gave_up", reason: "no open idea in program.md carries a patch", exhausted: true };
      }
      taken.add(next.text);
      const patch = await readPatch(next.patch);
      if (patch === undefined) return { kind: "gave_up", reason: `cannot read ${next.patch}` };
      const problem = await applyPatch(workspacePath, patch);
      if (problem !== undefined)
        return { kind: "gave_up", reason: `${next.patch} does not apply: ${problem}` };
      return { kind: "idea", idea: ideaOf(next, brief) };
    },
  };
}

function ideaOf(line: IdeaLine, brief: Brief): Idea {
  const why = `idea of program.md, line ${line.line}`;
  const idea: Idea = { title: line.text, why, programLine: line.line };
  if (line.forecast === undefined) return idea;
  const gain = gainOver(brief.program.metric.goal, line.forecast.change, 0);
  return { ...idea, forecast: { gain, probability: line.forecast.probability } };
}
