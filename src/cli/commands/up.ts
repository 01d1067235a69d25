/** `nightlab up`: the run as a daemon that outlives the terminal, and starts again by itself when it was killed. */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join, resolve } from "node:path";
import { atWork, locateStudy, readStudy } from "../../compose/read-study.ts";
import { UsageError } from "../../core/errors.ts";
import { currentRun } from "../../core/study.ts";
import { printJson, printLines } from "../print.ts";
import { checkRunOptions, type RunOptions, resume, run } from "./run.ts";

const PROGRAM = join(import.meta.dirname, "..", "..", "..", "bin", "nightlab.js");
/** Exit codes from 128 on are signals, 1 is a bug: both are worth another start; 0 to 4 otherwise say that it is over. */
const KEEP_UP = `
tries=0
while :; do
  started=$(date +%s)
  "$@"
  code=$?
  case $code in 0|2|3|4) exit $code;; esac
  [ $(( $(date +%s) - started )) -gt 3600 ] && tries=0
  tries=$((tries + 1))
  [ $tries -gt 10 ] && { echo "nightlab ended with $code, ten times in a row: given up"; exit $code; }
  echo "nightlab ended with $code: started again in $((tries * 5)) seconds"
  sleep $((tries * 5))
done`;
const START_MS = 20_000;
const LOOK_MS = 50;

type UpOptions = RunOptions & { readonly foreground?: boolean; readonly systemd?: boolean };

export async function up(raw: UpOptions): Promise<void> {
  const options = { ...raw, ...checkRunOptions(raw, "up") };
  const place = await locateStudy(options.cwd, options.program);
  if (raw.foreground) return await ((await isUnfinished(place)) ? resume(raw) : run(raw));
  if (raw.systemd) return await writeUnit(options, place.root);
  const { holder } = await readStudy(place);
  if (holder !== undefined) {
    throw new UsageError(`run ${holder.run} is at work here (process ${holder.pid})`, {
      next: "nightlab status",
    });
  }
  await mkdir(place.folder, { recursive: true });
  const logPath = join(place.folder, "night.log");
  const keeper = startKeeper(ownCommand(options), place.root, logPath);
  const started = await untilAtWork(place.folder, keeper);
  keeper.unref();
  if (started === undefined) {
    throw new UsageError("the run ended as soon as it was started", {
      place: logPath,
      next: `cat ${logPath}`,
    });
  }
  if (options.json) return printJson({ ...started, keeper: keeper.pid, log: logPath });
  printLines([
    `run ${started.run} is at work (process ${started.pid}); it goes on when this terminal closes`,
    `log: ${logPath}`,
    'next: nightlab status, nightlab tell "…", nightlab stop (pauses), nightlab up (goes on)',
  ]);
}

type Place = Awaited<ReturnType<typeof locateStudy>>;

async function isUnfinished(place: Place): Promise<boolean> {
  const last = currentRun((await readStudy(place)).study);
  return last !== undefined && last.endedAtMs === undefined;
}

/** What the keeper starts, each time: a run that is unfinished by then is resumed. */
function ownCommand(options: UpOptions): string[] {
  const { cwd, program, experiments, for: duration, until, parallel, sandbox, tag, notify } = options;
  const values = { program, experiments, for: duration, until, parallel, sandbox, tag, notify };
  const limits = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  return [process.execPath, PROGRAM, "-C", resolve(cwd), "up", "--foreground", ...limits];
}

/** A session of its own: no terminal that closes reaches it. */
function startKeeper(command: readonly string[], cwd: string, logPath: string): ChildProcess {
  const log = openSync(logPath, "a");
  try {
    return spawn("/bin/sh", ["-c", KEEP_UP, "nightlab", ...command], {
      cwd,
      detached: true,
      stdio: ["ignore", log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** Who is at work, once it is; undefined when the keeper ends before, or nothing happens for long. */
async function untilAtWork(folder: string, keeper: ChildProcess) {
  for (let waitedMs = 0; waitedMs < START_MS && keeper.exitCode === null; waitedMs += LOOK_MS) {
    const worker = await atWork(folder);
    if (worker !== undefined) return worker;
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
  return undefined;
}

/** A unit of the user's own systemd: it also starts again after the machine did. */
async function writeUnit(options: UpOptions, root: string): Promise<void> {
  const folder = join(process.env.XDG_CONFIG_HOME ?? join(homedir(), ".config"), "systemd", "user");
  const name = `nightlab-${basename(root).replaceAll(/[^\w.-]/g, "_")}.service`;
  const quoted = ownCommand(options).map(
    (word) => `"${word.replaceAll(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`,
  );
  const unit = [
    ...["[Unit]", `Description=nightlab in ${root}`, "", "[Service]", `ExecStart=${quoted.join(" ")}`],
    ...[`Environment="PATH=${process.env.PATH ?? ""}"`, "Restart=on-failure", "RestartSec=10"],
    ...[
      "RestartPreventExitStatus=2 3 4",
      "KillSignal=SIGTERM",
      "",
      "[Install]",
      "WantedBy=default.target",
      "",
    ],
  ].join("\n");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), unit);
  if (options.json) return printJson({ path: join(folder, name), unit });
  printLines([
    `written: ${join(folder, name)}`,
    `next: systemctl --user daemon-reload && systemctl --user enable --now ${name}`,
    "and once, so that it lives without a login: loginctl enable-linger",
  ]);
}
