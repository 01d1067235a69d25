/** The one read model: everything that is shown of a run, as plain JSON data. Knows the study, no file, clock or format. */

import { currentRun, type Study } from "../core/study.ts";
import { type Curve, makeCurve } from "./curve.ts";
import { type ExperimentView, experimentViews } from "./experiment-view.ts";
import { type ReasonGroup, type ResearcherView, reasonGroups, researcherViews } from "./groups.ts";
import { cleanLine } from "./plain-text.ts";
import { type PromotionView, promotionViews } from "./promotion-view.ts";
import { type RunState, stateOf } from "./run-state.ts";
import { type RunView, runView, type ViewOptions } from "./run-view.ts";

/** Empty study: `run` is absent and every list is empty. */
export interface StudyView {
  readonly nowMs: number;
  readonly runs: readonly { readonly tag: string; readonly state: RunState; readonly experiments: number }[];
  readonly run?: RunView;
  readonly experiments: readonly ExperimentView[];
  readonly inFlight: readonly ExperimentView[];
  readonly curve: Curve;
  readonly promotions: readonly PromotionView[];
  readonly researchers: readonly ResearcherView[];
  readonly discards: readonly ReasonGroup[];
  readonly warnings: readonly string[];
}

/** Pure; all text from candidates and models is stripped of control characters here, once for every surface. */
export function makeStudyView(study: Study, nowMs: number, options: ViewOptions = {}): StudyView {
  const asked = options.run;
  const run = asked === undefined ? currentRun(study) : study.runs.find(({ tag }) => tag === asked);
  const runs = study.runs.map((one) => ({
    tag: one.tag,
    state: stateOf(study, one, options),
    experiments: one.experiments,
  }));
  if (run === undefined) return emptyView(nowMs, runs);
  const experiments = experimentViews(study, run, options);
  const view = runView({ study, run, nowMs, options }, experiments);
  return {
    nowMs,
    runs,
    run: view,
    experiments,
    inFlight: view.state === "ended" ? [] : experiments.filter(({ status }) => status === "open"),
    curve: makeCurve(run, experiments, view),
    promotions: promotionViews(run),
    researchers: researcherViews(experiments),
    discards: reasonGroups(experiments),
    warnings: run.warnings.map((text) => cleanLine(text)),
  };
}

function emptyView(nowMs: number, runs: StudyView["runs"]): StudyView {
  const curve = { points: [], head: [], verified: [] };
  const lists = {
    experiments: [],
    inFlight: [],
    promotions: [],
    researchers: [],
    discards: [],
    warnings: [],
  };
  return { nowMs, runs, curve, ...lists };
}
