/** The composition root: with src/compose/, the only place that names concrete adapters. */

import { createHash, randomInt } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { keepLastView } from "./compose/keep-view.ts";
import type { OpenAccess } from "./compose/model-staff.ts";
import { type Models, openModels } from "./compose/models.ts";
import { type Listeners, openNight, withStages } from "./compose/night.ts";
import { locateStudy, rememberBudget } from "./compose/read-study.ts";
import { showBranch } from "./compose/show-branch.ts";
import { makeStaff } from "./compose/staff.ts";
import { endStrays, studyName } from "./compose/strays.ts";
import {
  budgetFrom,
  type Context,
  commandEnvironment,
  dayTag,
  diskShortage,
  hiddenPaths,
  logPath,
  machineCpuSeconds,
  makeStateFolder,
  ownUid,
  ownVersion,
  proposalLog,
  readablePaths,
  type StudyPlace,
  setUp,
  systemClock,
  type UserEnvironment,
} from "./compose/surroundings.ts";
import type { Clock } from "./core/clock.ts";
import { BudgetSpentError, UsageError } from "./core/errors.ts";
import { type CommitSha, type RunTag, refs } from "./core/experiment.ts";
import type { Program } from "./core/program.ts";
import { currentRun, replay, type Study } from "./core/study.ts";
import { judge } from "./judge/judge.ts";
import { RULES } from "./judge/rules.ts";
import { openLedger } from "./ledger/open-ledger.ts";
import { Lab, type LabParts, type Staff } from "./loop/lab.ts";
import { restoredGlobs } from "./loop/restored-globs.ts";
import { type Control, type RunEnd, resumeRun, runStudy, startRun } from "./loop/run-study.ts";
import { loadProgram } from "./program/load.ts";
import { detectSandbox } from "./sandbox/detect.ts";
import { excludeStateFolder } from "./workspace/repository.ts";
import { type GitWorkspaces, openWorkspaces } from "./workspace/workspaces.ts";

export type { Listeners } from "./compose/night.ts";
export { locateStudy, readStudy, type StudyReading } from "./compose/read-study.ts";
export type { Control, RunEnd } from "./loop/run-study.ts";

export interface RunRequest extends Listeners {
  readonly cwd: string;
  readonly programPath?: string;
  /** `start` refuses while a run is unfinished, unless `isNew` ends that one. */
  readonly mode:
    | { readonly kind: "start"; readonly tag?: string; readonly isNew?: boolean }
    | { readonly kind: "resume" };
  /** Settings of this session that win over program.md. */
  readonly override?: Partial<Pick<Program, "budget" | "parallel" | "sandbox" | "risk">>;
  /** Fixes every seed of the run; random by default. */
  readonly studySeed?: number;
  readonly environment: UserEnvironment;
  readonly clock?: Clock;
  /** Instead of the researchers of program.md. */
  readonly staff?: readonly Staff[];
  /** A way to models of one's own, instead of the gateway. */
  readonly openAccess?: OpenAccess;
  /** Stands between the loop and its parts, for instance to stop at a step. */
  readonly wrap?: (parts: LabParts) => LabParts;
}

export interface OpenRun {
  readonly place: StudyPlace;
  readonly lab: Lab;
  /** What happens now, by experiment id; `run` is the run itself. */
  readonly stages: ReadonlyMap<string, string>;
  /** Which sandbox is in force and why. */
  readonly sandboxReason: string;
  /** Works until an end; then the branch nightlab/<tag> points at Verified if anything was proven. */
  work(control: Control): Promise<RunEnd>;
  close(): Promise<void>;
}

/** Opens everything a run needs and starts or resumes it in the ledger. Nothing is measured yet. */
export async function openRun(request: RunRequest): Promise<OpenRun> {
  const clock = request.clock ?? systemClock;
  const place = await locateStudy(request.cwd, request.programPath);
  const written = loadProgram(place.programPath);
  const program = { ...written, ...request.override };
  await mkdir(place.folder, { recursive: true });
  await rememberBudget(place, written);
  await excludeStateFolder(place.repository);
  const tag = request.mode.kind === "start" ? (request.mode.tag ?? dayTag(clock.now())) : "resumed";
  const ledger = await openLedger({ folder: place.folder, clock, mode: "write", holder: tag });
  const closers: (() => Promise<void>)[] = [() => ledger.close()];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const stateFolder = await makeStateFolder(request.environment, place);
    await endStrays(place, stateFolder); // first: also after a run that was killed at its very end, and is not resumed
    const study = replay(await ledger.read(0));
    const baseline = baselineFor(request, place, { study, program });
    const { sandbox, reason } = await detectSandbox(program.sandbox, ownUid(), {
      study: studyName(stateFolder),
    });
    const context: Context = { environment: request.environment, place, program, sandbox, stateFolder };
    const workspaces = await openWorkspaces({
      repository: place.repository.root,
      stateFolder,
      link: program.link,
      copy: program.copy,
      heldOut: program.holdoutFiles,
      base: baseline,
      ...(program.setup === undefined ? {} : { prepare: (path: string) => setUp(context, path) }),
    });
    closers.push(() => workspaces.close());
    const guarded = { ...context, program: await withLinkTargets(context, workspaces, baseline) };
    const sinceMs = beganAt(request, study) ?? clock.now();
    const stages = new Map<string, string>();
    const heard = { ...request, ...withStages(request, { stages, studyFolder: place.folder }) };
    const models =
      request.openAccess === undefined ? await openModels(program, { ...request, clock }) : undefined;
    if (models !== undefined) closers.push(() => models.gateway.close());
    const parts = await labParts(heard, guarded, { workspaces, baseline, clock, sinceMs, models });
    const wrap = request.wrap ?? ((same: LabParts) => same);
    const lab = new Lab(wrap({ ...parts, ledger }), study);
    if (request.mode.kind === "resume") await resume(lab);
    else await begin(lab, request, { tag, source: program.source });
    models?.serve(lab);
    const work = async (control: Control) => {
      const throughput = models === undefined ? undefined : () => models.gateway.throughput();
      const night = await openNight({ lab, place, control, stages, throughput });
      return await runStudy(lab, night.control).finally(() => night.close());
    };
    const closeAndTell = () => close().then(() => keepLastView(place, study));
    return { place, lab, stages, sandboxReason: reason, work, close: closeAndTell };
  } catch (error) {
    await close();
    throw error;
  }
}

/** When a run that was killed was last at work: it keeps its deadline, also when that has passed meanwhile. */
function beganAt({ mode }: RunRequest, study: Study): number | undefined {
  const last = mode.kind === "resume" ? currentRun(study) : undefined;
  return last?.pausedReason === undefined ? last?.lastAtMs : undefined;
}

/** A protected link protects what it leads to. */
async function withLinkTargets(
  { program, place }: Context,
  workspaces: GitWorkspaces,
  baseline: CommitSha,
): Promise<Program> {
  const targets = await workspaces.linkTargets(baseline, restoredGlobs(program));
  const both = program.edit.find((path) => targets.includes(path));
  if (both === undefined) return { ...program, protect: [...program.protect, ...targets] };
  throw new UsageError(`${both} may be edited, and a protected link leads to it`, {
    place: `${place.programPath}: edit`,
    next: `take ${both} out of edit, or the link out of protect`,
  });
}

async function labParts(
  request: RunRequest,
  context: Context,
  made: {
    workspaces: GitWorkspaces;
    baseline: CommitSha;
    clock: Clock;
    sinceMs: number;
    models: Models | undefined;
  },
): Promise<Omit<LabParts, "ledger">> {
  const { place, program, sandbox } = context;
  const { onLine, onStage, onPoint } = request;
  const environment = commandEnvironment(context);
  const readable = await readablePaths(context);
  const hidden = hiddenPaths(context);
  const { workspaces, baseline, clock, models } = made;
  const openAccess = request.openAccess ?? models?.open;
  return {
    workspaces,
    baseline,
    clock,
    program,
    sandbox,
    judge,
    rule: RULES[program.risk],
    environment,
    machineCpuSeconds,
    readable,
    hidden: [...hidden, place.repository.commonDir],
    budget: budgetFrom(program, made.sinceMs),
    version: await ownVersion(),
    staff:
      request.staff ??
      makeStaff({
        ...context,
        clock: made.clock,
        ...(openAccess === undefined ? {} : { openAccess }),
        environment,
        readable,
        hidden,
        scratchFolder: made.workspaces.folder,
        ...(models === undefined ? {} : { gateway: models }),
        userEnvironment: request.environment,
        labRoot: place.root,
        proposalLog: (experiment) => proposalLog(place, experiment),
      }),
    shortage: () => diskShortage(place.folder, context.stateFolder),
    showResult: (run) => showBranch(run, place, made.workspaces),
    logPath: (measured, command) => logPath(place, measured, command),
    ...(onLine === undefined ? {} : { onLine }),
    ...(onStage === undefined ? {} : { onStage }),
    ...(onPoint === undefined ? {} : { onPoint }),
  };
}

/** The commit a run is about; refuses to mix two unfinished runs or two metrics. */
function baselineFor(
  request: RunRequest,
  place: StudyPlace,
  about: { study: Study; program: Program },
): CommitSha {
  const run = currentRun(about.study);
  const isOpen = run !== undefined && run.endedAtMs === undefined;
  if (request.mode.kind === "start") {
    if (!isOpen || request.mode.isNew) return place.repository.headCommit;
    throw new UsageError(`run ${run.tag} is not finished`, {
      next: "nightlab resume, or: nightlab run --new",
    });
  }
  if (run === undefined) throw new UsageError("there is no run to resume", { next: "nightlab run" });
  if (!isOpen) {
    throw new UsageError(`run ${run.tag} has ended: ${run.endReason}`, {
      next: "nightlab report, or: nightlab run",
    });
  }
  const { name, goal, timing, seeded } = about.program.metric;
  const was = run.metric;
  if (was.name !== name || was.goal !== goal || was.timing !== timing || was.seeded !== seeded) {
    throw new UsageError(
      `program.md now speaks of another metric than run ${run.tag} (${was.goal} ${was.name})`,
      {
        place: place.programPath,
        next: "set the metric back, or: nightlab run --new",
      },
    );
  }
  return run.baseline;
}

/**
 * A paused run whose budget is spent is not ended by resuming it: it may get more budget first. One that was killed goes
 * on in any case: ending takes no measurement, and its experiments wait to be closed.
 */
async function resume(lab: Lab): Promise<void> {
  const limit = lab.run.pausedReason === undefined ? undefined : lab.proofLimit();
  if (limit !== undefined) {
    throw new BudgetSpentError(`run ${lab.tag} has nothing left to spend: ${limit}`, {
      next: "nightlab resume --for <longer>, or: nightlab report",
    });
  }
  await resumeRun(lab);
}

async function begin(lab: Lab, request: RunRequest, about: { tag: string; source: string }): Promise<void> {
  const open = currentRun(lab.study);
  if (open !== undefined && open.endedAtMs === undefined) {
    await lab.record({ kind: "run_ended", run: open.tag, reason: "another run was started" });
  }
  const taken = new Set<string>(lab.study.runs.map((run) => run.tag));
  let tag = about.tag;
  // A branch of a run that this ledger does not know holds results of a lost or forgotten one: it stays theirs.
  const isTaken = async (name: string) =>
    taken.has(name) || (await lab.parts.workspaces.resolve(refs.branch(name as RunTag))) !== undefined;
  for (let count = 2; await isTaken(tag); count += 1) tag = `${about.tag}-${count}`;
  const studySeed = request.studySeed ?? randomInt(1, 2 ** 48 - 1);
  const programSha = createHash("sha256").update(about.source).digest("hex");
  await startRun(lab, { tag: tag as RunTag, studySeed, programSha });
}
