/** What surrounds a run on this machine: clock, folders, environment, limits in wall time. */

import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { mkdir, readFile, realpath, statfs } from "node:fs/promises";
import { cpus, homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { UsageError } from "../core/errors.ts";
import type { ExperimentId } from "../core/experiment.ts";
import type { Budget, Program } from "../core/program.ts";
import type { Sandbox } from "../core/sandbox.ts";
import type { MeasureRequest } from "../loop/measure.ts";
import { toolChainFolders } from "../sandbox/tool-chains.ts";
import type { Repository } from "../workspace/repository.ts";

/** Time of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  delay: (ms, signal) =>
    new Promise((done) => {
      if (signal.aborted) return done();
      const timer = setTimeout(done, Math.min(ms, 2 ** 31 - 1));
      const onAbort = () => {
        clearTimeout(timer);
        done();
      };
      signal.addEventListener("abort", onAbort, { once: true });
    }),
};

/** CPU seconds that all processes of this machine have used, over all cores. */
export function machineCpuSeconds(): number | undefined {
  const cores = cpus();
  const busyMs = cores.reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return cores.length === 0 ? undefined : busyMs / 1000;
}

/** Where a study lives, as far as reading it goes. */
export interface StudyFolder {
  /** Top folder of the user's checkout. */
  readonly root: string;
  /** `.nightlab` in the main checkout of the repository, which git ignores: ledger, logs, report. */
  readonly folder: string;
  readonly programPath: string;
}

/** Where a study lives, with what git says of the user's repository. */
export interface StudyPlace extends StudyFolder {
  readonly repository: Repository;
}

/** What the parts of a run share while they are put together. */
export interface Context {
  readonly environment: UserEnvironment;
  readonly place: StudyPlace;
  readonly program: Program;
  readonly sandbox: Sandbox;
  readonly stateFolder: string;
}

/** The user's environment; read are PATH, HOME, XDG_STATE_HOME, the names in pass_env, keys and logins of providers. */
export type UserEnvironment = Readonly<Record<string, string | undefined>>;

/** Runs `setup` once, with the network: it is the user's command on the user's commit. */
export async function setUp(context: Context, path: string): Promise<void> {
  const { program, sandbox } = context;
  const line = program.setup ?? "true";
  const scratch = join(context.stateFolder, "setup-home");
  await mkdir(scratch, { recursive: true });
  const exit = await sandbox.exec(
    {
      line,
      cwd: path,
      env: { ...commandEnvironment(context), HOME: scratch, TMPDIR: scratch },
      writable: [path, scratch],
      readable: await readablePaths(context),
      hidden: hiddenPaths(context),
    },
    { ...program.limits, timeMs: Math.max(program.limits.timeMs, SETUP_TIME_MS), network: "host" },
    new AbortController().signal,
  );
  if (exit.ending.kind === "exited" && exit.ending.code === 0) return;
  throw new UsageError(`setup failed: ${JSON.stringify(exit.ending)}\n${exit.outputTail.trimEnd()}`, {
    place: `setup: ${line}`,
    next: "run that command by hand in a fresh clone, mend it or program.md, then: nightlab run",
  });
}

/**
 * With less room than this, or this part of a small disk, an agent's caches could fill the disk under the ledger. A disk that is
 * full already is told by whatever cannot write to it: the run stops with what to do, instead of waiting for nothing.
 */
const LEAST_FREE = { bytes: 512 * 2 ** 20, part: 0.05, fullBytes: 2 ** 20 };

/** Why nothing should be added to the disks of a study now, or undefined. */
export async function diskShortage(...folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const { bavail, blocks, bsize } = await statfs(folder);
    const wanted = Math.min(LEAST_FREE.bytes, LEAST_FREE.part * blocks * bsize);
    if (bavail * bsize < LEAST_FREE.fullBytes) continue;
    const [free, least] = [bavail * bsize, wanted].map((bytes) => `${Math.floor(bytes / 2 ** 20)} MB`);
    if (bavail * bsize < wanted) return `${free} are free under ${folder}, ${least} are wanted`;
  }
  return undefined;
}

/** The user nightlab itself runs as; 0 is root. Where systems know no such ids, it is not root. */
export function ownUid(): number {
  return process.getuid?.() ?? -1;
}

const SETUP_TIME_MS = 30 * 60_000;

export function commandEnvironment({ environment, program }: Context): Record<string, string> {
  const passed = program.passEnv.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const PATH = environment.PATH ?? "/usr/local/bin:/usr/bin:/bin";
  return { PATH, LANG: "C.UTF-8", ...Object.fromEntries(passed), ...program.env };
}

/** What no command sees: the ledger, and held-out files where the user has them. The test that may read those gets copies. */
export function hiddenPaths({ place, program }: Pick<Context, "place" | "program">): string[] {
  return [place.folder, ...program.holdoutFiles.map((path) => join(place.repository.root, path))];
}

export async function readablePaths({ environment, place, program }: Context): Promise<string[]> {
  const linked = program.link.map((path) => join(place.repository.root, path));
  const real = await Promise.all(linked.map((path) => realpath(path).catch(() => path)));
  const path = `${environment.PATH ?? ""}:${dirname(process.execPath)}`;
  return [...new Set([...real, ...toolChainFolders(path, environment.HOME ?? homedir())])];
}

/** Worktrees of one repository: under the user's state folder, by the repository's path. */
export async function makeStateFolder(
  environment: UserEnvironment,
  { repository }: StudyPlace,
): Promise<string> {
  const home = environment.HOME ?? homedir();
  const base = environment.XDG_STATE_HOME ?? join(home, ".local", "state");
  const key = createHash("sha256").update(repository.commonDir).digest("hex").slice(0, 12);
  const folder = join(base, "nightlab", `${basename(repository.root).replaceAll(/[^\w.-]/g, "_")}-${key}`);
  await mkdir(folder, { recursive: true });
  return folder;
}

export function logPath(place: StudyPlace, request: MeasureRequest, command: string): string {
  const folder = join(place.folder, "logs", request.experiment ?? request.commit.slice(0, 12));
  mkdirSync(folder, { recursive: true });
  return join(folder, `${request.purpose}-${request.commit.slice(0, 7)}-${request.seed}-${command}.log`);
}

/** `sinceMs`: when the run began, or went on after a pause; `until` is the next such moment after that. */
export function proposalLog(place: StudyPlace, experiment: ExperimentId): string {
  const folder = join(place.folder, "logs", experiment);
  mkdirSync(folder, { recursive: true });
  return join(folder, "proposal.log");
}

export function budgetFrom({ budget }: Pick<Program, "budget">, sinceMs: number): Budget {
  const { until, ...rest } = budget;
  if (until === undefined) return rest;
  const [hour = 0, minute = 0] = until.split(":").map(Number);
  const deadline = new Date(sinceMs);
  deadline.setHours(hour, minute, 0, 0);
  if (deadline.getTime() <= sinceMs) deadline.setDate(deadline.getDate() + 1);
  return { ...rest, deadlineMs: deadline.getTime() };
}

/** A tag like `nov24`, by the day the run starts. */
export function dayTag(nowMs: number): string {
  const day = new Date(nowMs);
  return `${day.toLocaleString("en", { month: "short" }).toLowerCase()}${day.getDate()}`;
}

export async function ownVersion(): Promise<string> {
  const manifest: { version: string } = JSON.parse(
    await readFile(join(import.meta.dirname, "..", "..", "package.json"), "utf8"),
  );
  return manifest.version;
}
