/** `nightlab doctor`: what this machine offers, what is in force, what is not contained, and what to do about it. */

import { examine } from "../../compose/examine.ts";
import { EXIT_CODES } from "../../core/errors.ts";
import { printJson, printLines } from "../print.ts";

export async function doctor(options: { cwd: string; json?: boolean }): Promise<void> {
  const findings = await examine(options.cwd);
  if (findings.some(({ state }) => state === "bad")) process.exitCode = EXIT_CODES.usage;
  if (options.json) return printJson(findings);
  const marks = { good: "ok ", note: "-- ", bad: "!! " };
  printLines(
    findings.flatMap(({ state, name, detail, lines = [], next }) => [
      `${marks[state]}${name}: ${detail}`,
      ...lines.map((line) => `     ${line}`),
      ...(next === undefined ? [] : [`     next: ${next}`]),
    ]),
  );
}
