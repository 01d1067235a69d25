/** What is known of a study: a fold over its ledger lines, so that a restart continues where it was. Its records: records.ts. */

import type { EventOf, LedgerEvent, LedgerLine } from "./ledger.ts";
import { finiteDifference, gainOver, mean } from "./metric.ts";
import { type ModelCall, tokensOf } from "./provider.ts";
import {
  comparableFrom,
  currentRun,
  type ExperimentRecord,
  linesOf,
  positionOf,
  type RunRecord,
  readingsOf,
  type Spending,
  type Study,
} from "./records.ts";

export * from "./records.ts";

export function emptyStudy(): Study {
  const counts = { lineCount: 0, lastOrdinal: 0 };
  return { runs: [], experiments: new Map(), trees: new Map(), byCommit: new Map(), ...counts };
}

export function replay(lines: Iterable<LedgerLine>): Study {
  const study = emptyStudy();
  for (const line of lines) apply(study, line);
  return study;
}

/** Adds one line to the study. The only place where state changes: live and replayed alike. */
export function apply(study: Study, line: LedgerLine): void {
  if (line.number !== study.lineCount + 1)
    throw new Error(`ledger line ${line.number} after ${study.lineCount}`);
  study.lineCount = line.number;
  if ("experiment" in line.event && line.event.experiment !== undefined)
    study.lastOrdinal = Math.max(study.lastOrdinal, Number(line.event.experiment.slice(1)));
  const run = currentRun(study);
  if (line.event.kind === "run_started") startRun(study, line.event, line.atMs);
  else if (run === undefined)
    throw new Error(`ledger line ${line.number}: ${line.event.kind} before any run`);
  else {
    // A gap between a pause or a kill and the resume is not work: the clock of the budget stands still.
    if (line.event.kind !== "run_resumed") run.workedMs += Math.max(0, line.atMs - run.lastAtMs);
    run.lastAtMs = line.atMs;
    const place = { study, run, atMs: line.atMs, line: line.number };
    ON_RUN[line.event.kind](place, line.event as never); // each kind has a function of its own type
  }
}

interface Place {
  readonly study: Study;
  readonly run: RunRecord;
  readonly atMs: number;
  readonly line: number;
}

type RunEvent = Exclude<LedgerEvent, { kind: "run_started" }>;

/** What each event does to the run it is of. */
const ON_RUN: { readonly [Kind in RunEvent["kind"]]: (place: Place, event: EventOf<Kind>) => void } = {
  run_resumed: ({ run }, event) => {
    run.sandbox = event.sandbox;
    delete run.pausedReason;
  },
  calibrated: ({ study, run, line }, event) => {
    run.noise = event.noise;
    run.calibratedLine = line;
    run.measurementsAtSteady = run.measurements;
    if (run.head !== run.baseline) refreshHeadGain(study, run);
  },
  drifted: ({ run, line }, event) => {
    run.driftLines.push(line);
    run.warnings.push(event.text);
  },
  opened: openExperiment,
  proposed: applyToExperiment,
  rebased: applyToExperiment,
  judged: applyToExperiment,
  reviewed: applyToExperiment,
  closed: applyToExperiment,
  rechecked: applyToExperiment,
  measured: applyMeasured,
  called: ({ study, run }, event) => {
    addCall(run, event.call);
    addCall(study.experiments.get(event.experiment), event.call);
  },
  head_moved: applyHeadMoved,
  promotion_judged: ({ run, line, atMs }, { head, verified, verdict }) => {
    run.promotions.push({ line, atMs, head, verified, verdict });
    run.keepsSincePromotion = 0;
    run.measurementsAtPromotion = run.measurements;
  },
  verified_moved: ({ run }, event) => {
    run.verified = event.to;
  },
  withdrawn: ({ run }, event) => {
    run.verified = event.to;
    run.withdrawn.push(event.from);
    run.warnings.push(event.reason);
  },
  published: ({ run }, { commit, estimate }) => {
    run.published = { commit, estimate };
  },
  final_judged: ({ run }, event) => {
    run.final = event;
  },
  warning: ({ run }, event) => void run.warnings.push(event.text),
  told: ({ run }, event) => void run.told.push(event.text),
  ideas_added: ({ run }, { by, ideas }) => void run.queue.push(...ideas.map((idea) => ({ by, idea }))),
  noted: ({ run }, event) => {
    run.notebook = event.text;
  },
  run_paused: ({ run }, event) => {
    run.pausedReason = event.reason;
  },
  run_ended: ({ run, atMs }, event) => {
    run.endedAtMs = atMs;
    run.endReason = event.reason;
  },
};

function startRun(study: Study, event: EventOf<"run_started">, atMs: number): void {
  study.runs.push({
    tag: event.run,
    baseline: event.baseline,
    studySeed: event.studySeed,
    metric: event.metric,
    startedAtMs: atMs,
    sandbox: event.sandbox,
    head: event.baseline,
    verified: event.baseline,
    headGain: 0,
    stack: [],
    keepsSincePromotion: 0,
    ...{ tokens: 0, unpricedTokens: 0, usd: 0, measurements: 0, measurementsAtPromotion: 0 },
    ...{ experiments: 0, experimentsSinceKeep: 0 },
    ...{ promotions: [], drops: [], withdrawn: [], records: [], closed: [] },
    heads: [event.baseline],
    driftLines: [],
    ...{ calibratedLine: 0, measurementsAtSteady: 0, warnings: [], told: [], queue: [], workedMs: 0 },
    lastAtMs: atMs,
  });
}

function openExperiment({ study, run, atMs }: Place, event: EventOf<"opened">): void {
  const opened: ExperimentRecord = {
    id: event.experiment,
    run: run.tag,
    researcher: event.researcher,
    openedAtMs: atMs,
    head: event.head,
    headGain: run.headGain,
    ...{ tokens: 0, unpricedTokens: 0, usd: 0 },
    ...{ files: [], measured: [], reviews: [], reasons: [] },
  };
  study.experiments.set(event.experiment, opened);
  run.records.push(opened);
  run.experiments += 1;
}

function applyToExperiment(
  { study, run, atMs, line }: Place,
  event: EventOf<"proposed" | "rebased" | "judged" | "reviewed" | "closed" | "rechecked">,
): void {
  const record = study.experiments.get(event.experiment);
  if (record === undefined) throw new Error(`${event.kind} for unknown experiment ${event.experiment}`);
  switch (event.kind) {
    case "proposed":
      record.idea = event.idea;
      record.files = event.files;
      record.commit = event.commit;
      record.tree = event.tree;
      record.proposedLine = line;
      if (!study.trees.has(event.tree)) study.trees.set(event.tree, event.experiment);
      return;
    case "rebased":
      record.head = event.onto;
      record.headGain = run.headGain;
      record.commit = event.commit;
      record.tree = event.tree;
      delete record.verdict;
      return;
    case "judged":
    case "rechecked":
      record[event.kind === "judged" ? "verdict" : "recheck"] = event.verdict;
      return;
    case "reviewed":
      record.reviews.push(event);
      return;
    case "closed":
      record.status = event.status;
      record.reasons = event.reasons;
      record.closedAtMs = atMs;
      record.closedLine = line;
      run.closed.push(record);
      if (event.logTail !== undefined) record.logTail = event.logTail;
      if (event.idea !== undefined) record.idea ??= event.idea;
      run.experimentsSinceKeep = event.status === "kept" ? 0 : run.experimentsSinceKeep + 1;
      return;
    default:
      event satisfies never;
  }
}

function addCall(to: Spending | undefined, { usage, usd }: ModelCall): void {
  if (to === undefined) return;
  to.tokens += tokensOf(usage);
  if (usd === undefined) to.unpricedTokens += tokensOf(usage);
  else to.usd += usd;
}

function applyMeasured({ study, run, atMs, line }: Place, event: EventOf<"measured">): void {
  const measured = {
    line,
    run: run.tag,
    atMs,
    purpose: event.purpose,
    commit: event.commit,
    seed: event.seed,
    outcome: event.outcome,
  };
  run.measurements += 1;
  const ofCommit = study.byCommit.get(event.commit) ?? [];
  ofCommit.push(measured);
  study.byCommit.set(event.commit, ofCommit);
  if (event.experiment !== undefined) study.experiments.get(event.experiment)?.measured.push(measured);
  if (event.purpose === "drift") run.measurementsAtSteady = run.measurements;
  if (
    event.purpose === "anchor" &&
    event.commit === run.head &&
    run.head !== run.baseline &&
    !run.metric.timing
  )
    refreshHeadGain(study, run);
}

function applyHeadMoved({ study, run, line }: Place, event: EventOf<"head_moved">): void {
  run.head = event.to;
  if (!run.heads.includes(event.to)) run.heads.push(event.to);
  run.measurementsAtSteady = run.measurements;
  if (event.reason === "suspect") {
    const left = positionOf(study, run, event.to);
    run.drops.push({ line, from: event.from, experiments: run.stack.slice(left) });
    run.stack = run.stack.slice(0, left);
    run.keepsSincePromotion = run.stack.length - positionOf(study, run, run.verified);
    run.headGain = run.published?.commit === event.to ? run.published.estimate.gain : 0;
    refreshHeadGain(study, run);
    return;
  }
  if (event.experiment === undefined) return;
  run.stack.push(event.experiment);
  run.keepsSincePromotion += 1;
  const gain = study.experiments.get(event.experiment)?.verdict?.estimate?.gain ?? 0;
  run.headGain = finiteDifference(run.headGain, -gain);
  if (!run.metric.timing) refreshHeadGain(study, run);
}

/** After a keep the estimate that won is replaced by values measured afterwards: the winner's luck does not stay. */
function refreshHeadGain(study: Study, run: RunRecord): void {
  const from = comparableFrom(run);
  const lines = linesOf(study, run.tag, run.head).filter(({ line }) => line > from);
  const head = readingsOf(lines, "anchor").map(({ value }) => value);
  if (head.length === 0 || run.noise === undefined) return;
  run.headGain = gainOver(run.metric.goal, mean(head), run.noise.mean);
}
