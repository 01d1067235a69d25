/**
 * Structures that deserve other constants: changes of other researchers that were not kept, and that marked constants of
 * their own with `tune:`. The tuner searches those before the structure is given up. Pure: all of it follows from the brief.
 */

import type { Brief, PastExperiment } from "../../core/brief.ts";
import type { Idea } from "../../core/experiment.ts";

/** Key of `settings` that names the experiment whose structure they belong to; ids of knobs have a colon. */
const FOLLOWS = "follows";
/** Enough for the search to see a slope, too few to crowd out other ideas. */
const MOST_FOLLOW_UPS = 6;

function followedBy({ settings }: Idea): unknown {
  return settings?.[FOLLOWS];
}

export function following(settings: Idea["settings"], structure: PastExperiment): Idea["settings"] {
  return { ...settings, [FOLLOWS]: structure.experiment };
}

/** The past without follow-ups, or with those of one structure alone. */
export function partOf(brief: Brief, structure?: PastExperiment): Brief {
  const isPart = (idea: Idea) => followedBy(idea) === structure?.experiment;
  const history = brief.history.filter(({ idea }) => isPart(idea));
  return { ...brief, history, inFlight: brief.inFlight.filter(isPart) };
}

/**
 * The structure whose constants are searched next: the nearest to being kept. Undefined while there is none, or while
 * follow-ups have had as many turns as the tuner's other work: its share of the experiments is halved at most.
 */
export function structureFor(brief: Brief, name: string): PastExperiment | undefined {
  const own = brief.history.filter(
    ({ researcher, idea }) => researcher === name && idea.settings !== undefined,
  );
  const ideas = [...own.map(({ idea }) => idea), ...brief.inFlight];
  const followUps = ideas.filter((idea) => followedBy(idea) !== undefined).length;
  if (followUps > ideas.length - followUps) return undefined;
  const isOpen = ({ experiment }: PastExperiment) => {
    const wasKept = own.some(({ idea, status }) => followedBy(idea) === experiment && status === "kept");
    return !wasKept && ideas.filter((idea) => followedBy(idea) === experiment).length < MOST_FOLLOW_UPS;
  };
  const structures = brief.history.filter((past) => exposesConstants(past) && isOpen(past));
  return structures.sort((a, b) => (b.gainOverHead ?? 0) - (a.gainOverHead ?? 0))[0];
}

/** Measured, not kept, and its diff is whole and marks a constant. */
function exposesConstants({ idea, status, gainOverHead, diff = "" }: PastExperiment): boolean {
  const isMeasured = (status === "discarded" || status === "inconclusive") && gainOverHead !== undefined;
  const isWhole = !diff.endsWith("[cut]");
  return isMeasured && isWhole && idea.settings === undefined && /^\+.*(?:\/\/|#)\s*tune:/m.test(diff);
}
