/** `nightlab verdict explain`: the numbers a verdict came from, in words and in a small plot. */

import { locateStudy, readStudy } from "../../compose.ts";
import { explainVerdict } from "../../view/explain.ts";
import { printJson, printLines } from "../print.ts";
import { renderExplanation } from "../terminal/explain.ts";
import { lookFor } from "../terminal/live-display.ts";

export async function explain(
  id: string,
  options: { cwd: string; json?: boolean; run?: string },
): Promise<void> {
  const { study } = await readStudy(await locateStudy(options.cwd));
  const explanation = explainVerdict(study, id, options.run);
  if (options.json) return printJson(explanation);
  printLines(renderExplanation(explanation, lookFor(process.stdout, process.env)));
}
