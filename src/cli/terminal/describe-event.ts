/** One plain line per ledger event worth telling, for logs and pipes: no colour, no cursor codes. */

import type { ExperimentId } from "../../core/experiment.ts";
import type { LedgerEvent, LedgerLine } from "../../core/ledger.ts";
import { currentRun, type RunRecord, type Study } from "../../core/study.ts";
import { gainOf, short } from "../../view/gain.ts";
import { STATUS_WORDS } from "../../view/groups.ts";
import { cleanLine } from "../../view/plain-text.ts";
import { estimateText, noiseText } from "../../view/report-words.ts";
import type { MetricView } from "../../view/run-view.ts";
import { simplificationOf } from "../../view/simplification.ts";
import { decimalsFor, formatGain, formatValue, withUnit } from "../../view/words.ts";

/** `study` is the state after `line`. Undefined for events that the closing line of their experiment tells anyway. */
export function describeEvent(line: LedgerLine, study: Study): string | undefined {
  const run = currentRun(study);
  const text = run === undefined ? undefined : sentence(line.event, { study, run });
  return text === undefined ? undefined : cleanLine(text, 300);
}

/** With the time of writing before it, UTC: a line for a log. */
export function plainLine(line: LedgerLine, study: Study): string | undefined {
  const text = describeEvent(line, study);
  return text === undefined ? undefined : `${new Date(line.atMs).toISOString().slice(11, 19)} ${text}`;
}

interface Place {
  readonly study: Study;
  readonly run: RunRecord;
}

function sentence(event: LedgerEvent, place: Place): string | undefined {
  switch (event.kind) {
    case "proposed":
    case "rebased":
    case "closed":
      return experimentSentence(event, place);
    case "opened":
    case "judged":
    case "reviewed": // told by the flag or the end that follows
      return undefined;
    case "rechecked":
      return recheckSentence(event);
    case "called":
      return callSentence(event);
    case "measured":
      return calibrationSentence(event, place.run);
    case "promotion_judged":
    case "published":
    case "final_judged":
    case "verified_moved":
    case "head_moved":
      return proofSentence(event, place.run);
    default:
      return runSentence(event, place.run);
  }
}

type EventNamed<Kind extends LedgerEvent["kind"]> = Extract<LedgerEvent, { kind: Kind }>;

function runSentence(
  event: EventNamed<
    | "run_started"
    | "run_resumed"
    | "calibrated"
    | "drifted"
    | "withdrawn"
    | "warning"
    | "told"
    | "ideas_added"
    | "noted"
    | "run_paused"
    | "run_ended"
  >,
  run: RunRecord,
): string {
  const metric = metricOf(run);
  switch (event.kind) {
    case "run_started":
      return `run ${event.run} started: ${metric.name}, ${metric.goal === "minimize" ? "lower" : "higher"} is better; baseline ${short(event.baseline)}; sandbox ${event.sandbox}`;
    case "run_resumed":
      return `run ${event.run} resumed; sandbox ${event.sandbox}`;
    case "calibrated":
      return `baseline ${withUnit(formatValue(event.noise.mean, metric.decimals), metric)}; noise: ${noiseText({ metric, noise: event.noise })}`;
    case "drifted":
    case "warning":
      return `warning: ${event.text}`;
    case "told":
      return `you said: ${event.text}`;
    case "ideas_added":
      return `${event.by} adds ${event.ideas.length} idea${event.ideas.length === 1 ? "" : "s"}: ${event.ideas.map(({ title }) => title).join("; ")}`;
    case "noted":
      return `${event.by} wrote the notebook anew`;
    case "withdrawn":
      return `warning: ${event.reason}`;
    case "run_paused":
      return `run ${event.run} paused: ${event.reason}`;
    case "run_ended":
      return `run ${event.run} ended: ${event.reason}`;
    default:
      return event satisfies never;
  }
}

function experimentSentence(event: EventNamed<"proposed" | "rebased" | "closed">, place: Place): string {
  const record = place.study.experiments.get(event.experiment);
  switch (event.kind) {
    case "proposed": {
      const added = event.files.reduce((sum, file) => sum + (file.added ?? 0), 0);
      const deleted = event.files.reduce((sum, file) => sum + (file.deleted ?? 0), 0);
      return `${event.experiment} ${record?.researcher ?? ""} tries: ${event.idea.title} (+${added} -${deleted})`;
    }
    case "rebased":
      return `${event.experiment} re-applied on ${short(event.onto)}: the head moved meanwhile`;
    case "closed":
      return closedSentence(event, place);
    default:
      return event satisfies never;
  }
}

/** Calls that went well are many, and told by the budget. */
function callSentence({ experiment, researcher, call }: EventNamed<"called">): string | undefined {
  if (call.end === "ok" || call.end === "cancelled") return undefined;
  const why = call.detail === undefined ? "" : `: ${call.detail}`;
  return `${experiment} ${researcher}: call to ${call.model} ended ${call.end.replaceAll("_", " ")}${why}`;
}

function closedSentence(
  { experiment, status, reasons }: EventNamed<"closed">,
  { study, run }: Place,
): string {
  const record = study.experiments.get(experiment);
  const isSimpler = record !== undefined && simplificationOf(record) !== undefined;
  const gain = isSimpler ? undefined : record?.verdict?.estimate?.gain;
  const said = gain === undefined ? "" : ` ${formatGain(gain, metricOf(run).decimals)}`;
  const flags = record?.verdict?.flags ?? [];
  const why = [...reasons.slice(0, 1), ...flags.map((flag) => `read it first, ${flag}`)].join("; ");
  return `${experiment} ${STATUS_WORDS[status]}${said}${titleOf(study, experiment)}${why === "" ? "" : `: ${why}`}`;
}

function recheckSentence({ experiment, verdict }: EventNamed<"rechecked">): string {
  const { flags = [], reasons } = verdict;
  return `${experiment}${flags.length === 0 ? "" : " looked too good"}: ${reasons[0] ?? verdict.kind}`;
}

function titleOf(study: Study, experiment: ExperimentId): string {
  const title = study.experiments.get(experiment)?.idea?.title;
  return title === undefined ? "" : ` (${title})`;
}

/** Measurements of experiments are told when they close; the baseline's are all there is to see at first. */
function calibrationSentence(
  { purpose, seed, outcome }: EventNamed<"measured">,
  run: RunRecord,
): string | undefined {
  if (purpose !== "calibration") return undefined;
  if (outcome.kind !== "measured") return `baseline, seed ${seed}: ${outcome.kind}, ${outcome.detail}`;
  const { value } = outcome.measurement;
  const { decimals } =
    run.noise === undefined ? { decimals: decimalsFor(undefined, [value]) } : metricOf(run);
  return `baseline, seed ${seed}: ${withUnit(formatValue(value, decimals), run.metric)}`;
}

function proofSentence(
  event: EventNamed<"promotion_judged" | "published" | "final_judged" | "verified_moved" | "head_moved">,
  run: RunRecord,
): string | undefined {
  switch (event.kind) {
    case "promotion_judged":
      return `promotion of ${short(event.head)} over ${short(event.verified)}: ${event.verdict.reasons[0] ?? event.verdict.kind}`;
    case "published":
      return `${short(event.commit)} over the baseline: ${gainSentence(event.estimate, run)}`;
    case "final_judged":
      return `final test of ${short(event.verified)}: ${gainSentence(event.verdict.estimate, run)}, ${event.verdict.kind === "keep" ? "proven" : "not proven"}`;
    case "verified_moved":
      return `verified is now ${short(event.to)}`;
    case "head_moved":
      return event.reason === "suspect"
        ? `head went back to ${short(event.to)}: the stack was suspect${droppedText(run)}`
        : undefined;
    default:
      return event satisfies never;
  }
}

function droppedText({ drops }: RunRecord): string {
  const dropped = drops.at(-1)?.experiments ?? [];
  return dropped.length === 0 ? "" : `, dropped ${dropped.join(", ")}`;
}

function gainSentence(estimate: EventNamed<"published">["estimate"] | undefined, run: RunRecord): string {
  if (estimate === undefined) return "not measured";
  return estimateText(
    { metric: metricOf(run) },
    { estimate, ...gainOf(estimate.gain, run.noise?.mean ?? 0) },
  );
}

function metricOf({ metric, noise }: RunRecord): MetricView {
  const decimals = decimalsFor(noise, noise === undefined ? [] : [noise.mean]);
  const { name, goal, unit, timing } = metric;
  return { name, goal, ...(unit === undefined ? {} : { unit }), isTiming: timing, decimals };
}
