/** What was tried, as text for a researcher: families of attempts, near misses first. */

import type { PastExperiment } from "../core/brief.ts";
import { shortLine, textEnd } from "../text/untrusted.ts";

/** Attempts of one family: they changed the same files, or constants by number. */
interface Family {
  readonly name: string;
  readonly attempts: readonly PastExperiment[];
}

/** Not kept, though it was measured above its head. */
export const isNearMiss = ({ status, gainOverHead = 0 }: PastExperiment): boolean =>
  status !== "kept" && gainOverHead > 0;

const LOG_LINES = 6;
const CONSTANTS = "constants, searched by the tuner";

/** At most `characters` of it, whole attempts only; what has no room is counted at the end. */
export function attemptsText(history: readonly PastExperiment[], characters: number): string {
  const lines: string[] = [];
  let left = characters - CLOSING_CHARACTERS;
  let shown = 0;
  for (const { name, attempts } of familiesOf(history)) {
    const heading = `${name}: ${countsOf(attempts)}`;
    let isHeaded = false;
    for (const attempt of attempts) {
      const text = isHeaded ? attemptText(attempt) : `${heading}\n${attemptText(attempt)}`;
      if (text.length + 1 > left) break;
      isHeaded = true;
      lines.push(text);
      left -= text.length + 1;
      shown += 1;
    }
  }
  if (shown < history.length)
    lines.push(`${history.length - shown} more are not shown; all ${history.length}: ${countsOf(history)}`);
  return lines.join("\n");
}

const CLOSING_CHARACTERS = 400; // thirteen statuses with their counts

/** Families with the nearest miss first; within one: near misses by gain, then the latest. */
function familiesOf(history: readonly PastExperiment[]): Family[] {
  const grouped = Map.groupBy([...history].reverse(), familyName);
  const families = [...grouped].map(([name, attempts]) => ({
    name,
    attempts: attempts.sort((a, b) => nearness(b) - nearness(a)),
  }));
  const nearest = ({ attempts }: Family) => Math.max(...attempts.map(nearness));
  return families.sort((a, b) => nearest(b) - nearest(a));
}

function familyName({ idea, files = [] }: PastExperiment): string {
  if (idea.settings !== undefined) return CONSTANTS;
  const sorted = files.toSorted().map((path) => shortLine(path, 80));
  const more = sorted.length > 4 ? ` and ${sorted.length - 4} more` : "";
  return sorted.length === 0 ? "nothing that could be measured" : sorted.slice(0, 4).join(", ") + more;
}

/** 0 for what is no near miss. */
const nearness = (past: PastExperiment) => (isNearMiss(past) ? (past.gainOverHead ?? 0) : 0);

function countsOf(attempts: readonly PastExperiment[]): string {
  const counts = Map.groupBy(attempts, ({ status }) => status);
  return [...counts].map(([status, of]) => `${of.length} ${status.replaceAll("_", " ")}`).join(", ");
}

function attemptText(past: PastExperiment): string {
  const { experiment, status, gainOverHead, idea, reasons, logTail } = past;
  const gain = gainOverHead === undefined ? "" : `, gain over its head ${numberText(gainOverHead)}`;
  const near = isNearMiss(past) ? ", a near miss" : "";
  const { forecast } = idea;
  const foreseen =
    forecast === undefined
      ? ""
      : ` (foreseen ${numberText(forecast.gain)}, ${Math.round(forecast.probability * 100)} %)`;
  const lines = [
    `- ${experiment} ${status.replaceAll("_", " ")}${near}${gain}${foreseen}: ${shortLine(idea.title, 160)}`,
    ...(idea.why.trim() === "" ? [] : [`    why: ${shortLine(idea.why, 240)}`]),
    ...reasons.slice(0, 2).map((reason) => `    verdict: ${shortLine(reason, 200)}`),
    ...logLines(logTail),
  ];
  return lines.join("\n");
}

function logLines(logTail: string | undefined): string[] {
  const lines = textEnd(logTail ?? "", 1000)
    .trimEnd()
    .split("\n");
  return lines
    .slice(-LOG_LINES)
    .flatMap((line) => (line.trim() === "" ? [] : [`    log: ${shortLine(line, 160)}`]));
}

export function numberText(value: number): string {
  const text = String(Number(value.toPrecision(4)));
  return value > 0 ? `+${text}` : text;
}
