/** What a researcher is told, and its answer. Knows nothing of what becomes of the change. */

import type { Brief, PastExperiment } from "../core/brief.ts";
import { InfrastructureError, UsageError } from "../core/errors.ts";
import { type ExperimentId, type Idea, NO_EXPERIMENT } from "../core/experiment.ts";
import type { Answer, Proposal, Researcher } from "../core/researcher.ts";
import {
  LOG_CHARACTERS,
  NOTEBOOK_CHARACTERS,
  REASON_CHARACTERS,
  shortLine,
  shortText,
  TITLE_CHARACTERS,
  textEnd,
  visibleText,
  WHY_CHARACTERS,
} from "../text/untrusted.ts";
import { partLeft } from "./budget.ts";
import { history } from "./gains.ts";
import type { Lab } from "./lab.ts";
import { withDiffs } from "./past-diffs.ts";
import { giveIdea, openQueue, takenTitles } from "./queue.ts";
import { seedFrom } from "./seeds.ts";

/** Told in full to every researcher; of a long night, the rest would crowd out all else. */
const MAX_REASONS = 20;
const MAX_FILES = 20;
const MAX_QUEUE = 20;

/** What others wrote (ideas, reasons that quote a candidate, code) is told short and visible; it is never an instruction. */
export async function briefFor(lab: Lab, id: ExperimentId, researcher: Researcher): Promise<Brief> {
  const { run, parts } = lab;
  const { experiments } = lab;
  const { program, workspaces } = parts;
  const role = program.roles.find(({ name }) => name.toLowerCase() === researcher.role?.toLowerCase());
  const past = history(lab).map(toldPast);
  const isWriter = researcher.readsDiffs && id !== NO_EXPERIMENT;
  const given = isWriter ? giveIdea(lab, id) : undefined;
  const queue = openQueue(lab).filter(({ title }) => title !== given?.title);
  const lines = program.ideas.filter(({ done }) => !done);
  const taken = lines.length === 0 ? new Set<string>() : takenTitles(lab);
  return {
    experiment: id,
    program,
    ...(role === undefined ? {} : { role }),
    history: researcher.readsDiffs ? await withDiffs(lab, past) : past,
    inFlight: experiments.flatMap((record) =>
      record.status === undefined && record.researcher === researcher.name && record.idea
        ? [toldIdea(record.idea)]
        : [],
    ),
    openIdeas: lines.filter(({ text }) => !taken.has(text)),
    queue: [...(given === undefined ? [] : [given]), ...queue].slice(0, MAX_QUEUE).map(toldIdea),
    isGiven: given !== undefined,
    guidance: run.told,
    notebook: shortText(run.notebook ?? "", NOTEBOOK_CHARACTERS),
    headGain: run.headGain,
    headDiff: visibleText(await workspaces.diff(run.baseline, run.head)),
    noiseSd: run.noise?.sdRun ?? 0,
    isDeterministic: run.noise?.isDeterministic ?? false,
    randomSeed: seedFrom(run.studySeed, "researcher", id),
    budgetLeft: partLeft(parts.budget, lab.spent()),
  };
}

/** Closed experiments do not change any more: each is made fit to be told once. */
const told = new WeakMap<PastExperiment, PastExperiment>();

function toldPast(past: PastExperiment): PastExperiment {
  const known = told.get(past);
  if (known !== undefined) return known;
  const reasons = past.reasons.slice(0, MAX_REASONS).map((reason) => shortLine(reason, REASON_CHARACTERS));
  const files = past.files?.slice(0, MAX_FILES).map((path) => shortLine(path, TITLE_CHARACTERS)) ?? [];
  const log = past.logTail === undefined ? {} : { logTail: textEnd(past.logTail, LOG_CHARACTERS) };
  const made = { ...past, idea: toldIdea(past.idea), reasons, files, ...log };
  told.set(past, made);
  return made;
}

function toldIdea(idea: Idea): Idea {
  const title = shortLine(idea.title, TITLE_CHARACTERS);
  return { ...idea, title, why: shortText(idea.why, WHY_CHARACTERS) };
}

/**
 * The answer of a researcher; it is called off when the time for search is up. One that throws has given up: a fault in
 * one of them must not cost the night of the others.
 */
export async function ask<Said extends Proposal | Answer>(
  lab: Lab,
  name: string,
  signal: AbortSignal,
  question: (within: AbortSignal) => Promise<Said>,
): Promise<Said | Extract<Proposal, { kind: "gave_up" }>> {
  const [late, answered] = [new AbortController(), new AbortController()];
  const untilMs = lab.searchTimeLeftMs();
  void lab.parts.clock.delay(untilMs, AbortSignal.any([answered.signal, signal])).then(() => late.abort());
  try {
    return await question(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    const isOurs = error instanceof UsageError || error instanceof InfrastructureError;
    if (signal.aborted || isOurs) throw error;
    return { kind: "gave_up", reason: `${name} failed: ${String(error)}` };
  } finally {
    answered.abort();
  }
}
