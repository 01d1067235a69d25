/** Roles that need not be written: what they do is the same in every lab. A role of that name in program.md takes their place. */

import type { Role } from "../core/program.ts";

const TEXTS: Readonly<Record<string, string>> = {
  engineer:
    "Implement one idea well: the smallest change that tests it, correct, with everything else held equal. Read the code before you change it. When the idea of the queue cannot work as it is written, make the nearest one that can.",
  theorist:
    "Think, do not write code: what bounds the metric now, and what would move that bound? Prefer ideas whose failure would teach something. Say what is held equal.",
  reviewer:
    "Hunt for leaks and confounds before anything is measured: more compute, more parameters, a longer run, a touched seed, data it must not know, several changes in one. Refuse only what can prove nothing.",
  librarian:
    "Keep the notebook short and true: what worked and why, what never works here, traps of this repository. A lesson that a later run refuted goes.",
};

/** By name, in any case. */
export function builtInRole(name: string, path: string): Role | undefined {
  const key = name.toLowerCase();
  const text = Object.hasOwn(TEXTS, key) ? TEXTS[key] : undefined;
  return text === undefined ? undefined : { name: key, text, path };
}
