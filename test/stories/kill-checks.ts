/** What must hold of a study that was killed: nothing lost, doubled, left running or left lying about. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { refs } from "../../src/core/experiment.ts";
import type { LedgerEvent, LedgerLine } from "../../src/core/ledger.ts";
import { replay } from "../../src/core/study.ts";
import { eventsOf } from "./command-line.ts";
import { git } from "./repositories.ts";

/** `touched`: something of the user's changed. `stuck`: a study that could not be brought to its end. */
export type ProblemKind = "lost" | "doubled" | "orphan" | "leftover" | "touched" | "stuck";

export interface Problem {
  readonly kind: ProblemKind;
  readonly text: string;
}

const problem = (kind: ProblemKind, text: string): Problem => ({ kind, text });

/** After any kill: what was known or printed stands unchanged, numbers have no gap, git holds what the ledger names. */
export function killProblems(
  repository: string,
  lines: readonly LedgerLine[],
  seen: { readonly known: readonly LedgerLine[]; readonly printed: readonly LedgerLine[] },
): Problem[] {
  const written = lines.map((line) => JSON.stringify(line));
  const missing = [...seen.known, ...seen.printed].filter(
    (line) => written[line.number - 1] !== JSON.stringify(line),
  );
  const gap = lines.findIndex(({ number }, index) => number !== index + 1);
  return [
    ...missing.map(({ number, event }) => problem("lost", `line ${number}, ${event.kind}`)),
    ...(gap === -1 ? [] : [problem("lost", `line ${gap + 1} is missing`)]),
    ...unheldCommits(repository, lines),
    ...doubles(lines),
  ];
}

/** At the end of a run besides: every experiment closed, refs and ledger at one, the branch where the proof is. */
export function endProblems(
  repository: string,
  lines: readonly LedgerLine[],
  experiments: number,
): Problem[] {
  const { runs, experiments: records } = replay(lines);
  const run = runs.at(-1);
  if (run === undefined) return [problem("lost", "the run")];
  const at = refsOf(repository);
  const wanted = {
    [refs.head(run.tag)]: run.head,
    [refs.verified(run.tag)]: run.verified,
    [refs.baseline(run.tag)]: run.baseline,
    ...(run.verified === run.baseline ? {} : { [refs.branch(run.tag)]: run.verified }),
  };
  const open = [...records.values()].filter(({ status }) => status === undefined);
  const spent = eventsOf(lines, "opened").length;
  const isProven = run.verified === run.baseline || run.final?.verified === run.verified;
  return [
    ...open.map(({ id }) => problem("lost", `${id} was never closed`)),
    ...Object.entries(wanted)
      .filter(([ref, commit]) => at.get(ref) !== commit)
      .map(([ref, commit]) => problem("lost", `${ref} is at ${at.get(ref)}, not ${commit}`)),
    ...(isProven ? [] : [problem("lost", "the final test")]),
    ...(spent > experiments ? [problem("doubled", `${spent} experiments of ${experiments}`)] : []),
    ...(eventsOf(lines, "run_ended").length === 1 ? [] : [problem("doubled", "not one run_ended")]),
  ];
}

/** Commits named in the ledger that no ref of nightlab leads to. */
function unheldCommits(repository: string, lines: readonly LedgerLine[]): Problem[] {
  const named = new Set(lines.flatMap(({ event }) => commitsIn(event)));
  if (named.size === 0) return [];
  const held = new Set(git(repository, "rev-list", "--glob=refs/nightlab/*").split("\n"));
  return [...named]
    .filter((commit) => !held.has(commit))
    .map((commit) => problem("lost", `commit ${commit}`));
}

function commitsIn(event: LedgerEvent): string[] {
  const names = ["baseline", "head", "commit", "onto", "from", "to", "verified"];
  return Object.entries(event).flatMap(([name, value]) =>
    names.includes(name) && typeof value === "string" ? [value] : [],
  );
}

function refsOf(repository: string): Map<string, string> {
  const text = git(repository, "for-each-ref", "--format=%(refname) %(objectname)");
  return new Map(text.split("\n").map((line) => line.split(" ") as [string, string]));
}

/** Lines that say a second time what may be said once. */
function doubles(lines: readonly LedgerLine[]): Problem[] {
  const told = new Map<string, number>();
  for (const { event } of lines) {
    const key = onceKey(event);
    if (key !== undefined) told.set(key, (told.get(key) ?? 0) + 1);
  }
  const isSaidTwice = ([key, count]: [string, number]) => count > (key.startsWith("calibration") ? 2 : 1);
  const again = [...told].filter(isSaidTwice).map(([key]) => key);
  const calibration = [...told].filter(([key]) => key.startsWith("calibration"));
  const total = calibration.reduce((sum, [, count]) => sum + count, 0);
  if (total > CALIBRATION_RUNS) again.push(`${total} calibration runs`);
  return again.map((key) => problem("doubled", key));
}

/** Four seeds, two of them twice. */
const CALIBRATION_RUNS = 6;

function onceKey(event: LedgerEvent): string | undefined {
  switch (event.kind) {
    case "measured": {
      // A failure may be the machine's and is tried again; a duration belongs to the experiment it was measured for.
      // A check for drift measures an old seed again: that is what it is for.
      if (event.outcome.kind !== "measured" || event.purpose === "drift") return undefined;
      return `${event.purpose} of ${event.commit} on seed ${event.seed}`;
    }
    case "opened":
    case "proposed":
    case "closed":
      return `${event.kind} ${event.experiment}`;
    case "rebased":
      return `rebased ${event.experiment} on ${event.onto} as ${event.commit}`;
    case "head_moved":
      return event.reason === "kept" ? `head_moved by ${event.experiment}` : undefined;
    case "promotion_judged":
      return `promotion of ${event.head} against ${event.verified}`;
    case "verified_moved":
      return `verified_moved to ${event.to}`;
    case "published":
      return `published ${event.commit}`;
    case "final_judged":
      return `final of ${event.verified}`;
    case "run_started":
    case "calibrated":
    case "run_ended":
      return event.kind;
    default:
      return undefined;
  }
}

/** Command lines of living processes that have `folder` in their environment or work in it. Linux; elsewhere none. */
export function processesIn(folder: string): string[] {
  return processIds().flatMap((pid) => {
    try {
      const isIn =
        readFileSync(`/proc/${pid}/environ`, "latin1").includes(folder) ||
        readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      if (!isIn || pid === process.pid) return [];
      return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").slice(0, 200)}`];
    } catch {
      return []; // it has ended meanwhile, or is a zombie: nothing of it runs
    }
  });
}

function processIds(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Folders and locks that a finished run must not leave: checkouts, temporary folders, locks in git. */
export async function leftovers(at: {
  readonly repository: string;
  readonly stateFolder: string;
  readonly temporary: string;
}): Promise<Problem[]> {
  const names = async (folder: string) =>
    (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
  const states = await names(join(at.stateFolder, "nightlab"));
  const inState = (await Promise.all(states.map(names))).flat();
  const locks = (await readdir(join(at.repository, ".git"), { recursive: true })).filter((name) =>
    name.endsWith(".lock"),
  );
  const left = [...inState, ...(await names(at.temporary)), ...locks];
  return left.map((path) => problem("leftover", path));
}
