/** Measures one commit: the only source of numbers (invariant 2). Protected files come from the base commit (invariant 3). */

import type { CommitSha, ExperimentId } from "../core/experiment.ts";
import type { Purpose } from "../core/ledger.ts";
import type { CrashCause, Outcome, Resources } from "../core/metric.ts";
import type { Program } from "../core/program.ts";
import type { Exit, Sandbox } from "../core/sandbox.ts";
import type { Workspace, Workspaces } from "../core/workspace.ts";
import { type MachineCpuSeconds, watchMachine } from "./contention.ts";
import { type ProgressPoint, readProgressLine } from "./metric-lines.ts";
import { channelOf, isHarnessMetric, missingWords, reportedMetrics } from "./reported.ts";
import { restoredGlobs } from "./restored-globs.ts";

/** What measuring needs of its surroundings. */
export interface MeasureParts {
  readonly program: Program;
  readonly baseline: CommitSha;
  readonly workspaces: Workspaces;
  readonly sandbox: Sandbox;
  /** Environment of every command besides HOME, TMPDIR and the seed. */
  readonly environment: Readonly<Record<string, string>>;
  /** Tells whether other work of the machine disturbed a duration. */
  readonly machineCpuSeconds?: MachineCpuSeconds;
  /** Absolute paths that commands must be able to read, and those hidden from them. */
  readonly readable: readonly string[];
  readonly hidden: readonly string[];
  /** Where the log of a command goes; undefined keeps no log. */
  logPath(request: MeasureRequest, command: string): string | undefined;
  onPoint?(request: MeasureRequest, point: ProgressPoint): void;
}

export interface MeasureRequest {
  readonly commit: CommitSha;
  readonly seed: number;
  readonly purpose: Purpose | "checks";
  readonly experiment?: ExperimentId;
  /** Score with the holdout command instead of `evaluate`. */
  readonly isHeldOut?: boolean;
}

/** Environment failures are tried once more before they count. Rejects when `signal` aborts: nothing was measured. */
export async function measure(
  parts: MeasureParts,
  request: MeasureRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const first = await measureOnce(parts, request, signal);
  const isFlaky = first.kind === "crashed" && first.cause === "environment";
  return isFlaky ? await measureOnce(parts, request, signal) : first;
}

/** Runs the checks command on a commit; undefined when it passed or there is none. */
export async function runChecks(
  parts: MeasureParts,
  request: MeasureRequest,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { checks } = parts.program;
  if (checks === undefined) return undefined;
  const workspace = await openProtected(parts, request.commit);
  try {
    const exit = await execute(parts, { request, workspace, line: checks, name: "checks" }, signal);
    if (exit.ending.kind === "exited" && exit.ending.code === 0) return undefined;
    return { kind: "checks_failed", detail: `checks: ${endingText(exit)}`, logTail: exit.outputTail };
  } finally {
    await workspace.close();
  }
}

async function measureOnce(
  parts: MeasureParts,
  request: MeasureRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const { program } = parts;
  const workspace = await openProtected(parts, request.commit);
  try {
    const line = program.measure.replaceAll("{seed}", String(request.seed));
    const evaluator = request.isHeldOut ? (program.holdout ?? program.evaluate) : program.evaluate;
    // A command that scores in the search writes its number in the final test too, where nobody reads it.
    const isScoring = program.evaluate === undefined;
    const exit = await execute(parts, { request, workspace, line, name: "measure", isScoring }, signal);
    const failure = failureOf(exit, program);
    if (failure !== undefined) return failure;
    if (evaluator !== undefined)
      return await evaluate(parts, { request, workspace, evaluator, exit }, signal);
    return await outcomeOf(program, { exit, resources: exit.resources, workspace, isEvaluated: false });
  } finally {
    await workspace.close();
  }
}

/** The evaluator runs in a checkout of the base commit that holds the artifact and none of the candidate's code. */
async function evaluate(
  parts: MeasureParts,
  run: { request: MeasureRequest; workspace: Workspace; evaluator: string; exit: Exit },
  signal: AbortSignal,
): Promise<Outcome> {
  const { program } = parts;
  const clean = await openProtected(parts, parts.baseline, run.request.isHeldOut);
  try {
    const missing = await clean.take(run.workspace, program.artifact);
    if (missing.length > 0) {
      return {
        kind: "no_metric",
        detail: `the metric command left no ${missing.join(", ")} that can be taken: plain files, not too many, not too large`,
        logTail: run.exit.outputTail,
      };
    }
    const line = run.evaluator.replaceAll("{seed}", String(run.request.seed));
    const exit = await execute(
      parts,
      { request: run.request, workspace: clean, line, name: "evaluate", isScoring: true },
      signal,
    );
    const failure = failureOf(exit, program);
    if (failure?.kind === "crashed" && failure.cause !== "environment")
      return { ...failure, cause: "evaluator" };
    return (
      failure ??
      (await outcomeOf(program, {
        exit,
        resources: run.exit.resources,
        workspace: clean,
        isEvaluated: true,
      }))
    );
  } finally {
    await clean.close();
  }
}

function openProtected(parts: MeasureParts, commit: CommitSha, withHeldOut = false): Promise<Workspace> {
  const globs = restoredGlobs(parts.program);
  return parts.workspaces.open(commit, { from: parts.baseline, globs, withHeldOut });
}

async function execute(
  parts: MeasureParts,
  task: { request: MeasureRequest; workspace: Workspace; line: string; name: string; isScoring?: boolean },
  signal: AbortSignal,
): Promise<Exit> {
  const { request, workspace } = task;
  const logPath = parts.logPath(request, task.name);
  const withForeign = watchMachine(parts.program.metric.timing ? parts.machineCpuSeconds : undefined);
  const exit = await parts.sandbox.exec(
    {
      line: task.line,
      cwd: workspace.path,
      env: {
        ...parts.environment,
        HOME: workspace.scratch,
        TMPDIR: workspace.scratch,
        NIGHTLAB_SEED: String(request.seed),
      },
      writable: [workspace.path, workspace.scratch],
      readable: parts.readable,
      hidden: parts.hidden,
      ...(logPath === undefined ? {} : { logPath }),
      // Whoever doesn't make the number has no way to write one.
      hasResult: parts.program.resultFd !== undefined && task.isScoring === true,
      onLine: (text) => {
        const point = task.name === "measure" ? readProgressLine(text) : undefined;
        if (point !== undefined) parts.onPoint?.(request, point);
      },
    },
    parts.program.limits,
    signal,
  );
  signal.throwIfAborted();
  return { ...exit, resources: withForeign(exit.resources) };
}

/** The outcome of a command that did not exit with 0; undefined when it did. */
function failureOf(exit: Exit, program: Program): Outcome | undefined {
  const { ending, outputTail: logTail } = exit;
  const detail = endingText(exit);
  switch (ending.kind) {
    case "exited":
      return ending.code === 0 ? undefined : { kind: "crashed", cause: crashCause(logTail), detail, logTail };
    case "signalled":
      return { kind: "crashed", cause: "signal", detail, logTail };
    case "out_of_memory":
    case "out_of_disk":
      return { kind: "crashed", cause: ending.kind, detail, logTail };
    case "timed_out":
      return { kind: "timed_out", detail: `no end after ${program.limits.timeMs / 1000} s`, logTail };
    case "not_started":
      return { kind: "crashed", cause: "environment", detail, logTail };
    case "cancelled":
      throw new Error("a cancelled command has no outcome");
    default:
      return ending satisfies never;
  }
}

function endingText({ ending }: Exit): string {
  switch (ending.kind) {
    case "exited":
      return `exit code ${ending.code}`;
    case "signalled":
      return `killed by ${ending.signal}`;
    case "not_started":
      return `could not start: ${ending.reason}`;
    default:
      return ending.kind.replaceAll("_", " ");
  }
}

/** A label for the reader of a crash, guessed from the log; it decides nothing except one more try for `environment`. */
function crashCause(log: string): CrashCause {
  if (
    /No space left on device|ENOSPC|EMFILE|Resource temporarily unavailable|EAGAIN|Text file busy/.test(log)
  ) {
    return "environment";
  }
  if (/heap out of memory|MemoryError|CUDA out of memory|bad_alloc|Cannot allocate memory/.test(log)) {
    return "out_of_memory";
  }
  if (/SyntaxError|IndentationError|ERR_INVALID_TYPESCRIPT_SYNTAX|error\[E\d+\]/.test(log)) return "syntax";
  if (/ModuleNotFoundError|ImportError|ERR_MODULE_NOT_FOUND|Cannot find module/.test(log)) return "import";
  return "exit";
}

interface Result {
  readonly exit: Exit;
  /** Of the metric command, also when an evaluator scored. */
  readonly resources: Resources;
  readonly workspace: Workspace;
  readonly isEvaluated: boolean;
}

async function outcomeOf(program: Program, result: Result): Promise<Outcome> {
  const { exit, isEvaluated, resources, workspace } = result;
  const { name } = program.metric;
  const logTail = exit.outputTail;
  const { resultFile } = program;
  const file = resultFile === undefined ? undefined : await workspace.read(resultFile, 1 << 20);
  const numbers = reportedMetrics(program, { stdout: exit.stdoutTail, result: exit.resultText, file });
  if (typeof numbers === "string") return { kind: "no_metric", detail: numbers, logTail };
  const harness = harnessMetrics(resources);
  const value = isHarnessMetric(name) ? harness[name] : numbers.get(name);
  if (value === undefined) return { kind: "no_metric", detail: missingWords(program), logTail };
  if (!Number.isFinite(value)) return { kind: "no_metric", detail: `${name} was ${value}`, logTail };
  const secondary: Record<string, number> = { ...harness };
  for (const [key, other] of numbers) if (key !== name && Number.isFinite(other)) secondary[key] ??= other;
  const channel = channelOf(program, { isEvaluated });
  return { kind: "measured", measurement: { value, channel, secondary, resources } };
}

function harnessMetrics(resources: Resources): Record<string, number> {
  return {
    wall_seconds: resources.wallSeconds,
    ...(resources.cpuSeconds === undefined ? {} : { cpu_seconds: resources.cpuSeconds }),
    ...(resources.peakMemoryBytes === undefined ? {} : { peak_memory_bytes: resources.peakMemoryBytes }),
  };
}
