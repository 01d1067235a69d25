/**
 * What nightlab costs beyond the metric command, by the real loop on real git, sandbox and ledger: `npm run bench:overhead`
 * (`-- --quick` for small samples; `-- --only experiments|parallel|restart|filter` for one part).
 */

import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { timeBareExperiment, timeCommand, timeProcess } from "./overhead-bare.ts";
import { filterTable } from "./overhead-filter.ts";
import { gaps, type LoopTimes, median, runLoop, Samples } from "./overhead-loop.ts";
import { makeStudy } from "./overhead-study.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean" }, only: { type: "string" } } });
const isQuick = values.quick === true;
const LEDGER_LINES = isQuick ? [0, 10_000] : [0, 10_000, 100_000];
const SANDBOXES = ["process", "bubblewrap"] as const;
const LIMIT_MS = { process: 60, bubblewrap: 90 };
const ROUNDS = isQuick ? 2 : 5;
const EXPERIMENTS_PER_ROUND = isQuick ? 10 : 20;
const MANY_SLOTS = 64;
const WANTED_EFFICIENCY = 0.95;
const MEASURE = "cat value.txt";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "nightlab-bench-overhead-")));
const home = join(folder, "home");
const asks = (part: string) => values.only === undefined || values.only === part;
const ms = (value: number) => value.toFixed(1).padStart(8);
const failures: string[] = [];

console.log(
  `Node ${process.versions.node}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}`,
);
try {
  const studies = new Map<number, string>();
  if (asks("experiments") || asks("restart"))
    for (const lines of LEDGER_LINES) studies.set(lines, await study(`ledger-${lines}`, lines, MEASURE));
  if (asks("experiments")) await overheadTable(studies);
  if (asks("parallel")) await parallelTables();
  if (asks("filter")) await filterTable(isQuick ? 5 : 15);
  if (asks("restart")) await restartTable(studies);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const failure of failures) console.log(`MISSED: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function study(name: string, ledgerLines: number, measure: string): Promise<string> {
  const repository = join(folder, name);
  await makeStudy(repository, { ledgerLines, measure });
  return repository;
}

/** Sizes and sandboxes take turns, so that a busy minute of the machine hits all of them. */
async function sampleExperiments(studies: ReadonlyMap<number, string>): Promise<Samples> {
  const samples = new Samples();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [lines, repository] of studies) {
      for (const sandbox of SANDBOXES) {
        const isResumed = lines > 0 || round > 0 || sandbox !== SANDBOXES[0];
        const size = { parallel: 1, experiments: EXPERIMENTS_PER_ROUND };
        const times = await runLoop({ repository, home, sandbox, isResumed, ...size });
        samples.add(`${sandbox} ${lines}`, gaps(times.closedMs));
        samples.add(`cpu ${sandbox} ${lines}`, [times.ownCpuMs]);
        for (let count = 0; count < 4; count += 1) {
          samples.add("command", [await timeCommand(repository, MEASURE)]);
          samples.add("bare git", [await timeBareExperiment(repository, MEASURE)]);
        }
      }
    }
  }
  return samples;
}

async function overheadTable(studies: ReadonlyMap<number, string>): Promise<void> {
  const samples = await sampleExperiments(studies);
  const commandMs = samples.median("command");
  const over = (key: string) => samples.median(key) - commandMs;
  console.log(
    `\nper experiment, medians in ms; the command alone (${MEASURE}) takes ${commandMs.toFixed(1)}`,
  );
  console.log("                          lines   beyond command   own CPU   experiments");
  console.log(
    `bare git and spawn            -     ${ms(over("bare git"))}           -   ${samples.count("bare git")}`,
  );
  for (const sandbox of SANDBOXES) {
    for (const lines of studies.keys()) {
      const key = `${sandbox} ${lines}`;
      const cells = [
        sandbox.padEnd(22),
        String(lines).padStart(8),
        "  ",
        ms(over(key)),
        " ",
        ms(samples.median(`cpu ${key}`)),
      ];
      console.log(`${cells.join(" ")}   ${samples.count(key)}`);
      if (over(key) > LIMIT_MS[sandbox])
        failures.push(`${key} lines: ${over(key).toFixed(1)} ms > ${LIMIT_MS[sandbox]}`);
    }
    const [smallest = 0, largest = 0] = [LEDGER_LINES[0], LEDGER_LINES.at(-1)];
    const ratio = over(`${sandbox} ${largest}`) / over(`${sandbox} ${smallest}`);
    console.log(`${sandbox}: ${largest} lines take ${ratio.toFixed(2)} x of ${smallest} (wanted <= 1.10)`);
    if (ratio > 1.1) failures.push(`${sandbox}: ${ratio.toFixed(2)} x at ${largest} lines`);
  }
}

/** How many slots a machine feeds depends on how long a command takes: several lengths, and where the many slots are fed. */
async function parallelTables(): Promise<void> {
  const lengths = isQuick ? [1, 5] : [1, 5, 15];
  const found: { seconds: number; efficiency: number; times: LoopTimes }[] = [];
  for (const seconds of lengths) {
    const isLong = seconds > 1 && (isQuick || seconds > 5);
    found.push(...(await parallelTable(seconds, isLong ? [MANY_SLOTS] : [1, 8, MANY_SLOTS])).slice(-1));
  }
  const fed = found.find(({ efficiency }) => efficiency >= WANTED_EFFICIENCY);
  const wanted = `${100 * WANTED_EFFICIENCY} % of ideal at ${MANY_SLOTS} slots`;
  console.log(`${wanted}: ${fed === undefined ? "with none of these" : `with \`sleep ${fed.seconds}\``}`);
  if (fed === undefined) failures.push(wanted);
  const last = found.at(-1)?.times;
  if (last?.allCpuMs === undefined) return;
  // Slots ask for slots / seconds experiments a second; one thread and all cores can give so many and no more.
  const leastSeconds = (cpuMs: number, cores: number) =>
    ((WANTED_EFFICIENCY * MANY_SLOTS * cpuMs) / 1000 / cores).toFixed(1);
  console.log(
    `what ${MANY_SLOTS} slots can reach at best: commands of ${leastSeconds(last.ownCpuMs, 1)} s for one thread at ` +
      `${last.ownCpuMs.toFixed(0)} ms each, of ${leastSeconds(last.allCpuMs, availableParallelism())} s for ` +
      `${availableParallelism()} cores at ${last.allCpuMs.toFixed(0)} ms of all processes`,
  );
}

/** Ideal: every slot runs one command after the other and nothing else takes time. */
async function parallelTable(seconds: number, slotCounts: readonly number[]) {
  const line = `sleep ${seconds}; ${MEASURE}`;
  console.log(`\nparallel, command \`${line}\``);
  console.log(
    "slots   experiments   seconds each alone   efficiency   CPU ms each: own thread, all processes",
  );
  const rows: { seconds: number; efficiency: number; times: LoopTimes }[] = [];
  for (const slots of slotCounts) {
    const repository = await study(`slots-${slots}-${seconds}`, 0, line);
    const commandMs = median(await Promise.all([1, 2, 3].map(() => timeCommand(repository, line))));
    const rounds = slots === 1 ? 6 : isQuick || seconds > 5 ? 4 : 8;
    const experiments = slots * (rounds + 2);
    const times = await runLoop({
      repository,
      home,
      sandbox: "process",
      parallel: slots,
      experiments,
      isResumed: false,
    });
    const efficiency = efficiencyOf(times, { slots, commandMs, rounds });
    const cells = [
      String(slots).padStart(5),
      String(times.closedMs.length).padStart(13),
      (commandMs / 1000).toFixed(3).padStart(20),
      `${(100 * efficiency).toFixed(1).padStart(10)} %`,
      `${ms(times.ownCpuMs)} ${times.allCpuMs === undefined ? "       -" : ms(times.allCpuMs)}`,
    ];
    console.log(cells.join(" "));
    rows.push({ seconds, efficiency, times });
  }
  return rows;
}

/** Without the first wave, in which checkouts are made. */
function efficiencyOf(times: LoopTimes, about: { slots: number; commandMs: number; rounds: number }): number {
  const { slots, commandMs, rounds } = about;
  const from = times.closedMs[slots - 1] ?? 0;
  const to = times.closedMs[slots * (rounds + 1) - 1] ?? 0;
  return (rounds * commandMs) / (to - from);
}

async function restartTable(studies: ReadonlyMap<number, string>): Promise<void> {
  console.log("\nstart, medians in ms of whole processes");
  const root = join(import.meta.dirname, "..");
  const launchers = new Map([["source", join(root, "bin", "nightlab.js")]]);
  const built = join(folder, "package", "bin", "nightlab.js");
  if (packageIn(root, join(folder, "package"))) launchers.set("package", built);
  else console.log("the built package is NOT MEASURED: npm run build");
  const environment = {
    env: { ...process.env, XDG_CACHE_HOME: join(folder, "cache"), NODE_COMPILE_CACHE: join(folder, "cache") },
  };
  const repeat = async (count: number, task: () => Promise<number>) => {
    await task(); // fills the caches of code and disk
    const took: number[] = [];
    for (let index = 0; index < count; index += 1) took.push(await task());
    return median(took);
  };
  const count = isQuick ? 5 : 15;
  const node = (...args: string[]) => timeProcess(process.execPath, args, environment);
  console.log(`node -e 0                     ${ms(await repeat(count, () => node("-e", "0")))}`);
  for (const [lines, repository] of studies) {
    if (lines === 0 && !asks("experiments"))
      await runLoop({ repository, home, sandbox: "process", parallel: 1, experiments: 5, isResumed: false });
    const resume = await repeat(isQuick ? 2 : 5, () =>
      node(join(import.meta.dirname, "overhead-restart.ts"), repository, home),
    );
    console.log(`${String(lines).padStart(6)} lines: resume and pause (source) ${ms(resume)}`);
    if (resume > 2000) failures.push(`restart at ${lines} lines: ${resume.toFixed(0)} ms`);
    for (const [what, launcher] of launchers) {
      const status = await repeat(lines > 10_000 ? 5 : count, () =>
        node(launcher, "status", "-C", repository),
      );
      console.log(`${String(lines).padStart(6)} lines: status (${what})${" ".repeat(11)} ${ms(status)}`);
      if (lines === 0 && status > 150) failures.push(`status (${what}): ${status.toFixed(0)} ms`);
    }
  }
}

/** nightlab as it is installed, from the last `npm run build`: without source beside it, so that dist runs. */
function packageIn(root: string, place: string): boolean {
  if (!existsSync(join(root, "dist", "cli", "main.js"))) return false;
  for (const name of ["bin", "dist", "package.json"])
    cpSync(join(root, name), join(place, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
  return true;
}
