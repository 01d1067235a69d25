/** One experiment as a folded block of the HTML report: reasons, measurements, log, diff. */

import type { ExperimentView } from "./experiment-view.ts";
import { outcomeWords } from "./groups.ts";
import type { MeasurementView } from "./measurement-view.ts";
import { cleanBlock, escapeHtml } from "./plain-text.ts";
import { lookOf } from "./progress-marks.ts";
import type { MetricView } from "./run-view.ts";
import type { StudyView } from "./study-view.ts";
import { formatDuration, formatGain, formatPercent, formatTime, formatValue } from "./words.ts";

/** Longer diffs are cut: the report stays readable and git has the whole. */
const MAX_DIFF_LINES = 400;

export function experimentHtml(view: StudyView, one: ExperimentView, diff: string | undefined): string {
  const metric = view.run?.metric;
  const look = lookOf(one.status).name;
  const gain =
    one.gainOverHead === undefined || metric === undefined
      ? ""
      : formatGain(one.gainOverHead, metric.decimals);
  const title = one.title ?? one.reasons[0] ?? "no idea yet";
  return `<details id="${one.id}" class="${look}"><summary><span class="id">${one.id}</span><span class="badge">${outcomeWords(one)}</span><span class="title">${escapeHtml(title)}</span><span class="gain">${gain.replace("-", "−")}</span></summary>
<div class="inside">${[facts(one, metric), reasons(one), measurements(one, metric), log(one), diffHtml(diff)].filter((part) => part !== "").join("\n")}</div></details>`;
}

function facts(one: ExperimentView, metric: MetricView | undefined): string {
  const { forecast, files } = one;
  const lines = [
    one.why === undefined ? "" : `<p>${escapeHtml(one.why).replace(/\n+/g, "<br>")}</p>`,
    `<p class="note">${escapeHtml(one.researcher)}, opened ${formatTime(one.openedAtMs)}${one.closedAtMs === undefined ? "" : `, took ${formatDuration(one.closedAtMs - one.openedAtMs)}`}, measured ${formatDuration(one.seconds * 1000)}${one.commit === undefined ? "" : `, commit <code>${one.commit}</code> on <code>${one.head}</code>`}.</p>`,
  ];
  if (forecast !== undefined && metric !== undefined)
    lines.push(
      `<p class="note">Forecast: ${formatGain(forecast.gain, metric.decimals)} with ${formatPercent(forecast.probability)}.</p>`,
    );
  if (files.length > 0) {
    const named = files.map(
      ({ path, added, deleted }) =>
        `<code>${escapeHtml(path)}</code> ${added === undefined ? "binary" : `+${added} −${deleted ?? 0}`}`,
    );
    lines.push(`<p class="note">${named.join(", ")}</p>`);
  }
  return lines.join("\n");
}

function reasons({ reasons }: ExperimentView): string {
  return reasons.length === 0
    ? ""
    : `<ul>${reasons.map((reason) => `<li>${escapeHtml(reason)}</li>`).join("")}</ul>`;
}

function measurements({ measurements: lines }: ExperimentView, metric: MetricView | undefined): string {
  if (lines.length === 0 || metric === undefined) return "";
  const rows = lines.map((line) => measurementRow(line, metric));
  return `<div class="scroll"><table><thead><tr><th>Side</th><th class="number">Seed</th><th class="number">Value</th><th class="number">Head on this seed</th><th class="number">Gain</th><th class="number">Time</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function measurementRow(line: MeasurementView, { decimals }: MetricView): string {
  const value = (number: number | undefined) => (number === undefined ? "" : formatValue(number, decimals));
  const told =
    line.value === undefined
      ? escapeHtml(`${line.kind.replaceAll("_", " ")}: ${line.detail ?? ""}`)
      : value(line.value);
  const gain = line.gain === undefined ? "" : formatGain(line.gain, decimals).replace("-", "−");
  const time = line.seconds === undefined ? "" : formatDuration(line.seconds * 1000);
  const numbers = [String(line.seed), told, value(line.headValue), gain, time];
  const side = line.isDisturbed === true ? `${line.side}, disturbed` : line.side;
  return `<tr><td>${side}</td>${numbers.map((text) => `<td class="number">${text}</td>`).join("")}</tr>`;
}

function log({ logTail }: ExperimentView): string {
  return logTail === undefined || logTail.trim() === "" ? "" : `<pre>${escapeHtml(logTail)}</pre>`;
}

function diffHtml(diff: string | undefined): string {
  if (diff === undefined || diff.trim() === "") return "";
  const all = cleanBlock(diff).split("\n");
  const lines = all.slice(0, MAX_DIFF_LINES).map((line) => {
    const kind = /^(?:\+\+\+|---|diff |index )/.test(line)
      ? "meta"
      : { "+": "add", "-": "del", "@": "meta" }[line[0] ?? ""];
    const text = escapeHtml(line);
    return kind === undefined ? text : `<span class="${kind}">${text}</span>`;
  });
  const more = all.length - lines.length;
  return `<pre class="diff">${lines.join("\n")}${more > 0 ? `\n… ${more} more lines` : ""}</pre>`;
}
