/** What settling works on and reports into; shared by settings.ts and metric-settings.ts. */

import type { IdeaLine } from "../core/program.ts";
import { KEYS } from "./keys.ts";
import type { Finding } from "./problem.ts";
import type { Prose } from "./prose.ts";
import type { Written } from "./schema.ts";
import type { KeyPath } from "./yaml-text.ts";

export interface Given {
  readonly written: Written;
  readonly prose: Prose;
  readonly ideas: readonly IdeaLine[];
  /** File name of the program itself: always protected. */
  readonly fileName: string;
  /** No front matter at all: everything comes from the prose. */
  readonly proseOnly: boolean;
  readonly lineOf: (path: KeyPath) => number;
}

export interface Notes {
  readonly findings: Finding[];
  readonly inferred: string[];
}

/** The error for a key that is neither written nor inferable. */
export function missingKey(given: Given, key: string, cause: string): Finding {
  const example = KEYS[key]?.example ?? key;
  const fix = given.proseOnly
    ? `Write \`${example}\` at the top of the file, between two lines with only \`---\`.`
    : `Write \`${example}\` in the front matter.`;
  return { line: 1, cause, fix };
}

export function listed(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(", ");
}
