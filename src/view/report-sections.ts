/** The content of a report as sections of plain cells; Markdown and HTML only dress it. */

import type { ExperimentId } from "../core/experiment.ts";
import type { ExperimentView } from "./experiment-view.ts";
import type { PromotionView } from "./promotion-view.ts";
import {
  budgetText,
  gainText,
  intervalText,
  measuredBullets,
  type NextCommand,
  nextCommands,
  promotionsText,
  simplificationText,
} from "./report-words.ts";
import type { MetricView, RunView } from "./run-view.ts";
import type { StudyView } from "./study-view.ts";
import { count, formatGain, formatPercent, formatTime } from "./words.ts";

/** `code` is set in a fixed font, `experiments` are ids that a page may link. Text is clean but not escaped. */
export type Cell =
  | { readonly kind: "text" | "number" | "code"; readonly text: string }
  | { readonly kind: "experiments"; readonly ids: readonly ExperimentId[] };

export interface ReportTable {
  readonly columns: readonly { readonly name: string; readonly isNumber?: boolean }[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Section {
  readonly title: string;
  readonly note?: string;
  readonly table?: ReportTable;
  readonly bullets?: readonly string[];
  readonly commands?: readonly NextCommand[];
}

/** Sections that have something to say, in the order of a reader's questions. */
export function reportSections(view: StudyView): Section[] {
  const { run } = view;
  if (run === undefined) return [{ title: "Next", commands: nextCommands(view) }];
  return [
    stackSection(view, run.verifiedStack, {
      title: "Verified commits",
      note: "Gains of single commits are estimates of the search; the headline is what was proven, for all of them together.",
    }),
    stackSection(view, run.tentativeStack, {
      title: "Kept, not proven",
      note: "They beat the head when they were tried, or were simpler and not worse, but no promotion has confirmed them. They are not in Verified.",
    }),
    stackSection(view, run.droppedStack, {
      title: "Kept, then dropped",
      note: "Fresh seeds found the stack with them suspect, and its newest half left Head again. Their numbers are those that won then: nothing is claimed of them.",
    }),
    flagSection(view),
    discardSection(view),
    promotionSection(view, run),
    researcherSection(view, run.metric),
    { title: "How it was measured", bullets: measuredBullets(view) },
    { title: "Budget", bullets: run.budget.map(budgetText) },
    { title: "Warnings", bullets: view.warnings },
    { title: "Next", commands: nextCommands(view) },
  ].filter((section) => section !== undefined && hasContent(section)) as Section[];
}

function hasContent({ table, bullets, commands }: Section): boolean {
  return (table?.rows.length ?? 0) + (bullets?.length ?? 0) + (commands?.length ?? 0) > 0;
}

const text = (content: string): Cell => ({ kind: "text", text: content });
const number = (content: string): Cell => ({ kind: "number", text: content });
const code = (content: string): Cell => ({ kind: "code", text: content });

function flagSection({ experiments }: StudyView): Section {
  const bullets = experiments.flatMap(({ id, title, flags, recheck }) => {
    const again = recheck === undefined ? "" : `; ${recheck}`;
    return flags.map((flag) => `${id}${title === undefined ? "" : ` (${title})`}: ${flag}${again}`);
  });
  const note =
    "Kept changes that look too good to be taken on trust. Each is measured again, alone, before anything is proven with it; read what those that held change before you merge.";
  return { title: "Read these first", note, bullets };
}

function stackSection(
  view: StudyView,
  ids: readonly ExperimentId[],
  words: { title: string; note: string },
): Section {
  const metric = view.run?.metric;
  const kept = ids.flatMap((id) => view.experiments.find((one) => one.id === id) ?? []);
  const columns = [
    { name: "Experiment" },
    { name: "Commit" },
    { name: "Idea" },
    { name: "By" },
    { name: "Lines", isNumber: true },
    { name: "Gain over its head", isNumber: true },
    { name: "Over the baseline", isNumber: true },
  ];
  const rows = metric === undefined ? [] : kept.map((one) => stackRow(one, view, metric));
  return { ...words, table: { columns, rows } };
}

function stackRow(one: ExperimentView, view: StudyView, metric: MetricView): Cell[] {
  const estimate = one.verdict?.estimate;
  const interval = estimate === undefined ? "" : intervalText(metric, estimate);
  const simpler = one.simplification === undefined ? "" : `, ${simplificationText(one.simplification)}`;
  return [
    { kind: "experiments", ids: [one.id] },
    code(one.commit ?? ""),
    text(one.title ?? ""),
    text(one.researcher),
    number(linesText(one)),
    number(
      one.gainOverHead === undefined
        ? ""
        : `${formatGain(one.gainOverHead, metric.decimals)}${interval}${simpler}`,
    ),
    number(overBaseline(one, view, metric)),
  ];
}

function overBaseline({ gainOverBaseline }: ExperimentView, { run }: StudyView, metric: MetricView): string {
  if (gainOverBaseline === undefined) return "";
  const mean = run?.baselineMean;
  const fraction = mean === undefined || mean === 0 ? {} : { fraction: gainOverBaseline / Math.abs(mean) };
  return gainText(metric, { absolute: gainOverBaseline, ...fraction });
}

function linesText({ files, added, deleted }: ExperimentView): string {
  return files.length === 0 ? "" : `+${added} -${deleted}`;
}

function discardSection({ discards }: StudyView): Section {
  const total = discards.reduce((sum, { experiments }) => sum + experiments.length, 0);
  const rows = discards.map(({ meaning, reason, experiments }) => [
    number(String(experiments.length)),
    text(meaning),
    text(reason),
    { kind: "experiments" as const, ids: experiments },
  ]);
  const columns = [
    { name: "Count", isNumber: true },
    { name: "Outcome" },
    { name: "Reason" },
    { name: "Experiments" },
  ];
  return {
    title: "Not kept",
    note: `${count(total, "experiment")}, grouped by reason.`,
    table: { columns, rows },
  };
}

function promotionSection({ promotions }: StudyView, { promotionError }: RunView): Section {
  const rows = promotions.map((promotion) => [
    text(promotion.id),
    text(formatTime(promotion.atMs)),
    { kind: "experiments" as const, ids: promotion.tested },
    code(promotion.head),
    code(promotion.verified),
    text(promotionWords(promotion)),
    text(promotion.reasons.join(" ")),
  ]);
  const names = ["Promotion", "When", "Tested", "Head", "Against", "Verdict", "Why"];
  const columns = names.map((name) => ({ name }));
  const note = `${promotionsText(promotions, promotionError)}. Type nightlab verdict explain promotion-1 to see the numbers of one.`;
  return { title: "Promotions", note, table: { columns, rows } };
}

function promotionWords({ kind, isSimplification, isWithdrawn, dropped }: PromotionView): string {
  if (isWithdrawn) return "proven, and taken back later";
  if (kind === "keep") return isSimplification ? "simpler and not worse; no gain claimed" : "proven";
  if (kind === "inconclusive") return "not proven";
  return dropped.length === 0 ? "suspect, head went back" : `suspect, dropped ${dropped.join(", ")}`;
}

function researcherSection({ researchers }: StudyView, { decimals }: MetricView): Section {
  const percent = (part: number | undefined) => (part === undefined ? "" : formatPercent(part));
  const gain = (value: number | undefined) => (value === undefined ? "" : formatGain(value, decimals));
  const rows = researchers.map((one) => [
    text(one.name),
    number(String(one.experiments)),
    number(String(one.kept)),
    number(String(one.verified)),
    number(percent(one.meanProbability)),
    number(percent(one.keptShare)),
    number(gain(one.meanForecastGain)),
    number(gain(one.meanMeasuredGain)),
    number(gain(one.gainError).replace("+", "")),
    number(one.brier === undefined ? "" : one.brier.toFixed(2)),
  ]);
  const numbers = [
    "Experiments",
    "Kept",
    "Verified",
    "Forecast chance",
    "Share kept",
    "Forecast gain",
    "Measured gain",
    "Gain off by",
    "Brier",
  ];
  const columns = [{ name: "Researcher" }, ...numbers.map((name) => ({ name, isNumber: true }))];
  const note =
    "Forecast columns are means over experiments that came with a forecast and were measured or failed. " +
    "Brier's score of the chances: 0 is perfect, 0.25 is saying 50 % always.";
  return { title: "Researchers", note, table: { columns, rows } };
}
