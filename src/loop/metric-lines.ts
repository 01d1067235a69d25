/** Reads metric values and progress points out of what a command printed. Knows text only. */

const NUMBER = String.raw`([-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?))`;
const VALUE_LINE = new RegExp(
  String.raw`^(?:METRIC\s+([A-Za-z_][\w.-]*)\s*=|([A-Za-z_][\w.-]*):)\s*${NUMBER}\s*$`,
  "i",
);
const PAIR = new RegExp(String.raw`([A-Za-z_][\w.-]*)=${NUMBER}(?=[\s,;]|$)`, "gi");

/** What is longer is no metric line; the patterns take quadratic time on lines made to hurt. */
const MAX_LINE_CHARACTERS = 4096;

/** All `name: value` and `METRIC name=value` lines; a name printed twice keeps its last value. NaN and infinities stay. */
export function readMetricLines(output: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of output.split(/\r?\n/)) {
    if (line.length > MAX_LINE_CHARACTERS) continue;
    const match = VALUE_LINE.exec(line.trimEnd());
    const name = match?.[1] ?? match?.[2];
    if (name !== undefined) values.set(name, toNumber(match?.[3] ?? ""));
  }
  return values;
}

export interface ProgressPoint {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A progress line such as `step=100 val_bpb=2.9`; undefined for any other line. */
export function readProgressLine(line: string): ProgressPoint | undefined {
  if (line.length > MAX_LINE_CHARACTERS || !/^\s*step=/.test(line)) return undefined;
  const values: Record<string, number> = {};
  for (const match of line.matchAll(PAIR)) values[match[1] ?? ""] = toNumber(match[2] ?? "");
  const { step, ...rest } = values;
  return step === undefined || !Number.isFinite(step) ? undefined : { step, values: rest };
}

function toNumber(text: string): number {
  const plain = text.toLowerCase().replaceAll("_", "");
  if (plain.endsWith("nan")) return Number.NaN;
  if (plain.includes("inf"))
    return plain.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(plain);
}
