/** The report as one HTML file: no script, nothing loaded from anywhere, every word from a candidate escaped. */

import { experimentHtml } from "./experiment-html.ts";
import { escapeHtml } from "./plain-text.ts";
import { progressSvg } from "./progress-svg.ts";
import { type Cell, type ReportTable, reportSections, type Section } from "./report-sections.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { estimateText, gainText, headline } from "./report-words.ts";
import type { RunView } from "./run-view.ts";
import type { StudyView } from "./study-view.ts";
import { count, formatDuration, formatPercent, formatTime, formatValue, withUnit } from "./words.ts";

export interface HtmlOptions {
  /** Unified diffs by experiment id, shown in the experiment's details. */
  readonly diffs?: Readonly<Record<string, string>>;
}

// `default-src` does not cover base and forms.
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

export function reportHtml(view: StudyView, { diffs = {} }: HtmlOptions = {}): string {
  const { run } = view;
  const title = run === undefined ? "nightlab report" : `nightlab report: ${run.tag}`;
  const [proof, rest] = splitSections(reportSections(view));
  const body = [
    header(view),
    run === undefined ? "" : tiles(view, run),
    run?.baselineMean === undefined ? "" : `<figure class="card">${progressSvg(view)}</figure>`,
    ...proof.map(sectionHtml),
    ...rest.map(sectionHtml),
    experiments(view, diffs),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
${body.filter((part) => part !== "").join("\n")}
<footer>Made by nightlab at ${formatTime(view.nowMs)}. Every number was measured by nightlab; none was reported by a researcher.</footer>
</main>
</body>
</html>
`;
}

/** What to do next stands right under the plot: it is why the page was opened. */
function splitSections(sections: readonly Section[]): [first: Section[], rest: Section[]] {
  const isFirst = ({ title }: Section) => title === "Next";
  return [sections.filter(isFirst), sections.filter((section) => !isFirst(section))];
}

function header(view: StudyView): string {
  const { tone, text } = headline(view);
  const { run } = view;
  const name = run === undefined ? "nightlab" : `nightlab <span>/</span> ${escapeHtml(run.tag)}`;
  const state = run === undefined ? "" : `<span class="state ${run.state}">${run.state}</span>`;
  return `<header>
<p class="name">${name}${state}</p>
<h1 class="${tone}">${minus(escapeHtml(text))}</h1>
${run === undefined ? "" : `<p class="when">${escapeHtml(whenText(run))}</p>`}
</header>`;
}

function whenText({ startedAtMs, endedAtMs, reason, baseline, verified, head }: RunView): string {
  const end = endedAtMs === undefined ? "" : `, ended ${formatTime(endedAtMs)}`;
  const why = reason === undefined ? "" : `: ${reason}`;
  return `Started ${formatTime(startedAtMs)}${end}${why}. Baseline ${baseline}, verified ${verified}, head ${head}.`;
}

function tiles(view: StudyView, run: RunView): string {
  const { metric, counts, baselineMean, noise } = run;
  const value = (number: number) => withUnit(formatValue(number, metric.decimals), metric);
  const proven = provenTile(run);
  const facts: [name: string, value: string][] = [
    ["Verified gain", proven.split(/ \[|, p/)[0] ?? proven],
    ["Head, tentative", run.tentative === undefined ? "not yet" : gainText(metric, run.tentative)],
    ["Baseline", baselineMean === undefined ? "not yet" : value(baselineMean)],
    [
      "Noise of one run",
      noise === undefined ? "not yet" : noise.isDeterministic ? "none" : `± ${value(noise.sdRun)}`,
    ],
    [
      "Kept",
      `${counts.kept ?? 0} of ${view.experiments.length - (counts.open ?? 0)}${run.keepRate === undefined ? "" : ` (${formatPercent(run.keepRate)})`}`,
    ],
    ["Work", `${formatDuration(run.elapsedMs)}, ${run.measurements} runs`],
  ];
  const items = facts.map(([name, text]) => `<div><dt>${name}</dt><dd>${minus(escapeHtml(text))}</dd></div>`);
  return `<dl class="tiles">${items.join("")}</dl>`;
}

function provenTile({ verifiedGain, metric }: RunView): string {
  if (verifiedGain?.isProven === true) return estimateText({ metric }, verifiedGain);
  const simpler = verifiedGain?.simpler;
  return simpler === undefined ? "nothing yet" : `none, but ${count(simpler.linesSaved, "line")} fewer`;
}

function sectionHtml({ title, note, table, bullets, commands }: Section): string {
  const parts = [`<section><h2>${escapeHtml(title)}</h2>`];
  if (note !== undefined) parts.push(`<p class="note">${escapeHtml(note)}</p>`);
  if (table !== undefined) parts.push(tableHtml(table));
  if (bullets !== undefined)
    parts.push(`<ul>${bullets.map((line) => `<li>${escapeHtml(line)}</li>`).join("")}</ul>`);
  if (commands !== undefined) {
    const lines = commands.map(
      ({ command, why }) => `<code>${escapeHtml(command)}</code><span>${escapeHtml(why)}</span>`,
    );
    parts.push(`<div class="commands">${lines.join("")}</div>`);
  }
  return `${parts.join("\n")}</section>`;
}

function tableHtml({ columns, rows }: ReportTable): string {
  const align = (isNumber: boolean | undefined) => (isNumber === true ? ' class="number"' : "");
  const head = columns
    .map(({ name, isNumber }) => `<th scope="col"${align(isNumber)}>${escapeHtml(name)}</th>`)
    .join("");
  const lines = rows.map(
    (row) =>
      `<tr>${row.map((cell, index) => `<td${align(columns[index]?.isNumber)}>${cellHtml(cell)}</td>`).join("")}</tr>`,
  );
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${lines.join("\n")}</tbody></table></div>`;
}

function cellHtml(cell: Cell): string {
  if (cell.kind === "experiments") return cell.ids.map((id) => `<a href="#${id}">${id}</a>`).join(" ");
  const text = escapeHtml(cell.text);
  return cell.kind === "code" ? `<code>${text}</code>` : cell.kind === "number" ? minus(text) : text;
}

function experiments(view: StudyView, diffs: Readonly<Record<string, string>>): string {
  if (view.experiments.length === 0) return "";
  const items = view.experiments.map((one) => experimentHtml(view, one, diffs[one.id]));
  return `<section><h2>Experiments</h2><div class="experiments">${items.join("\n")}</div></section>`;
}

/** A real minus sign before a number: in a proportional font the hyphen is too short to be seen. */
function minus(text: string): string {
  return text.replace(/(^|[\s[(])-(?=\d)/g, "$1−");
}
