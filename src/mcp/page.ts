/** Experiments in pages, newest first. Pure. */

import { UsageError } from "../core/errors.ts";
import type { ExperimentView } from "../view/experiment-view.ts";

export interface Filter {
  readonly status?: ExperimentView["status"] | undefined;
  readonly contains?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

/** `next`: what to pass as `before` for the page after this one; absent on the last. Throws UsageError. */
export function pageOf(all: readonly ExperimentView[], { status, contains, before, limit }: Filter) {
  const end = before === undefined ? all.length : all.findIndex(({ id }) => id === before);
  if (end === -1) throw new UsageError(`there is no experiment ${before}`, { next: "nightlab log" });
  const text = contains?.toLowerCase();
  const matches = all
    .slice(0, end)
    .filter((one) => status === undefined || one.status === status)
    .filter((one) => text === undefined || wordsOf(one).toLowerCase().includes(text));
  const shown = matches.slice(-limit);
  const [oldest] = shown;
  return {
    ofRun: all.length,
    matching: matches.length,
    ...(matches.length > shown.length && oldest !== undefined ? { next: oldest.id } : {}),
    experiments: shown.map(rowOf).reverse(),
  };
}

function wordsOf({ title = "", why = "", reasons, files }: ExperimentView): string {
  return [title, why, ...reasons, ...files.map(({ path }) => path)].join("\n");
}

function rowOf(one: ExperimentView) {
  const { id, status, title, researcher, gainOverHead, gainOverBaseline, added, deleted } = one;
  const [reason] = one.reasons;
  const { isInHead, isVerified, isDropped } = one;
  const facts = { id, status, title, researcher, gainOverHead, gainOverBaseline, reason, added, deleted };
  const marks = Object.entries({ isInHead, isVerified, isDropped }).filter(([, is]) => is);
  return { ...facts, ...Object.fromEntries(marks) };
}
