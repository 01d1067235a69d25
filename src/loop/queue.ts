/** Ideas that wait to be taken up: those of the user, of program.md and of theorists. Each is given to one experiment at a time. */

import type { ExperimentId, Idea } from "../core/experiment.ts";
import { gainOver } from "../core/metric.ts";
import type { IdeaLine } from "../core/program.ts";
import type { RunRecord } from "../core/study.ts";
import { inOrderOfWorth, type Told, toldBy } from "../forecast/calibration.ts";
import { history } from "./gains.ts";
import type { Lab } from "./lab.ts";

/** Who adds ideas by `nightlab idea`. */
export const USER = "you";

/** What was given to experiments that are still open. A restart closes those, so this need not outlive the process. */
const given = new WeakMap<Lab, Map<ExperimentId, string>>();

/**
 * Nobody has taken it up: the user's additions first, then program.md as it is written, then theorists' by expected gain,
 * shrunk by how the forecasts of each came true.
 */
export function openQueue(lab: Lab): Idea[] {
  const { run, parts } = lab;
  const lines = parts.program.ideas.filter(({ done }) => !done);
  if (lines.length === 0 && run.queue.length === 0) return []; // most runs: nothing is looked through for every experiment
  const taken = takenTitles(lab);
  const isOpen = ({ title }: Idea) => !taken.has(title);
  const added = run.queue.filter(({ idea }) => isOpen(idea));
  const users = added.filter(({ by }) => by === USER).map(({ idea }) => idea);
  const written = lines.map((line) => ideaOf(lab, line)).filter(isOpen);
  return [
    ...users,
    ...written,
    ...inOrder(
      lab,
      added.filter(({ by }) => by !== USER),
    ),
  ];
}

/** Theirs, by worth. What became of earlier ones is looked up where there are two to put in order. */
function inOrder(lab: Lab, theirs: RunRecord["queue"]): Idea[] {
  if (theirs.length < 2) return theirs.map(({ idea }) => idea);
  const told = toldOfAuthors(lab);
  const waiting = theirs.map(({ by, idea }) => ({ by, idea, forecast: idea.forecast }));
  return inOrderOfWorth(waiting, ({ by }) => told.get(by) ?? []).map(({ idea }) => idea);
}

/** What came of the forecasts with which ideas were put into the queue, by who put them there. */
function toldOfAuthors(lab: Lab): Map<string, Told[]> {
  const ends = new Map(
    history(lab).flatMap((past) =>
      past.idea.queued === undefined ? [] : [[past.idea.queued, past] as const],
    ),
  );
  const told = new Map<string, Told[]>();
  for (const { by, idea } of lab.run.queue) {
    const end = ends.get(idea.title);
    if (end === undefined) continue;
    const { status, gainOverHead } = end;
    told.set(by, [...(told.get(by) ?? []), ...toldBy({ forecast: idea.forecast, status, gainOverHead })]);
  }
  return told;
}

/** Gives the first open idea that no open experiment has to this one. */
export function giveIdea(lab: Lab, id: ExperimentId): Idea | undefined {
  const all = given.get(lab) ?? new Map<ExperimentId, string>();
  given.set(lab, all);
  for (const other of all.keys()) if (lab.experiment(other).status !== undefined) all.delete(other);
  const busy = new Set(all.values());
  const idea = openQueue(lab).find(({ title }) => !busy.has(title));
  if (idea !== undefined) all.set(id, idea.title);
  return idea;
}

/** What was given to an experiment, for its record: from then on it is taken up. */
export function givenTo(lab: Lab, id: ExperimentId): string | undefined {
  return given.get(lab)?.get(id);
}

export function takenTitles({ experiments }: Pick<Lab, "experiments">): Set<string> {
  return new Set(
    experiments.flatMap(({ idea }) => (idea === undefined ? [] : [idea.title, idea.queued ?? idea.title])),
  );
}

function ideaOf({ parts }: Lab, { text, line, forecast }: IdeaLine): Idea {
  const idea = { title: text, why: "", programLine: line };
  if (forecast === undefined) return idea;
  const { change, probability } = forecast;
  return { ...idea, forecast: { gain: gainOver(parts.program.metric.goal, change, 0), probability } };
}
