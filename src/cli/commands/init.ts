/** `nightlab init`: proposes a program.md, tries its metric command twice, writes it on consent. */

import { readFile, writeFile } from "node:fs/promises";
import * as prompts from "@clack/prompts";
import { z } from "zod";
import { probe, trackedFiles } from "../../compose/probe.ts";
import { locateStudy } from "../../compose/read-study.ts";
import type { StudyPlace } from "../../compose/surroundings.ts";
import { UsageError } from "../../core/errors.ts";
import { guessEditable, guessMeasures, readsSeed } from "../../init/detect.ts";
import { metricOf, type Probe, type Proposal, propose, readProbe, type Wishes } from "../../init/propose.ts";
import { guessSplit } from "../../init/split.ts";
import { parseProgramFile } from "../../program/load.ts";
import { parseProgram } from "../../program/parse.ts";
import { describeProblem } from "../../program/problem.ts";
import { renderFrontMatter, renderProgram } from "../../program/render.ts";
import { parseOptions } from "../options.ts";
import { printJson, printLines } from "../print.ts";

const initOptions = z.object({
  cwd: z.string(),
  json: z.boolean().default(false),
  yes: z.boolean().default(false),
  measure: z.string().min(1).optional(),
  metric: z.string().min(1).optional(),
  goal: z.enum(["minimize", "maximize"]).optional(),
  edit: z.array(z.string().min(1)).optional(),
});

type InitOptions = z.output<typeof initOptions>;

export async function init(raw: unknown): Promise<void> {
  const options = parseOptions(initOptions, raw, "init");
  const place = await locateStudy(options.cwd);
  const existing = await readFile(place.programPath, "utf8").catch(() => undefined);
  if (existing === undefined) await initNew(options, place);
  else await initExisting(options, place, existing);
}

/** A program.md is there: says what it means; settings that were inferred from prose are written on consent. */
async function initExisting(options: InitOptions, place: StudyPlace, source: string): Promise<void> {
  const { program, problems } = parseProgramFile(place.programPath);
  if (program === undefined) {
    const errors = problems.filter(({ severity }) => severity === "error");
    throw new UsageError(`program.md is there but not usable:\n${errors.map(describeProblem).join("\n")}`, {
      place: place.programPath,
      next: "mend program.md, then: nightlab init",
    });
  }
  const isProse = !source.trimStart().startsWith("---");
  const written = isProse && (await consents(options, ["inferred from its prose:", ...program.inferred]));
  if (written) await writeFile(place.programPath, `${renderFrontMatter(program)}\n${source}`);
  const { metric, measure, edit, inferred } = program;
  if (options.json)
    return printJson({ program: place.programPath, metric, measure, edit, inferred, written });
  const how = written ? "its settings are written at its top now" : "nothing was changed";
  printLines([
    `program.md is there: ${metric.goal} ${metric.name} with \`${measure}\`; ${how}`,
    "next: nightlab run",
  ]);
}

async function initNew(options: InitOptions, place: StudyPlace): Promise<void> {
  const files = await trackedFiles(place);
  const measure = options.measure ?? (await chooseMeasure(options, place, files));
  const edit = options.edit ?? (await chooseEdit(options, guessEditable(files, measure)));
  const probed = await tryTwice(options, place, { measure, edit });
  const metric = metricOf(probed, options.metric);
  if (metric === undefined) {
    const names = Object.keys(probed.values).join(", ");
    throw new UsageError(`\`${measure}\` printed no line \`${options.metric}: <number>\``, {
      next: `choose one it has (${names}) with --metric, or let the command print that line`,
    });
  }
  const seeded = await readsSeed(place.repository.root, files, measure);
  const split = await guessSplit(place.repository.root, files, measure);
  const found = split === undefined ? {} : { split };
  const proposal = await settle(options, { measure, edit, probed, metric, seeded, ...found });
  const written = await consents(options, [...proposal.notes, "", ...proposal.text.trimEnd().split("\n")]);
  if (written) await writeFile(place.programPath, proposal.text, { flag: "wx" });
  if (options.json) return printJson({ ...proposal, program: place.programPath, written });
  const next = "read it, put your ideas in, then: nightlab run";
  printLines(written ? [`written: ${place.programPath}`, `next: ${next}`] : ["nothing was written"]);
}

async function chooseMeasure(
  options: InitOptions,
  place: StudyPlace,
  files: readonly string[],
): Promise<string> {
  const guesses = await guessMeasures(place.repository.root, files);
  const [first] = guesses;
  if (!isInteractive(options)) {
    if (first !== undefined) return first.measure;
    throw new UsageError("no command here looks like it prints a metric", {
      next: "nightlab init --measure '<command>' --metric <name> --goal minimize --edit '<files>'",
    });
  }
  const own = "another command";
  const choices = guesses.map(({ measure, why }) => ({ value: measure, label: measure, hint: why }));
  const chosen =
    first === undefined
      ? own
      : await ask(
          prompts.select({
            message: "Which command measures?",
            options: [...choices, { value: own, label: own }],
          }),
        );
  if (chosen !== own) return chosen;
  const text = {
    message: "The command that prints the metric, as `name: value`",
    placeholder: "node bench.js",
  };
  return await ask(
    prompts.text({ ...text, validate: (value) => (value?.trim() ? undefined : "a command, please") }),
  );
}

async function chooseEdit(options: InitOptions, guess: readonly string[]): Promise<string[]> {
  if (!isInteractive(options)) {
    if (guess.length > 0) return [...guess];
    throw new UsageError("no source file here may obviously be changed", {
      next: "nightlab init --edit '<files>'",
    });
  }
  const answer = await ask(
    prompts.text({
      message: "Files that may be changed (globs, separated by blanks)",
      initialValue: guess.join(" "),
      validate: (value) => (value?.trim() ? undefined : "at least one"),
    }),
  );
  return answer.trim().split(/\s+/);
}

async function tryTwice(
  options: InitOptions,
  place: StudyPlace,
  { measure, edit }: { measure: string; edit: readonly string[] },
): Promise<Probe> {
  const draft = renderProgram({
    metric: { name: "wall_seconds", goal: "minimize", seeded: false, timing: true },
    measure,
    edit,
  });
  const { program, problems } = parseProgram(draft, place.programPath);
  if (program === undefined) {
    throw new UsageError(problems.map(describeProblem).join("\n"), { next: "nightlab init --help" });
  }
  if (!options.json) printLines([`trying \`${measure}\` twice, in a fresh checkout of HEAD …`]);
  const probed = readProbe(await probe(place, program, { environment: process.env, count: 2 }));
  if (probed.failure === undefined) return probed;
  throw new UsageError(`the command does not work in a fresh checkout of HEAD: ${probed.failure}`, {
    place: measure,
    next: "commit what it needs, or give another one with --measure, then: nightlab init",
  });
}

async function settle(
  options: InitOptions,
  found: Omit<Wishes, "metric" | "goal"> & { probed: Probe; metric: string },
): Promise<Proposal> {
  const { probed, metric, ...wishes } = found;
  const goal = options.goal === undefined ? {} : { goal: options.goal };
  const proposal = propose({ ...wishes, ...goal }, probed, metric);
  if (!("missing" in proposal)) return proposal;
  if (!isInteractive(options)) {
    throw new UsageError(`is a lower or a higher ${metric} better?`, {
      next: "nightlab init --goal minimize (or maximize)",
    });
  }
  const asked = await ask(
    prompts.select({
      message: `Which ${metric} is better?`,
      options: [
        { value: "minimize" as const, label: "lower" },
        { value: "maximize" as const, label: "higher" },
      ],
    }),
  );
  const settled = propose({ ...wishes, goal: asked }, probed, metric);
  if ("missing" in settled) throw new Error("a goal was given and is still missing");
  return settled;
}

/** Shows `lines` and asks; without a terminal only `--yes` consents. */
async function consents(options: InitOptions, lines: readonly string[]): Promise<boolean> {
  if (options.yes) return true;
  if (options.json) return false;
  printLines(lines);
  if (!isInteractive(options)) {
    printLines(["", "next: nightlab init --yes writes it"]);
    return false;
  }
  return await ask(prompts.confirm({ message: "Write program.md?" }));
}

function isInteractive({ yes, json }: InitOptions): boolean {
  return !yes && !json && process.stdin.isTTY === true && process.stdout.isTTY === true;
}

async function ask<Answer>(question: Promise<Answer>): Promise<Exclude<Answer, symbol>> {
  const answer = await question;
  if (prompts.isCancel(answer)) throw new UsageError("nothing was written", { next: "nightlab init" });
  return answer as Exclude<Answer, symbol>;
}
