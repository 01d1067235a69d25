/** What `nightlab status` shows: the read model without what grows with the number of experiments. */

import type { ExperimentView } from "./experiment-view.ts";
import type { StudyView } from "./study-view.ts";

export interface StatusView extends Omit<StudyView, "experiments" | "curve" | "discards" | "runs"> {
  readonly experimentCount: number;
  /** Kept because less code was not worse. */
  readonly simplifications: number;
}

export function statusView(view: StudyView): StatusView {
  const { experiments, curve: _curve, discards: _discards, runs: _runs, ...rest } = view;
  const isSimpler = ({ simplification }: ExperimentView) => simplification !== undefined;
  return {
    ...rest,
    experimentCount: experiments.length,
    simplifications: experiments.filter(isSimpler).length,
  };
}
