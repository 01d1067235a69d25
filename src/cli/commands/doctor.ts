/** `nightlab doctor`: what this machine offers, what is in force, what is not contained, and what to do about it. */

import { z } from "zod";
import { examine } from "../../compose/examine.ts";
import { repairStudy, type StudyRepair } from "../../compose/repair-study.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import { parseOptions } from "../options.ts";
import { printJson, printLines } from "../print.ts";
import { describeRepair } from "../terminal/describe-repair.ts";

const schema = z.object({
  cwd: z.string(),
  json: z.boolean().default(false),
  repair: z.boolean().default(false),
});

export async function doctor(raw: unknown): Promise<void> {
  const { cwd, json, repair } = parseOptions(schema, raw, "doctor");
  if (repair) return printRepair(await repairStudy(cwd), json);
  const findings = await examine(cwd, process.env);
  if (findings.some(({ state }) => state === "bad")) process.exitCode = EXIT_CODES.usage;
  if (json) return printJson(findings);
  const marks = { good: "ok ", note: "-- ", bad: "!! " };
  printLines(
    findings.flatMap(({ state, name, detail, lines = [], next }) => [
      `${marks[state]}${name}: ${detail}`,
      ...lines.map((line) => `     ${line}`),
      ...(next === undefined ? [] : [`     next: ${next}`]),
    ]),
  );
}

function printRepair(repair: StudyRepair, json: boolean): void {
  if (json) printJson(repair);
  else printLines(describeRepair(repair));
}
