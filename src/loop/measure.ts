/** Measures one commit: the only source of numbers (invariant 2). Protected files come from the base commit (invariant 3). */

import type { CommitSha, ExperimentId } from "../core/experiment.ts";
import type { Purpose } from "../core/ledger.ts";
import type { Channel, CrashCause, Outcome, Resources } from "../core/metric.ts";
import { HARNESS_METRICS } from "../core/metric.ts";
import type { Program } from "../core/program.ts";
import type { Exit, Sandbox } from "../core/sandbox.ts";
import { restoredGlobs } from "../core/scope.ts";
import type { Workspace, Workspaces } from "../core/workspace.ts";
import { type MachineCpuSeconds, watchMachine } from "./contention.ts";
import { type ProgressPoint, readMetricLines, readProgressLine } from "./metric-lines.ts";

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
    const exit = await execute(parts, { request, workspace, line, name: "measure" }, signal);
    const failure = failureOf(exit, program);
    if (failure !== undefined) return failure;
    const evaluator = request.isHeldOut ? (program.holdout ?? program.evaluate) : program.evaluate;
    if (evaluator !== undefined)
      return await evaluate(parts, { request, workspace, evaluator, exit }, signal);
    const file = await resultFileOf(program, workspace);
    return outcomeOf(program, { exit, resources: exit.resources, file });
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
      { request: run.request, workspace: clean, line, name: "evaluate" },
      signal,
    );
    const failure = failureOf(exit, program);
    if (failure?.kind === "crashed" && failure.cause !== "environment")
      return { ...failure, cause: "evaluator" };
    return (
      failure ??
      outcomeOf(program, {
        exit,
        resources: run.exit.resources,
        file: await resultFileOf(program, clean),
        channel: "artifact",
      })
    );
  } finally {
    await clean.close();
  }
}

async function resultFileOf(program: Program, workspace: Workspace): Promise<string | undefined> {
  return program.resultFile === undefined ? undefined : await workspace.read(program.resultFile, 1 << 20);
}

function openProtected(parts: MeasureParts, commit: CommitSha, withHeldOut = false): Promise<Workspace> {
  const globs = restoredGlobs(parts.program);
  return parts.workspaces.open(commit, { from: parts.baseline, globs, withHeldOut });
}

async function execute(
  parts: MeasureParts,
  task: { request: MeasureRequest; workspace: Workspace; line: string; name: string },
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
  /** Text of the result file, if program.md names one. */
  readonly file: string | undefined;
  readonly channel?: Channel;
}

function outcomeOf(program: Program, result: Result): Outcome {
  const { name } = program.metric;
  const logTail = result.exit.outputTail;
  const harness = harnessMetrics(result.resources);
  const isHarness = (HARNESS_METRICS as readonly string[]).includes(name);
  const printed =
    program.resultFile === undefined ? readMetricLines(result.exit.stdoutTail) : readResultFile(result.file);
  if (printed === undefined) {
    return {
      kind: "no_metric",
      detail: `${program.resultFile} is missing or not a JSON object of numbers`,
      logTail,
    };
  }
  const value = isHarness ? harness[name] : printed.get(name);
  if (value === undefined)
    return { kind: "no_metric", detail: `the output has no line \`${name}: <number>\``, logTail };
  if (!Number.isFinite(value)) return { kind: "no_metric", detail: `${name} was ${value}`, logTail };
  const secondary: Record<string, number> = { ...harness };
  for (const [key, other] of printed) if (key !== name && Number.isFinite(other)) secondary[key] ??= other;
  const channel =
    result.channel ?? (isHarness ? "harness" : program.resultFile === undefined ? "stdout" : "file");
  return { kind: "measured", measurement: { value, channel, secondary, resources: result.resources } };
}

function harnessMetrics(resources: Resources): Record<string, number> {
  return {
    wall_seconds: resources.wallSeconds,
    ...(resources.cpuSeconds === undefined ? {} : { cpu_seconds: resources.cpuSeconds }),
    ...(resources.peakMemoryBytes === undefined ? {} : { peak_memory_bytes: resources.peakMemoryBytes }),
  };
}

function readResultFile(text: string | undefined): Map<string, number> | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return undefined;
    return new Map(
      Object.entries(parsed).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
    );
  } catch {
    return undefined; // not JSON: the caller says so, with the file's name
  }
}
