/** `nightlab status` in its plain form, from the view kept beside the ledger; loads a handful of modules. */

import { keptView } from "../compose/kept-view.ts";
import { usualRoot } from "../compose/usual-folder.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { nextLines, printLines } from "./print.ts";
import { lookFor } from "./terminal/live-display.ts";
import { renderStatusView } from "./terminal/status.ts";

/**
 * Answers `status` and `status -C <folder>` when a kept view says all there is to say. Undefined in any doubt, and for any
 * other command line: then `main` reads the ledger. bin/nightlab.js calls it.
 */
export function quickStatus(argv: readonly string[]): number | undefined {
  const [command, option, folder, ...rest] = argv;
  const isPlain = option === undefined || ((option === "-C" || option === "--cwd") && folder !== undefined);
  if (command !== "status" || !isPlain || rest.length > 0) return undefined;
  const lines = linesOf(folder ?? process.cwd());
  if (lines === undefined) return undefined;
  process.stdout.on("error", () => undefined); // whoever reads us may go away
  printLines(lines);
  return EXIT_CODES.ok;
}

function linesOf(cwd: string): string[] | undefined {
  try {
    const root = usualRoot(cwd);
    const view = root === undefined ? undefined : keptView(root, Date.now());
    if (view === undefined) return undefined;
    return [...renderStatusView(view, lookFor(process.stdout, process.env)), ...nextLines(view)];
  } catch {
    return undefined; // not what a view looks like
  }
}
