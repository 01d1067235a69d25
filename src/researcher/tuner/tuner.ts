/**
 * The built-in researcher, which needs no key: finds constants in the editable files and searches better values.
 * The brief holds the whole past, so a restarted study goes on alike; only proposals too new for a brief are remembered.
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Brief, PastExperiment } from "../../core/brief.ts";
import type { ExperimentId, Idea } from "../../core/experiment.ts";
import type { Proposal, Researcher } from "../../core/researcher.ts";
import { cmaEs } from "./cma-es.ts";
import { type EditableFile, readEditableFiles } from "./editable-files.ts";
import { following, partOf, structureFor } from "./follow-up.ts";
import type { Knob, KnobProblem } from "./knob.ts";
import { findKnobs, writeKnobs } from "./knobs.ts";
import { localSurrogate } from "./local-surrogate.ts";
import { onePlusOne } from "./one-plus-one.ts";
import type { Optimiser, OptimiserSetup } from "./optimiser.ts";
import { forecastOf, resultsOf, triedSettings } from "./past.ts";
import { type Random, seededRandom } from "./random.ts";
import { type Settings, type Space, spaceOf } from "./space.ts";

/** Up to here the surrogate was found ahead of CMA-ES; each further knob makes it slower and its lead smaller. */
const MOST_SURROGATE_KNOBS = 30;
/** A file full of numbers is searched no better for having them all; annotated ones come first. */
const MOST_KNOBS = 60;

export interface TunerOptions {
  readonly name?: string;
  /** Applies a unified diff in a workspace; the reason if it does not apply. With it, structures of others are followed up. */
  readonly applyPatch?: (workspacePath: string, patch: string) => Promise<string | undefined>;
}

export function tunerResearcher({ name = "tuner", applyPatch }: TunerOptions = {}): Researcher {
  const proposed = new Map<ExperimentId, Idea>();
  const barren = new Set<ExperimentId>();
  return {
    name,
    readsDiffs: applyPatch !== undefined,
    async propose(given, workspacePath, signal): Promise<Proposal> {
      const now = withNewest(given, proposed);
      const structure = applyPatch === undefined ? undefined : structureFor(fertile(now, barren), name);
      if (structure !== undefined && applyPatch !== undefined) {
        const task = { brief: now, name, structure, workspacePath, applyPatch };
        const idea = await followUp(task, proposed);
        if (idea !== undefined) return { kind: "idea", idea };
        // The workspace may be half of it: this experiment is over.
        barren.add(structure.experiment);
        return {
          kind: "gave_up",
          reason: `the constants of ${structure.experiment} cannot be searched on this head`,
        };
      }
      const files = await readEditableFiles(workspacePath, given.program);
      const { knobs, problems } = knobsOf(files);
      const brief = partOf(withNewest(given, proposed)); // from here to `proposed.set` nothing waits: no other call comes between
      if (knobs.length === 0) return { kind: "gave_up", reason: whyNone(files, problems), exhausted: true };
      const settings = nextSettings({ brief, name, knobs });
      if (settings === undefined)
        return {
          kind: "gave_up",
          reason: `every setting of ${knobs.length} constants was tried`,
          exhausted: true,
        };
      if (signal.aborted) return { kind: "gave_up", reason: "stopped before anything was written" };
      const idea = ideaOf({ brief, name, knobs }, settings, problems);
      proposed.set(brief.experiment, idea);
      await writeSettings(workspacePath, files, { knobs, settings });
      return { kind: "idea", idea };
    },
  };
}

const fertile = (brief: Brief, barren: ReadonlySet<ExperimentId>): Brief => ({
  ...brief,
  history: brief.history.filter(({ experiment }) => !barren.has(experiment)),
});

interface FollowUp {
  readonly brief: Brief;
  readonly name: string;
  readonly structure: PastExperiment;
  readonly workspacePath: string;
  readonly applyPatch: NonNullable<TunerOptions["applyPatch"]>;
}

/** The structure on the head, with other values of the constants it marked; undefined where that cannot be. */
async function followUp(
  { brief: now, name, structure, workspacePath, applyPatch }: FollowUp,
  proposed: Map<ExperimentId, Idea>,
): Promise<Idea | undefined> {
  const before = await readEditableFiles(workspacePath, now.program);
  const known = new Set(annotatedOf(before).map(({ id }) => id));
  if ((await applyPatch(workspacePath, structure.diff ?? "")) !== undefined) return undefined;
  const files = await readEditableFiles(workspacePath, now.program);
  const knobs = annotatedOf(files).filter(({ id }) => !known.has(id));
  // What the structure gave with its own constants is where this search starts.
  const headGain = structure.headGain + (structure.gainOverHead ?? 0);
  const brief = { ...partOf(withNewest(now, proposed), structure), headGain };
  const settings = knobs.length === 0 ? undefined : nextSettings({ brief, name, knobs });
  if (settings === undefined) return undefined;
  const idea = ideaOf({ brief, name, knobs }, settings, []);
  const title = `${structure.idea.title}, with ${idea.title}`;
  const why = `Constants that ${structure.experiment} marked, before its structure is given up. ${idea.why}`;
  const linked = following(settings, structure);
  const made = { ...idea, title, why, ...(linked === undefined ? {} : { settings: linked }) };
  proposed.set(brief.experiment, made);
  await writeSettings(workspacePath, files, { knobs, settings });
  return made;
}

const annotatedOf = (files: readonly EditableFile[]) =>
  knobsOf(files).knobs.filter(({ annotated }) => annotated);

/** Two briefs made at the same moment know nothing of each other's ideas: ours are added until their experiments close. */
function withNewest(brief: Brief, proposed: Map<ExperimentId, Idea>): Brief {
  for (const { experiment } of brief.history) proposed.delete(experiment);
  const known = new Set(brief.inFlight.map(({ settings }) => JSON.stringify(settings)));
  const newest = [...proposed.values()].filter(({ settings }) => !known.has(JSON.stringify(settings)));
  return { ...brief, inFlight: [...brief.inFlight, ...newest] };
}

interface Search {
  readonly brief: Brief;
  readonly name: string;
  readonly knobs: readonly Knob[];
}

function knobsOf(files: readonly EditableFile[]): { knobs: Knob[]; problems: KnobProblem[] } {
  const found = files.map(({ path, text }) => findKnobs(path, text));
  const knobs = found.flatMap((each) => each.knobs);
  const chosen = new Set(
    knobs.toSorted((a, b) => Number(b.annotated) - Number(a.annotated)).slice(0, MOST_KNOBS),
  );
  return {
    knobs: knobs.filter((knob) => chosen.has(knob)),
    problems: found.flatMap((each) => each.problems),
  };
}

function whyNone(files: readonly EditableFile[], problems: readonly KnobProblem[]): string {
  const [first] = problems;
  if (first) return `no constants to tune: ${first.path}:${first.line}: ${first.cause}`;
  if (files.length === 0) return "no editable file is TypeScript, JavaScript, Python, JSON or YAML";
  return "no constants to tune: mark one with a comment such as `// tune: 1e-4..1e-1 log`";
}

/** Settings that nobody has tried, or undefined when none turn up. */
function nextSettings({ brief, name, knobs }: Search): Settings | undefined {
  const space = spaceOf(knobs);
  const key = (settings: Settings) => JSON.stringify(space.decode(space.encode(settings)));
  const tried = new Set(triedSettings(brief, name).map(key));
  for (const point of askedPoints({ brief, name, knobs }, space)) {
    const settings = space.decode(point);
    if (!tried.has(key(settings))) return settings;
  }
  return undefined;
}

/** A few points of the optimiser, then steps of one to three knobs away from the head, which reach any neighbour. */
function* askedPoints(search: Search, space: Space) {
  const random = seededRandom(String(search.brief.randomSeed));
  const optimiser = optimiserFor(search, space, random);
  for (let attempt = 0; attempt < 5; attempt++) yield optimiser.ask();
  const nearby = onePlusOne({ dimensions: space.dimensions, start: space.start, random }, { sigma: 0.2 });
  for (let attempt = 0; attempt < 200; attempt++) yield nearby.ask();
}

function optimiserFor({ brief, name }: Search, space: Space, random: Random): Optimiser {
  const { own, head } = resultsOf(brief, name, space);
  const open = brief.inFlight.map(({ settings }) => space.encode(settings ?? {}));
  const { dimensions, start } = space;
  const setup: OptimiserSetup = { dimensions, start, random, open, noiseSd: brief.noiseSd };
  if (dimensions.length <= MOST_SURROGATE_KNOBS) return taught(localSurrogate(setup), [...own, head]);
  if (brief.isDeterministic) return taught(onePlusOne(setup), [...own, head]);
  return taught(cmaEs(setup), own);
}

function taught(optimiser: Optimiser, past: Parameters<Optimiser["tell"]>[0]): Optimiser {
  optimiser.tell(past);
  return optimiser;
}

async function writeSettings(
  workspacePath: string,
  files: readonly EditableFile[],
  { knobs, settings }: { readonly knobs: readonly Knob[]; readonly settings: Settings },
): Promise<void> {
  for (const { path, text } of files) {
    const own = knobs.filter((knob) => knob.path === path);
    const written = writeKnobs(text, own, settings);
    if (written !== text) await writeFile(join(workspacePath, path), written);
  }
}

function ideaOf({ brief, name, knobs }: Search, settings: Settings, problems: readonly KnobProblem[]): Idea {
  const space = spaceOf(knobs);
  const target = space.encode(settings);
  const moved = knobs
    .map((knob, index) => ({ knob, distance: Math.abs((target[index] ?? 0) - (space.start[index] ?? 0)) }))
    .filter(({ knob }) => settings[knob.id] !== knob.value)
    .toSorted((a, b) => b.distance - a.distance)
    .map(({ knob }) => `${knob.name} ${knob.value} -> ${settings[knob.id]}`);
  const rest = moved.length > 4 ? `, ${moved.length - 4} more` : "";
  const learnt = brief.history.filter(({ researcher }) => researcher === name).length;
  const [unread] = problems;
  const note = unread ? ` Not read: ${unread.path}:${unread.line}: ${unread.cause}.` : "";
  return {
    title: moved.slice(0, 4).join(", ") + rest,
    why: `A point in the space of ${knobs.length} constants, chosen from ${learnt} earlier experiments: ${moved.join(", ")}.${note}`,
    forecast: forecastOf(brief, name),
    settings,
  };
}
