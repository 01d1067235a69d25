/** `nightlab run` and `resume`: opens a run, shows it live, turns signals into steering. */

import { z } from "zod";
import { locateStudy, readStudy } from "../../compose/read-study.ts";
import { reportFiles } from "../../compose/reports.ts";
import { type Control, openRun, type RunEnd, type RunRequest } from "../../compose.ts";
import { UsageError } from "../../core/errors.ts";
import type { BudgetSpec } from "../../core/program.ts";
import type { News } from "../../notify/notify.ts";
import { loadProgram } from "../../program/load.ts";
import { parseDuration } from "../../program/units.ts";
import { estimateText } from "../../view/report-words.ts";
import type { StudyView } from "../../view/study-view.ts";
import { type Display, openDisplay } from "../display.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import { parseOptions } from "../options.ts";

const count = z.coerce.number().int().positive();
const limitOptions = z.object({
  cwd: z.string(),
  json: z.boolean().default(false),
  program: z.string().optional(),
  experiments: count.optional(),
  for: z.string().optional(),
  until: z
    .string()
    .regex(/^([01]?\d|2[0-3]):[0-5]\d$/, "a local time such as 07:30")
    .optional(),
  parallel: count.max(256).optional(),
  sandbox: z.enum(["auto", "process", "bubblewrap"]).optional(),
  tag: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,60}$/, "letters, digits, dots and dashes")
    .optional(),
  new: z.boolean().default(false),
  seed: z.coerce.number().int().positive().max(2147483647).optional(),
  notify: z.string().optional(),
});

export type RunOptions = z.output<typeof limitOptions>;

export function checkRunOptions(raw: unknown, command: string): RunOptions {
  return parseOptions(limitOptions, raw, command);
}

export async function run(raw: unknown): Promise<void> {
  const options = checkRunOptions(raw, "run");
  const { tag, new: isNew, seed } = options;
  await work(options, {
    ...(await requestFrom(options)),
    mode: { kind: "start", isNew, ...(tag === undefined ? {} : { tag }) },
    ...(seed === undefined ? {} : { studySeed: seed }),
  });
}

export async function resume(raw: unknown): Promise<void> {
  const options = checkRunOptions(raw, "resume");
  await work(options, { ...(await requestFrom(options)), mode: { kind: "resume" } });
}

/** Works until an end, then writes the report files and sends word. Sets the exit code. */
export async function work(
  { json, notify }: { json: boolean; notify?: string | undefined },
  request: RunRequest,
): Promise<void> {
  const target = notify ?? process.env.NIGHTLAB_NOTIFY;
  const notifier =
    target === undefined ? undefined : (await import("../../notify/notify.ts")).notifierFor(target);
  const display = openDisplay({ json });
  const steering = openSteering((text) => display.say(text));
  const send = async (news: News) =>
    await notifier?.(news).catch((error: unknown) => display.say(`no word could be sent: ${String(error)}`));
  try {
    const end = await workThrough(request, { display, control: steering.control });
    const place = await locateStudy(request.cwd, request.programPath);
    const files = await reportFiles(place, await readStudy(place), {});
    display.summary(files);
    if (end.kind === "ended") await send(newsOf(files.view, end.reason));
  } catch (error) {
    await send({ title: "nightlab needs you", text: String(error), mood: "bad" });
    throw error;
  } finally {
    steering.close();
    display.close();
  }
}

async function workThrough(
  request: RunRequest,
  { display, control }: { display: Display; control: Control },
): Promise<RunEnd> {
  const opened = await openRun({ ...request, ...display.listeners });
  try {
    display.start(opened);
    const end = await opened.work(control);
    display.end(end);
    if (end.kind === "paused") process.exitCode = EXIT_CODES.paused;
    return end;
  } finally {
    await opened.close();
  }
}

/** What one wants to read on a telephone in the morning. */
function newsOf(view: StudyView, reason: string): News {
  const { run } = view;
  const gain = run?.verifiedGain;
  const proven = run !== undefined && gain !== undefined ? estimateText(run, gain) : "nothing was proven";
  return {
    title: `nightlab: run ${run?.tag} has ended`,
    text: `${run?.metric.name}: ${proven}. ${view.experiments.length} experiments, ${run?.counts.kept ?? 0} kept. ${reason}`,
    mood: "good",
  };
}

async function requestFrom(options: RunOptions): Promise<Omit<RunRequest, "mode">> {
  const { cwd, program, parallel, sandbox } = options;
  const place = await locateStudy(cwd, program);
  const written = (await loadProgram(place.programPath)).budget;
  const budget = { ...written, ...budgetFrom(options) };
  return {
    cwd,
    ...(program === undefined ? {} : { programPath: program }),
    environment: process.env,
    override: {
      budget,
      ...(parallel === undefined ? {} : { parallel }),
      ...(sandbox === undefined ? {} : { sandbox }),
    },
  };
}

function budgetFrom({ experiments, for: duration, until }: RunOptions): BudgetSpec {
  const timeMs = duration === undefined ? undefined : parseDuration(duration);
  if (duration !== undefined && timeMs === undefined) {
    throw new UsageError(`--for ${duration} is not a duration`, { next: "write it like 8h, 45m or 90s" });
  }
  return {
    ...(experiments === undefined ? {} : { experiments }),
    ...(timeMs === undefined ? {} : { timeMs }),
    ...(until === undefined ? {} : { until }),
  };
}

/**
 * Ctrl-C pauses after what is in flight; a second one stops at once. `nightlab stop` sends the same signals. A closed
 * terminal or pipe stops at once: nobody would see what goes on.
 */
function openSteering(say: (text: string) => void) {
  const pause = new AbortController();
  const finish = new AbortController();
  const stop = new AbortController();
  const onInterrupt = () => {
    if (pause.signal.aborted) return stop.abort(new Error("stopped by the user"));
    say("pausing: what is in flight finishes first; press Ctrl-C again to stop at once");
    pause.abort();
  };
  const onTerminate = () => {
    pause.abort();
    stop.abort(new Error("stopped by a signal"));
  };
  const onFinish = () => {
    say("finishing: no new experiments; what was found is being proven");
    finish.abort();
  };
  process.stdout.once("error", onTerminate);
  process
    .on("SIGINT", onInterrupt)
    .on("SIGTERM", onTerminate)
    .on("SIGHUP", onTerminate)
    .on("SIGUSR2", onFinish);
  return {
    control: { pause: pause.signal, finish: finish.signal, stop: stop.signal },
    close: () => {
      process.stdout.off("error", onTerminate);
      process
        .off("SIGINT", onInterrupt)
        .off("SIGTERM", onTerminate)
        .off("SIGHUP", onTerminate)
        .off("SIGUSR2", onFinish);
    },
  };
}
