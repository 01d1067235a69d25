/** What is the base commit's in every measurement, whatever a candidate did. Pure. */

import type { Program } from "../core/program.ts";
import { globMatcher } from "../core/scope.ts";

/** Protected files and those that steer tools, less what `edit` names. */
export function restoredGlobs({
  edit,
  protect,
  steering,
}: Pick<Program, "edit" | "protect" | "steering">): string[] {
  const named = edit.filter(globMatcher(steering));
  return [...protect, ...steering.filter((glob) => !named.some(globMatcher([glob])))];
}
