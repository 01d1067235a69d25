/** The first half of an experiment: a researcher's change, checked, and committed before anything is measured. */

import { type ExperimentId, type Idea, refs, type Status } from "../core/experiment.ts";
import type { Answer, Proposal, Researcher } from "../core/researcher.ts";
import { scopeProblem } from "../core/scope.ts";
import type { Change, Workspace } from "../core/workspace.ts";
import { ask, briefFor } from "./ask.ts";
import type { Lab } from "./lab.ts";
import { givenTo } from "./queue.ts";

/** Leaves the experiment with a candidate, or closed. */
export async function propose(
  lab: Lab,
  id: ExperimentId,
  researcher: Researcher,
  signal: AbortSignal,
): Promise<Proposal> {
  const workspace = await lab.parts.workspaces.open(lab.experiment(id).head);
  try {
    lab.parts.onStage?.(id, "proposing");
    const brief = await briefFor(lab, id, researcher);
    const proposal = await ask(lab, researcher.name, signal, (within) =>
      researcher.propose(brief, workspace.path, within),
    );
    await recordReported(lab, { id, by: researcher.name }, proposal);
    signal.throwIfAborted();
    if (proposal.kind === "gave_up") await close(lab, id, { status: "gave_up", reasons: [proposal.reason] });
    else await commitCandidate(lab, id, { ...proposal, workspace, idea: withQueued(lab, id, proposal.idea) });
    return proposal;
  } finally {
    await workspace.close();
  }
}

/** What no gateway saw counts, too: the money is spent, whatever becomes of the answer. */
export async function recordReported(
  lab: Lab,
  { id, by }: { id: ExperimentId; by: string },
  { reported = [] }: Proposal | Answer,
): Promise<void> {
  const about = { kind: "called", run: lab.tag, experiment: id, researcher: by } as const;
  await lab.record(...reported.map((call) => ({ ...about, call })));
}

function withQueued(lab: Lab, id: ExperimentId, idea: Idea): Idea {
  const queued = givenTo(lab, id);
  return queued === undefined ? idea : { ...idea, queued };
}

/** Scope check, no-op and duplicate check, then the commit: git holds the candidate before anything is measured. */
async function commitCandidate(
  lab: Lab,
  id: ExperimentId,
  { workspace, idea, complaint }: { workspace: Workspace; idea: Idea; complaint?: string },
): Promise<void> {
  const changes = await workspace.changes();
  if (changes.length === 0) {
    const reasons = [`nothing was changed${complaint === undefined ? "" : `: ${complaint}`}`];
    return await close(lab, id, { status: "no_change", reasons, idea });
  }
  const problem = scopeProblem(changes, lab.parts.program);
  if (problem !== undefined)
    return await close(lab, id, { status: "out_of_scope", reasons: [problem], idea });
  const { commit, tree } = await workspace.commit(commitMessage(idea, id), refs.candidate(id));
  const twin = lab.claimTree(tree, id);
  if (twin !== undefined) {
    return await close(lab, id, { status: "duplicate", reasons: [`the same tree as ${twin}`], idea });
  }
  await lab.record({ kind: "proposed", experiment: id, idea, commit, tree, files: changes.map(fileLine) });
}

function fileLine({ path, added, deleted }: Change) {
  return { path, ...(added === undefined ? {} : { added }), ...(deleted === undefined ? {} : { deleted }) };
}

export function commitMessage(idea: Idea, id: ExperimentId): string {
  return `${idea.title}\n\n${idea.why}\n\nNightlab-Experiment: ${id}\n`;
}

export function close(
  lab: Lab,
  id: ExperimentId,
  end: { status: Status; reasons: readonly string[]; logTail?: string; idea?: Idea },
): Promise<void> {
  return lab.record({ kind: "closed", experiment: id, ...end });
}
