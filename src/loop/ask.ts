/** What a researcher is told, and its answer. Knows nothing of what becomes of the change. */

import type { Brief } from "../core/brief.ts";
import { partLeft } from "../core/budget.ts";
import { seedFrom } from "../core/clock.ts";
import { InfrastructureError, UsageError } from "../core/errors.ts";
import type { ExperimentId } from "../core/experiment.ts";
import type { Proposal, Researcher } from "../core/researcher.ts";
import { history } from "./gains.ts";
import type { Lab } from "./lab.ts";

export async function briefFor(lab: Lab, id: ExperimentId, researcher: Researcher): Promise<Brief> {
  const { run, parts } = lab;
  const { experiments } = lab;
  const taken = new Set(experiments.flatMap(({ idea }) => (idea === undefined ? [] : [idea.title])));
  return {
    experiment: id,
    program: parts.program,
    history: history(lab),
    inFlight: experiments.flatMap((record) =>
      record.status === undefined && record.researcher === researcher.name && record.idea
        ? [record.idea]
        : [],
    ),
    openIdeas: parts.program.ideas.filter((idea) => !idea.done && !taken.has(idea.text)),
    headGain: run.headGain,
    headDiff: await parts.workspaces.diff(run.baseline, run.head),
    noiseSd: run.noise?.sdRun ?? 0,
    isDeterministic: run.noise?.isDeterministic ?? false,
    randomSeed: seedFrom(run.studySeed, "researcher", id),
    budgetLeft: partLeft(parts.budget, lab.spent()),
  };
}

/**
 * The answer of a researcher; it is called off when the time for search is up. One that throws has given up: a fault in
 * one of them must not cost the night of the others.
 */
export async function ask(
  lab: Lab,
  researcher: Researcher,
  task: { brief: Brief; path: string; signal: AbortSignal },
): Promise<Proposal> {
  const [late, answered] = [new AbortController(), new AbortController()];
  const untilMs = lab.searchTimeLeftMs();
  void lab.parts.clock
    .delay(untilMs, AbortSignal.any([answered.signal, task.signal]))
    .then(() => late.abort());
  try {
    return await researcher.propose(task.brief, task.path, AbortSignal.any([task.signal, late.signal]));
  } catch (error) {
    const isOurs = error instanceof UsageError || error instanceof InfrastructureError;
    if (task.signal.aborted || isOurs) throw error;
    return { kind: "gave_up", reason: `${researcher.name} failed: ${String(error)}` };
  } finally {
    answered.abort();
  }
}
