/** Whether a repository trains and scores in two steps: then nightlab can score by itself what a candidate leaves. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A command that scores, and what the metric command leaves for it. */
export interface Split {
  readonly evaluate: string;
  readonly evaluator: string;
  readonly artifact: readonly string[];
}

const TRAINERS = /(^|\/)(train|fit|solve|main)\w*\.(py|ts|js|mjs)$/;
const EVALUATORS = /(^|\/)(eval(uate)?\w*|score|test|validate)\.(py|ts|js|mjs)$/;
/** A file that one program may leave for another: a quoted path that ends like a model or a result, not like a source. */
const LEFT = /["'`]([\w./-]+\.(?:pt|pth|ckpt|bin|npz|npy|pkl|joblib|onnx|safetensors|h5|json|csv|txt))["'`]/g;

/**
 * The split of `measure` and a tracked evaluator, told by a file that both name and git does not hold. Undefined where
 * the command trains nothing, or nothing that it could leave is named by both: a wrong `artifact` would fail every run.
 */
export async function guessSplit(
  root: string,
  files: readonly string[],
  measure: string,
): Promise<Split | undefined> {
  const words = measure.split(/\s+/);
  const trainer = files.find((path) => words.includes(path) && TRAINERS.test(path));
  if (trainer === undefined) return undefined;
  const trained = await namedIn(root, trainer);
  const evaluators = files.filter((path) => EVALUATORS.test(path) && path !== trainer);
  for (const evaluator of evaluators.sort((a, b) => a.length - b.length)) {
    const read = await namedIn(root, evaluator);
    const artifact = [...trained].filter((path) => read.has(path) && !files.includes(path));
    if (artifact.length > 0)
      return {
        evaluator,
        evaluate: words.map((word) => (word === trainer ? evaluator : word)).join(" "),
        artifact,
      };
  }
  return undefined;
}

async function namedIn(root: string, path: string): Promise<Set<string>> {
  const text = await readFile(join(root, path), "utf8").catch(() => "");
  const paths = [...text.matchAll(LEFT)].map(([, named = ""]) => named.replace(/^\.\//, ""));
  return new Set(paths.filter((named) => !named.startsWith("/") && !named.split("/").includes("..")));
}

/** Lines for the front matter, commented out: which number the evaluator prints is the user's to know. */
export function splitComment({ evaluate, evaluator, artifact }: Split): string[] {
  return [
    `# ${evaluator} seems to score what the metric command leaves. With these lines nightlab runs it itself, where no`,
    "# candidate can reach it: the strongest way to measure. The metric is then what it prints. To use it, take out the #.",
    `# evaluate: ${evaluate}`,
    `# artifact: [${artifact.join(", ")}]`,
    `# protect: [${evaluator}]`,
  ];
}
