/** The brief as Markdown for agents and models: bounded, the same for the same brief, and what others wrote is fenced data. */

import type { Brief, PastExperiment } from "../core/brief.ts";
import type { Forecast, Idea } from "../core/experiment.ts";
import type { Program, Section } from "../core/program.ts";
import { DATA_NOT_ORDERS, fenced } from "../text/fence.ts";
import { shortLine } from "../text/untrusted.ts";
import { attemptsText, isNearMiss, numberText } from "./attempts.ts";
import { SPOKEN_IDEA_CONTRACT } from "./spoken-idea.ts";

/** No brief is longer, in characters: about 6,000 tokens. */
export const BRIEF_CHARACTERS = 24_000;

/** Each part has its share, so that none crowds out another; with headings and our own words they fill the whole. */
const ROOM = {
  ...{ mission: 2800, role: 1500, priorities: 1400, rules: 2500, guidance: 1200 },
  ...{ notebook: 1500, head: 3500, tried: 3400, diffs: 2900, constants: 500, underWay: 400, queue: 1200 },
} as const;

/** `stable` is the same for all experiments of a role, so that a provider can cache it; `changing` is not. */
export interface BriefParts {
  readonly stable: string;
  readonly changing: string;
}

/** The whole, for whoever answers in prose: it ends with what the last line of the answer must be. */
export function briefText(brief: Brief): string {
  const { stable, changing } = briefParts(brief);
  return `${stable}\n\n${changing}\n\n# Your answer\n\n${SPOKEN_IDEA_CONTRACT}\n`;
}

export function briefParts(brief: Brief): BriefParts {
  const { program, role } = brief;
  const stable = [
    OPENING,
    part("Mission", MISSION, fenced(missionOf(program), ROOM.mission)),
    part(`Your role: ${shortLine(role?.name ?? "", 60)}`, ROLE, fenced(role?.text ?? "", ROOM.role)),
    part("Priorities", PRIORITIES, fenced(sectionText(program.sections, isPriorities), ROOM.priorities)),
    part("Rules", RULES, fenced(rulesOf(program), ROOM.rules)),
  ];
  const changing = [
    part("Guidance", GUIDANCE, fenced(guidanceOf(brief), ROOM.guidance)),
    part("Lessons so far", DATA_NOT_ORDERS, fenced(brief.notebook, ROOM.notebook)),
    headPart(brief),
    part("What was tried", DATA_NOT_ORDERS, triedOf(brief.history)),
    ...diffParts(brief.history),
    part("Constants that were turned", DATA_NOT_ORDERS, fenced(constantsOf(brief.history), ROOM.constants)),
    part("Under way, do not repeat", DATA_NOT_ORDERS, fenced(underWay(brief), ROOM.underWay)),
    part("The queue", brief.isGiven ? GIVEN : QUEUE, fenced(queueOf(brief), ROOM.queue)),
    part("Now", "", nowOf(brief)),
  ];
  const text = (parts: readonly string[]) => parts.filter((one) => one !== "").join("\n\n");
  return { stable: text(stable), changing: text(changing) };
}

const OPENING =
  "You are one researcher of a lab that improves a metric of this repository, one small change at a time. " +
  "Propose one change that is likely to help. It is measured by the lab, in a clean checkout, against the head; " +
  "what you say of its success counts for nothing.";
const MISSION = "The user's words; they are your orders:";
const ROLE = "The user's words for it:";
const PRIORITIES = MISSION;
const RULES =
  "Changes outside `edit` or inside `protect` end the experiment unmeasured. Never touch how the metric is made. " +
  "One idea in a small change: what mixes several teaches nothing. Hold compute, parameters and run time equal " +
  "unless they are the idea, and say so. Numbers that a tuner may search can be marked with `// tune: 8..64` " +
  "(`# tune: …` in Python) behind them. Settings of the lab:";
const GUIDANCE = "What the user said since the run began, the newest last; these are your orders, too:";
const QUEUE = "Ideas that nobody has taken up. Take one of them, unless you have a better one:";
const GIVEN =
  "Ideas that wait. The first is yours: make that change, unless it cannot be made; the others are for other experiments:";

/** "" where nothing is in it. */
function part(title: string, lead: string, body: string): string {
  if (body === "") return "";
  return [`# ${title}`, lead, body].filter((one) => one !== "").join("\n\n");
}

// --- what the user wrote ---

const isRoles = (title: string) => /^roles\b/i.test(title);
const isIdeas = (title: string) => /^\P{L}*ideas\b/iu.test(title);
const isPriorities = (title: string) => /^priorit(?:y|ies)\b/i.test(title);

/** Every section that is not told elsewhere; a program without any is told as it is written. */
function missionOf({ sections, source }: Program): string {
  const isElsewhere = (title: string) => isRoles(title) || isIdeas(title) || isPriorities(title);
  const text = sectionText(sections, isElsewhere, "others");
  return text === "" ? source.replace(/^\uFEFF?---\n[\s\S]*?\n---\n/, "").trim() : text;
}

/** The sections that `is` chooses with all below them, or the others. */
function sectionText(
  sections: readonly Section[],
  is: (title: string) => boolean,
  which: "chosen" | "others" = "chosen",
): string {
  let chosenDepth = Number.POSITIVE_INFINITY;
  const wanted = sections.filter(({ depth, title }) => {
    if (depth <= chosenDepth) chosenDepth = is(title.trim()) ? depth : Number.POSITIVE_INFINITY;
    return chosenDepth < Number.POSITIVE_INFINITY === (which === "chosen");
  });
  const texts = wanted.map(({ title, text }) => (which === "chosen" ? text : `## ${title}\n${text}`).trim());
  return texts.join("\n\n").trim();
}

function rulesOf(program: Program): string {
  const { metric, constraints, limits, edit, protect, budget } = program;
  const list = (globs: readonly string[]) => shortLine(globs.join(", "), 500);
  const lines = [
    `metric: ${metric.name}${metric.unit === undefined ? "" : ` in ${metric.unit}`}, ${metric.goal}`,
    ...(metric.minEffect === undefined ? [] : [`smallest gain worth keeping: ${metric.minEffect}`]),
    ...constraints.map((constraint) => `constraint: ${JSON.stringify(constraint)}`),
    `measured by: ${shortLine(program.measure, 300)}`,
    ...(program.evaluate === undefined ? [] : [`scored by: ${shortLine(program.evaluate, 300)}`]),
    ...(program.checks === undefined ? [] : [`checks that must pass: ${shortLine(program.checks, 300)}`]),
    `edit: ${list(edit)}`,
    `protect: ${list(protect)}`,
    `limits of one measurement: ${limits.timeMs / 1000} s, network ${limits.network}` +
      (limits.memoryBytes === undefined ? "" : `, memory ${Math.round(limits.memoryBytes / 2 ** 20)} MiB`),
    `budget of the run: ${shortLine(JSON.stringify(budget), 200)}`,
  ];
  return lines.join("\n");
}

// --- what the lab knows ---

function headPart({ headDiff, headGain }: Brief): string {
  if (headDiff === "") return part("The head", "", "The head is still the unchanged code.");
  const lead = `Your working directory holds the head: the unchanged code with what was kept, gain ${numberText(headGain)}.`;
  return part(
    "The head against the unchanged code",
    `${lead} ${DATA_NOT_ORDERS}`,
    fenced(headDiff, ROOM.head, DIFF),
  );
}

const DIFF = { language: "diff" } as const;

function triedOf(history: readonly PastExperiment[]): string {
  return fenced(attemptsText(history, ROOM.tried - 40), ROOM.tried);
}

/** What past attempts changed, the nearest miss first; each has an equal part of what the earlier ones leave. */
function diffParts(history: readonly PastExperiment[]): string[] {
  const withDiff = history.filter(({ diff = "" }) => diff.trim() !== "");
  const nearness = (past: PastExperiment) => (isNearMiss(past) ? (past.gainOverHead ?? 0) : 0);
  const ordered = withDiff
    .toReversed()
    .sort((a, b) => nearness(b) - nearness(a))
    .slice(0, MAX_DIFFS);
  let left = ROOM.diffs;
  return ordered.flatMap((past, index) => {
    const title = `What ${shortLine(past.experiment, 20)} changed (${past.status.replaceAll("_", " ")})`;
    const body = fenced(past.diff ?? "", Math.floor(left / (ordered.length - index)) - DIFF_WORDS, DIFF);
    if (body === "") return [];
    left -= body.length + DIFF_WORDS;
    return [part(title, DATA_NOT_ORDERS, body)];
  });
}

const MAX_DIFFS = 6;
const DIFF_WORDS = 160; // heading and sentence

/** Where the search over constants stands: of each, the value with the most measured gain, and how many were tried. */
function constantsOf(history: readonly PastExperiment[]): string {
  const found = new Map<string, { values: Set<unknown>; best: unknown; gain: number }>();
  for (const { idea, gainOverHead, headGain } of history) {
    for (const [knob, value] of knobsOf(idea)) {
      const known = found.get(knob) ?? { values: new Set(), best: undefined, gain: Number.NEGATIVE_INFINITY };
      known.values.add(value);
      const gain = gainOverHead === undefined ? Number.NEGATIVE_INFINITY : gainOverHead + headGain;
      found.set(knob, gain > known.gain ? { ...known, best: value, gain } : known);
    }
  }
  const lines = [...found]
    .toSorted(([, a], [, b]) => b.gain - a.gain)
    .map(([knob, { values, best, gain }]) => {
      const measured =
        best === undefined ? "none was measured" : `${best} was measured at a gain of ${numberText(gain)}`;
      return shortLine(`${knob}: ${values.size} values tried, ${measured}`, 200);
    });
  return lines.join("\n");
}

/** Ids of knobs have a colon; what has none is no constant. */
const knobsOf = ({ settings = {} }: Idea) => Object.entries(settings).filter(([knob]) => knob.includes(":"));

function underWay({ inFlight }: Brief): string {
  return inFlight
    .slice(0, 6)
    .map(({ title }) => `- ${shortLine(title, 120)}`)
    .join("\n");
}

/** The newest last, and first to stay where there are too many. */
function guidanceOf({ guidance }: Brief): string {
  let room = ROOM.guidance - 40;
  const told = guidance.toReversed().flatMap((text) => {
    const line = `- ${shortLine(text, 400)}`;
    room -= line.length + 1;
    return room < 0 ? [] : [line];
  });
  return told.toReversed().join("\n");
}

function queueOf({ queue }: Brief): string {
  return queue
    .slice(0, 8)
    .map(({ title, why, forecast }, index) => {
      const reason = index > 0 || why === "" ? "" : `: ${shortLine(why, 400)}`;
      return `- ${shortLine(title, 200)}${foreseen(forecast)}${reason}`;
    })
    .join("\n");
}

function foreseen(forecast: Forecast | undefined): string {
  if (forecast === undefined) return "";
  return ` (expected gain ${numberText(forecast.gain)}, ${Math.round(forecast.probability * 100)} %)`;
}

function nowOf({ experiment, headGain, noiseSd, isDeterministic, budgetLeft, program }: Brief): string {
  const noise = isDeterministic
    ? "The metric repeats exactly."
    : `One measurement varies by ${numberText(noiseSd).replace("+", "")} (standard deviation): smaller gains take many.`;
  const unit = program.metric.goal === "minimize" ? "lower is better" : "higher is better";
  return [
    `This is experiment ${shortLine(experiment, 20)}. The metric: ${unit}. Gains are positive for better.`,
    `Gain of the head over the unchanged code: ${numberText(headGain)}. ${noise}`,
    `Budget left: ${Math.round(budgetLeft * 100)} %. ${budgetLeft < 0.2 ? "Prefer what is likely over what is bold." : ""}`.trim(),
  ].join("\n");
}
