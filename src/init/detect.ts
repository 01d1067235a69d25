/** Guesses what a repository could measure, from the names of its files and its package.json. Runs nothing. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { goalOfName } from "../program/metric-settings.ts";

export interface MeasureGuess {
  readonly measure: string;
  /** Why it looks like a metric command. */
  readonly why: string;
  /** Files the command is about, if its name tells. */
  readonly edit: readonly string[];
}

const SCRIPT_NAMES = /^(bench|benchmark|perf|measure|eval|evaluate|score|size)(:.*)?$/;
const PROGRAMS = /(^|\/)(train|bench|benchmark|measure|main)\.(py|ts|js|mjs)$/;
const EDITABLE = /\.(py|ts|js|mjs|jsx|tsx|rs|go|c|cc|cpp|h|java|json|ya?ml)$/;
const NOT_EDITABLE =
  /(^|\/)(test|tests|spec|bench|benchmarks?|scripts|node_modules|dist|\.github)\/|\.(test|spec)\.|lock|^package\.json$|^tsconfig/;

/** Metric commands worth trying, most telling first. `files` are the tracked paths. */
export async function guessMeasures(root: string, files: readonly string[]): Promise<MeasureGuess[]> {
  const scripts = Object.keys(await packageScripts(root)).filter((name) => SCRIPT_NAMES.test(name));
  const programs = files.filter((path) => PROGRAMS.test(path)).sort((a, b) => a.length - b.length);
  return [
    ...scripts.map((name) => ({
      measure: `npm run --silent ${name}`,
      why: `script \`${name}\` of package.json`,
      edit: [],
    })),
    ...programs.map((path) => ({
      measure: commandFor(path, files),
      why: `${path} looks like a program that prints a metric`,
      edit: /train/.test(path) ? [path] : [],
    })),
  ];
}

/** Tracked source files that a researcher may reasonably change, as few globs as possible. */
export function guessEditable(files: readonly string[], measure: string): string[] {
  const named = files.filter((path) => measure.split(/\s+/).includes(path) && /train|model|solve/.test(path));
  if (named.length > 0) return named;
  const sources = files.filter(
    (path) => EDITABLE.test(path) && !NOT_EDITABLE.test(path) && !measure.includes(path),
  );
  const folders = ["src", "lib"].filter((folder) => sources.some((path) => path.startsWith(`${folder}/`)));
  return folders.length > 0 ? folders.map((folder) => `${folder}/**`) : sources.slice(0, 20);
}

/** True when the command, or a tracked file it names, reads the seed that nightlab gives. */
export async function readsSeed(root: string, files: readonly string[], measure: string): Promise<boolean> {
  if (SEED.test(measure)) return true;
  const named = files.filter((path) => measure.split(/\s+/).includes(path));
  const texts = await Promise.all(named.map((path) => readFile(join(root, path), "utf8").catch(() => "")));
  return texts.some((text) => text.includes("NIGHTLAB_SEED"));
}

const SEED = /\{seed\}|NIGHTLAB_SEED/;

/** The printed value that most looks like a metric; undefined when nothing was printed. */
export function guessMetric(names: readonly string[]): string | undefined {
  return names.find((name) => goalOfName(name) !== undefined) ?? names[0];
}

function commandFor(path: string, files: readonly string[]): string {
  if (!path.endsWith(".py")) return `node ${path}`;
  return files.includes("uv.lock") ? `uv run ${path}` : `python3 ${path}`;
}

async function packageScripts(root: string): Promise<Record<string, unknown>> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    const scripts = (manifest as { scripts?: unknown } | null)?.scripts;
    return typeof scripts === "object" && scripts !== null ? (scripts as Record<string, unknown>) : {};
  } catch {
    return {}; // no package.json, or one that npm could not read either
  }
}
