/** The repository that is attacked, and its prepared study: calibrated once per worker, copied for each attack. */

import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openRun, type RunRequest } from "../../src/compose.ts";
import { makeRepository, programText, type Settings } from "../stories/repositories.ts";

/** `artifact`: an evaluator scores what the candidate left. `stdout`: the candidate's own process prints the metric. */
type VictimKind = "artifact" | "stdout";

export interface VictimOptions {
  readonly victim?: VictimKind;
  /** Keys of program.md, added to or instead of the usual ones. */
  readonly settings?: Settings;
  /** Files of the base commit, added to or instead of the usual ones. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Mean distance of the guess from the validation data: 7 for the guess 3 of the base commit, 6 for 4, 1 for 10. */
const EVALUATE = `NR == FNR { guess = $1; next }
{ sum += ($1 > guess ? $1 - guess : guess - $1) }
END { print "error: " sum / FNR }
`;
const EVALUATOR = { "evaluate.awk": EVALUATE, "data/train.txt": "9\n10\n", "data/validation.txt": "9\n11\n" };

const VICTIMS: Readonly<Record<VictimKind, { files: Record<string, string>; settings: Settings }>> = {
  artifact: {
    files: { ...EVALUATOR, "train.sh": trainScript(), "data/holdout.txt": "10\n12\n" },
    settings: {
      measure: "sh train.sh",
      artifact: ["model.txt"],
      evaluate: "awk -f evaluate.awk model.txt data/validation.txt",
      edit: ["train.sh", "src/**"],
      protect: ["evaluate.awk", "data/**"],
    },
  },
  stdout: {
    files: {
      ...EVALUATOR,
      "train.sh": trainScript(),
      "measure.sh": "sh train.sh\nawk -f evaluate.awk model.txt data/validation.txt\n",
    },
    settings: {
      measure: "sh measure.sh",
      edit: ["train.sh", "src/**"],
      protect: ["measure.sh", "evaluate.awk", "data/**"],
    },
  },
};

export const [BASE_ERROR, HONEST_ERROR, BEST_ERROR] = [7, 6, 1];

/** A candidate's train.sh: `mischief`, then an honest model with the guess of the base commit. */
export function trainScript(mischief = ":", guess: number | string = 3): string {
  return `${mischief}\necho ${guess} > model.txt\n`;
}

export interface Victim {
  /** Removed at the end; holds repository, home and state. */
  readonly folder: string;
  readonly repository: string;
  readonly environment: Readonly<Record<string, string>>;
}

const prepared = new Map<string, Promise<string>>();

/** A copy of a repository with a calibrated, paused run. */
export async function makeVictim(options: VictimOptions): Promise<Victim> {
  const key = JSON.stringify([options.victim, options.settings, options.files]);
  const template = prepared.get(key) ?? prepare(options);
  prepared.set(key, template);
  const folder = await emptyFolder();
  await cp(await template, join(folder, "repository"), { recursive: true, preserveTimestamps: true });
  return victimIn(folder);
}

async function victimIn(folder: string): Promise<Victim> {
  const home = join(folder, "home");
  await mkdir(home, { recursive: true });
  const PATH = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
  const environment = { PATH, HOME: home, XDG_STATE_HOME: join(folder, "state") };
  return { folder, repository: join(folder, "repository"), environment };
}

async function emptyFolder(): Promise<string> {
  return await realpath(await mkdtemp(join(tmpdir(), "nightlab-attack-")));
}

/** The template lives as long as the worker: it is removed when the process ends. */
async function prepare({
  victim: kind = "artifact",
  settings = {},
  files = {},
}: VictimOptions): Promise<string> {
  const usual = VICTIMS[kind];
  const folder = await emptyFolder();
  removedAtExit.push(folder);
  const victim = await victimIn(folder);
  const program = {
    metric: { name: "error", goal: "minimize" },
    limits: { time: "20s" },
    researchers: ["tuner"],
    ...usual.settings,
    ...settings,
  };
  await makeRepository(victim.repository, { ...usual.files, ...files, "program.md": programText(program) });
  await calibrated(victim);
  return victim.repository;
}

async function calibrated({ repository, environment }: Victim): Promise<void> {
  const pause = new AbortController();
  const request: RunRequest = {
    cwd: repository,
    environment,
    mode: { kind: "start", tag: "night" },
    override: { sandbox: "process" },
    studySeed: 190_372_815_046_177,
    staff: [],
    onLine: ({ event }) => event.kind === "calibrated" && pause.abort(),
  };
  const run = await openRun(request);
  const never = new AbortController().signal;
  try {
    await run.work({ pause: pause.signal, finish: never, stop: never });
  } finally {
    await run.close();
  }
}

const removedAtExit: string[] = [];
process.once("exit", () => {
  for (const folder of removedAtExit) rmSync(folder, { recursive: true, force: true });
});

export function removeVictim({ folder }: Victim): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}
