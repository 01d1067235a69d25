/** A verdict explained: words, a table of the evidence, the arithmetic of the rules and a plot. Pure text. */

import type { Explanation } from "../../view/explain.ts";
import type { Check } from "../../view/explain-checks.ts";
import type { EvidenceRow } from "../../view/explain-evidence.ts";
import { formatGain, formatValue } from "../../view/words.ts";
import { type Look, paint, textTable, widthOf, wrap } from "./cells.ts";
import { freshSign, plotLines } from "./gain-plot.ts";
import { asciiWords, finishLines, statusMark } from "./marks.ts";

/** Lines no wider than the terminal. */
export function renderExplanation(explanation: Explanation, look: Look): string[] {
  const { answer, title, question, trust, noise, error, consequences } = explanation;
  const colours = paint(look.colour);
  const [first = "", ...rest] = paragraph(`${markOf(explanation, look)} ${answer}`, look.columns, look);
  const section = (name: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", colours.bold(name), ...lines.map((line) => `  ${line}`.trimEnd())];
  const sentences = (texts: readonly string[]) =>
    texts.flatMap((text) => paragraph(text, look.columns - 2, look));
  const inner = { ...look, columns: look.columns - 2 };
  const lines = [
    colours.bold(first),
    ...rest.map((line) => colours.bold(`  ${line}`)),
    ...(title === undefined
      ? []
      : paragraph(title, look.columns - 2, look).map((line) => colours.dim(`  ${line}`))),
    ...section("Asked", sentences(question)),
    ...section("Measured", evidenceTable(explanation, inner)),
    ...section("Trust", sentences(trust)),
    ...section("Noise", sentences(noise)),
    ...section("Decided", decisionLines(explanation, inner)),
    ...section("How often this errs", sentences(error)),
    ...section("What followed", sentences(consequences)),
    ...section("In a picture", plotSection(explanation, inner)),
  ];
  return finishLines(lines, look);
}

/** Spelled for the terminal before it is broken into lines: `≤` takes two columns in ASCII. */
function paragraph(text: string, columns: number, { ascii }: Look): string[] {
  return wrap(ascii === true ? asciiWords(text) : text, Math.max(1, columns));
}

function markOf({ verdict }: Explanation, look: Look): string {
  const status = { keep: "kept", discard: "discarded", inconclusive: "inconclusive" } as const;
  return statusMark(status[verdict.kind], look, paint(false));
}

// --- evidence ---

function evidenceTable(explanation: Explanation, look: Look): string[] {
  const { evidence, sides, metric, verdict } = explanation;
  if (evidence.length === 0) return [];
  const value = (number: number | undefined) =>
    number === undefined ? "" : formatValue(number, metric.decimals);
  const gain = (number: number | undefined) =>
    number === undefined ? "" : formatGain(number, metric.decimals);
  const cells = (row: EvidenceRow, index: number) => [
    String(index + 1),
    String(row.seed),
    value(row.challenger),
    value(row.defender),
    gain(row.gain),
    noteOf(row),
  ];
  const { challenger, defender } = explanation.means;
  const average = [
    "mean",
    "mean",
    value(challenger),
    value(defender),
    gain(verdict.estimate?.gain),
    averageNote(explanation),
  ];
  const rows = [...evidence.map(cells), average];
  const numbers = [sides.challenger, sides.defender, "gain"].map((name) => ({ name, isNumber: true }));
  const columns = [{ name: "" }, { name: "seed", isNumber: true }, ...numbers, { name: "note" }];
  const widths = columns.map(({ name }, index) =>
    Math.max(widthOf(name), ...rows.map((row) => widthOf(row[index] ?? ""))),
  );
  const hasNotes = rows.some((row) => row[NOTE] !== "");
  const widest = widths.slice(SEED, NOTE).reduce((sum, width) => sum + width + 2, hasNotes ? MIN_NOTE : 0);
  // A seed has up to ten digits: on a narrow terminal the row's number stands for it.
  const hidden = [widest > look.columns ? SEED : 0, ...(hasNotes ? [] : [NOTE])];
  const shown = <Item>(items: readonly Item[]) => items.filter((_, index) => !hidden.includes(index));
  return textTable(shown(columns), rows.map(shown), { columns: look.columns, stretch: "note" });
}

const [SEED, NOTE] = [1, 5];
/** Columns of a note below which it says nothing. */
const MIN_NOTE = 10;

function noteOf({ isCounted, note }: EvidenceRow): string {
  if (isCounted) return note ?? "";
  return note === undefined || note.includes("left out") ? (note ?? "left out") : `left out: ${note}`;
}

/** The gain of durations is a trimmed mean: the plain one of the pairs is another number. */
function averageNote({ stage, metric, verdict }: Explanation): string {
  const isTrimmed = stage === "tentative" && metric.isTiming && (verdict.estimate?.runs ?? 0) > 1;
  return isTrimmed ? "gain trimmed" : "";
}

// --- decision ---

const RULE_WORDS: Readonly<Record<Check["rule"], string>> = {
  constraint: "constraint broken",
  exact: "exact comparison",
  screen: "screen on the first run",
  boundary: "boundary for a gain",
  futility: "stop when hopeless",
  not_held: "not held on fresh seeds",
  not_worse: "not worse, for less code",
  looks_used_up: "no runs left",
  suspect: "suspect stack",
  out_of_reach: "proof out of reach",
  fixed_number: "one test, planned ahead",
};

function decisionLines({ checks, verdict }: Explanation, look: Look): string[] {
  const { kind, reasons, estimate } = verdict;
  if (checks.length === 0)
    return [
      ...reasons.flatMap((reason) => paragraph(`${reason}.`, look.columns, look)),
      ...(estimate === undefined
        ? []
        : paragraph("The ledger holds no more of the arithmetic.", look.columns, look)),
    ];
  const arrow = look.ascii === true ? "->" : "→";
  return checks.flatMap(({ rule, text, isMet, isDeciding }, index) => {
    const name = `${RULE_WORDS[rule]}: `;
    const end = isDeciding ? ` ${arrow} ${kind}` : isMet ? " (met)" : " (not met)";
    const before = index === 1 ? paragraph("Other rules on the same numbers:", look.columns, look) : [];
    return [...before, ...paragraph(`${name}${text}${end}`, look.columns, look)];
  });
}

// --- plot ---

function plotSection(explanation: Explanation, look: Look): string[] {
  const lines = plotLines(explanation, look);
  const { interval, metric, evidence } = explanation;
  if (lines.length === 0) return [];
  const isOut = evidence.some((row) => !row.isCounted);
  const fresh = evidence.some((row) => row.isFresh === true) ? `, ${freshSign(look)} a fresh seed` : "";
  const about = [
    `${metric.name}: ${metric.goal === "minimize" ? "left" : "right"} is better${isOut ? ", crossed ones did not count" : ""}${fresh}.`,
    ...(interval === undefined ? [] : [`Gain: right is better, the bar is ${interval.meaning}.`]),
  ];
  return [...paragraph(about.join(" "), look.columns, look), "", ...lines];
}
