/** The tools that read a study. Every call reads the ledger anew, so any number of servers stand beside a run at work. */

import { readFile } from "node:fs/promises";
import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { findStudy, readStudy, viewOf } from "../compose/read-study.ts";
import { UsageError } from "../core/errors.ts";
import type { ExperimentId } from "../core/experiment.ts";
import { currentRun } from "../core/study.ts";
import { fenced } from "../text/fence.ts";
import { DIFF_CHARACTERS, NOTEBOOK_CHARACTERS } from "../text/untrusted.ts";
import { explainVerdict } from "../view/explain.ts";
import { STATUS_WORDS } from "../view/groups.ts";
import { type Answer, answer, answered } from "./answer.ts";
import { experimentFor, explanationFor, statusFor } from "./hide.ts";
import { ideasOf } from "./ideas.ts";
import { type Filter, pageOf } from "./page.ts";

const READS = { readOnlyHint: true, idempotentHint: true, openWorldHint: false };
const PROGRAM_CHARACTERS = 16_000;

const id = z.string().trim().min(1).max(40);
const run = z.string().max(100).optional().describe("tag of a run; left out: the current one");
const filterSchema = z.object({
  status: z
    .enum(Object.keys(STATUS_WORDS) as [keyof typeof STATUS_WORDS])
    .optional()
    .describe("only those that ended so, e.g. kept"),
  contains: z
    .string()
    .max(200)
    .optional()
    .describe("only those with this text in title, why, reasons or files"),
  before: id.optional().describe("only those opened before this one: `next` of the page before"),
  limit: z.number().int().min(1).max(50).default(20),
  run,
});

interface Reader {
  readonly cwd: string;
  readonly isForResearcher: boolean;
}

export function addReadTools(server: McpServer, { cwd, isForResearcher }: Reader): void {
  const read = <Schema extends z.ZodObject>(
    name: string,
    { about, input }: { about: string; input: Schema },
    work: (given: z.output<Schema>) => Promise<Answer>,
  ) => {
    const config = { description: about, inputSchema: input as z.ZodObject, annotations: READS };
    server.registerTool(name, config, (given) => answered(() => work(given as z.output<Schema>)));
  };
  const nothing = z.object({});
  read("status", { about: ABOUT.status, input: nothing }, () => status({ cwd, isForResearcher }));
  read("experiments", { about: ABOUT.experiments, input: filterSchema }, (given) => experiments(cwd, given));
  read("experiment", { about: ABOUT.experiment, input: z.object({ id }) }, (given) =>
    experiment({ cwd, isForResearcher }, given.id),
  );
  read("verdict_explain", { about: ABOUT.verdict, input: z.object({ id, run }) }, async (given) => {
    const { study } = await open(cwd);
    const explanation = explainVerdict(study, given.id, given.run);
    return answer(isForResearcher ? explanationFor(explanation) : explanation);
  });
  read("ideas", { about: ABOUT.ideas, input: nothing }, async () => {
    const { place, study } = await open(cwd);
    return answer(await ideasOf(study, place.programPath));
  });
  read("notebook", { about: ABOUT.notebook, input: nothing }, () => notebook(cwd));
  read("program", { about: ABOUT.program, input: nothing }, () => program(cwd));
}

const ABOUT = {
  status:
    "What the lab is doing: run, metric, proven and tentative gain, budget left, experiments in flight, why others failed. Call it first.",
  experiments: "Lists experiments, newest first, 20 to a page: what was tried, its gain and how it ended.",
  experiment: "One experiment in full: idea, forecast, measurements, verdict, reasons, end of its log, diff.",
  verdict:
    "Why a verdict is what it is, with the numbers: of an experiment (e12), a promotion (promotion-2) or the final test (final).",
  ideas: "Ideas waiting to be tried, of the user, of program.md and of researchers, and which were taken up.",
  notebook: "The lessons of this run and what the user has told the researchers.",
  program: "program.md: goal, metric, what may be edited, budget, priorities.",
};

async function open(cwd: string, tag?: string) {
  const place = await findStudy(cwd);
  const reading = await readStudy(place);
  if (tag !== undefined && !reading.study.runs.some((one) => one.tag === tag)) {
    const tags = reading.study.runs.slice(-10).map((one) => one.tag);
    throw new UsageError(`there is no run ${tag}`, { next: `--run with one of: ${tags.join(", ")}` });
  }
  return { place, reading, study: reading.study, view: await viewOf(place, reading, tag) };
}

async function status({ cwd, isForResearcher }: Reader): Promise<Answer> {
  const { experiments: all, curve: _, inFlight, ...rest } = (await open(cwd)).view;
  if (rest.run === undefined) throw noRun();
  const now = inFlight.map(({ id, title, stage, researcher }) => ({ id, title, stage, researcher }));
  const shown = isForResearcher ? statusFor(rest) : rest;
  return answer({ ...shown, experiments: all.length, inFlight: now });
}

async function experiments(cwd: string, filter: Filter & { run?: string | undefined }): Promise<Answer> {
  const { view } = await open(cwd, filter.run);
  if (view.run === undefined) throw noRun();
  return answer(pageOf(view.experiments, filter));
}

async function experiment({ cwd, isForResearcher }: Reader, asked: string): Promise<Answer> {
  const { place, reading, study } = await open(cwd);
  const wanted = (/^\d+$/.test(asked) ? `e${asked}` : asked.toLowerCase()) as ExperimentId;
  const record = study.experiments.get(wanted);
  if (record === undefined) throw new UsageError(`there is no experiment ${asked}`, { next: "nightlab log" });
  const view = await viewOf(place, reading, record.run);
  const { diffOf } = await import("../compose/reports.ts");
  const diff = record.commit === undefined ? "" : await diffOf(place, record.head, record.commit);
  const found = view.experiments.find((one) => one.id === wanted);
  const shown = found !== undefined && isForResearcher ? experimentFor(found) : found;
  return answer({ run: record.run, ...shown }, [fenced(diff, DIFF_CHARACTERS, { language: "diff" })]);
}

async function notebook(cwd: string): Promise<Answer> {
  const record = currentRun((await open(cwd)).study);
  if (record === undefined) throw noRun();
  const { tag, told, notebook: text = "" } = record;
  return answer({ run: tag, told, notebook: text === "" ? "nothing yet" : "below" }, [
    fenced(text, NOTEBOOK_CHARACTERS, { language: "markdown", keep: "end" }),
  ]);
}

async function program(cwd: string): Promise<Answer> {
  const { programPath } = await findStudy(cwd);
  const text = await readFile(programPath, "utf8").catch(() => undefined);
  if (text === undefined)
    throw new UsageError("there is no program.md here", { place: programPath, next: "nightlab init" });
  return answer({ program: programPath }, [fenced(text, PROGRAM_CHARACTERS, { language: "markdown" })]);
}

function noRun(): UsageError {
  return new UsageError("no run has been started here", { next: "nightlab run" });
}
