/** The report as Markdown. Everything from candidates is escaped: it can break neither a table nor the page. */

import { escapeMarkdown, markdownCode } from "./plain-text.ts";
import { type Cell, type ReportTable, reportSections, type Section } from "./report-sections.ts";
import { headline } from "./report-words.ts";
import type { StudyView } from "./study-view.ts";
import { formatTime } from "./words.ts";

/** Ids shown in a cell before the rest becomes a number. */
const SHOWN_IDS = 12;

export function reportMarkdown(view: StudyView): string {
  const { run } = view;
  const title = run === undefined ? "# nightlab report" : `# nightlab report: ${escapeMarkdown(run.tag)}`;
  const when = run === undefined ? "" : `${runLine(run)}\n\n`;
  const sections = reportSections(view).map(sectionMarkdown);
  return `${title}\n\n**${escapeMarkdown(headline(view).text)}**\n\n${when}${sections.join("\n")}`;
}

function runLine({ startedAtMs, endedAtMs, state, reason }: NonNullable<StudyView["run"]>): string {
  const until = endedAtMs === undefined ? state : `ended ${formatTime(endedAtMs)}`;
  return `Started ${formatTime(startedAtMs)}, ${until}${reason === undefined ? "" : `: ${escapeMarkdown(reason)}`}.`;
}

function sectionMarkdown({ title, note, table, bullets, commands }: Section): string {
  const parts = [`## ${title}\n`];
  if (note !== undefined) parts.push(`${note}\n`);
  if (table !== undefined) parts.push(`${tableMarkdown(table)}\n`);
  if (bullets !== undefined) parts.push(`${bullets.map((line) => `- ${escapeMarkdown(line)}`).join("\n")}\n`);
  if (commands !== undefined) {
    const lines = commands.map(({ command, why }) => `${command}  # ${why}`);
    parts.push(`\`\`\`sh\n${lines.join("\n")}\n\`\`\`\n`);
  }
  return parts.join("\n");
}

function tableMarkdown({ columns, rows }: ReportTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = columns.map(({ isNumber }) => (isNumber === true ? "---:" : "---"));
  const head = line(columns.map(({ name }) => name));
  return [head, line(rule), ...rows.map((row) => line(row.map(cellMarkdown)))].join("\n");
}

function cellMarkdown(cell: Cell): string {
  if (cell.kind === "experiments") {
    const more = cell.ids.length - SHOWN_IDS;
    return `${cell.ids.slice(0, SHOWN_IDS).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  }
  if (cell.text === "") return "";
  return cell.kind === "code" ? markdownCode(cell.text) : escapeMarkdown(cell.text);
}
