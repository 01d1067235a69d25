/** Kills a study at each step it takes, once before, during and after it, and resumes it until it ends. */

import { join } from "node:path";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { contentOf, readLines, type Surroundings } from "./command-line.ts";
import { endProblems, killProblems, leftovers, type Problem, processesIn } from "./kill-checks.ts";
import { killStudy } from "./kill-study.ts";

const PROCESS = join(import.meta.dirname, "kill-steps-process.ts");
const EXPERIMENTS = 40;
const PATIENCE_MS = 10_000;

/** One study after the other until one meets no new step. `mostStudies` bounds what a slow machine has to bear. */
export async function killAtEachStep(
  place: Surroundings,
  options: { readonly sandbox: "process" | "bubblewrap"; readonly mostStudies: number },
): Promise<{ steps: string[]; problems: Problem[] }> {
  const steps: string[] = [];
  const problems: Problem[] = [];
  for (let study = 1; study <= options.mostStudies; study += 1) {
    const settings = { sandbox: options.sandbox, parallel: 2, budget: { experiments: EXPERIMENTS } };
    const repository = await killStudy(join(place.folder, `steps${study}`), settings);
    const before = steps.length;
    problems.push(...(await walk(place, repository, steps)));
    if (steps.length === before) break;
  }
  return { steps, problems };
}

async function walk(place: Surroundings, repository: string, steps: string[]): Promise<Problem[]> {
  const untouched = await contentOf(repository);
  const problems: Problem[] = [];
  let known: readonly LedgerLine[] = [];
  for (;;) {
    const hasBegun = known.some(({ event }) => event.kind === "run_started");
    const args = [hasBegun ? "resume" : "start", JSON.stringify(steps)];
    const said = await place.startScript(PROCESS, repository, repository, ...args).ended;
    const step = /^died (.*)$/m.exec(said.stdout)?.[1];
    const lines = await readLines(repository);
    const found = [
      ...killProblems(repository, lines, { known, printed: [] }),
      ...(await orphans(place.folder)),
    ];
    problems.push(...found.map(({ kind, text }) => ({ kind, text: `killed ${step}: ${text}` })));
    known = lines;
    if (step !== undefined) steps.push(step);
    const hasEnded = lines.some(({ event }) => event.kind === "run_ended");
    if (step === undefined && !hasEnded)
      problems.push({ kind: "stuck", text: `exit code ${said.code} ${said.stderr}` });
    if (step === undefined || hasEnded) break;
  }
  return [...problems, ...(await atTheEnd(place, { repository, lines: known, untouched }))];
}

async function atTheEnd(
  place: Surroundings,
  study: { repository: string; lines: readonly LedgerLine[]; untouched: Record<string, string> },
): Promise<Problem[]> {
  const { repository, lines, untouched } = study;
  const now = await contentOf(repository);
  const touched = Object.keys({ ...untouched, ...now }).filter((path) => untouched[path] !== now[path]);
  const left = await leftovers({
    repository,
    stateFolder: place.env.XDG_STATE_HOME ?? "",
    temporary: place.env.TMPDIR ?? "",
  });
  return [
    ...endProblems(repository, lines, EXPERIMENTS),
    // Killed after its last line, a run has no next start that would clear up; the next run of the repository does.
    ...left.filter(({ text }) => text.endsWith(".lock")),
    ...touched.map((path): Problem => ({ kind: "touched", text: path })),
  ];
}

async function orphans(folder: string): Promise<Problem[]> {
  const untilMs = performance.now() + PATIENCE_MS;
  let left = processesIn(folder);
  while (left.length > 0 && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    left = processesIn(folder);
  }
  return left.map((text) => ({ kind: "orphan", text }));
}
