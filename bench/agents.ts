/**
 * Sixteen agents at once: a command that thinks (sleeps), edits a file and ends, through the whole loop, in each sandbox.
 * Ideal: every agent works one experiment after the other and nothing else takes time. Usage: node bench/agents.ts
 */

import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { runLoop } from "./overhead-loop.ts";
import { git, makeStudy } from "./overhead-study.ts";

const AGENTS = 16;
const WAVES = 4;
const THINKING_SECONDS = [5, 20];
const WANTED = 0.9;
const AGENT = (seconds: number) =>
  `sleep ${seconds}; n=$(tr -dc 0-9 </dev/urandom | head -c 8); echo "loss: 1$n" > value.txt; echo "try 1$n"`;

const folder = realpathSync(mkdtempSync(join(tmpdir(), "nightlab-bench-agents-")));
const failures: string[] = [];
console.log(
  `Node ${process.versions.node}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}`,
);
console.log("sandbox      thinks, s   experiments   of ideal   CPU ms each: own thread, all processes");
try {
  for (const seconds of THINKING_SECONDS)
    for (const sandbox of ["process", "bubblewrap"] as const) await row(sandbox, seconds);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const failure of failures) console.log(`MISSED: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function row(sandbox: "process" | "bubblewrap", seconds: number): Promise<void> {
  const repository = join(folder, `${sandbox}-${seconds}`);
  await makeStudy(repository, { ledgerLines: 0, measure: "cat value.txt" });
  const path = join(repository, "program.md");
  const researchers = `researchers: ${JSON.stringify([{ command: AGENT(seconds) }])}`;
  writeFileSync(path, readFileSync(path, "utf8").replace("edit:", `${researchers}\nedit:`));
  git(repository, "commit", "-qam", "an agent");
  const home = join(folder, "home");
  const size = { parallel: AGENTS, experiments: AGENTS * (WAVES + 2) };
  const times = await runLoop({ repository, home, sandbox, isResumed: false, isProgramStaff: true, ...size });
  // Without the first wave, in which checkouts are made.
  const [from = 0, to = 0] = [times.closedMs[AGENTS - 1], times.closedMs[AGENTS * (WAVES + 1) - 1]];
  const part = (WAVES * seconds * 1000) / (to - from);
  const cpu = [times.ownCpuMs, times.allCpuMs ?? Number.NaN].map((ms) => ms.toFixed(0).padStart(6));
  console.log(
    `${sandbox.padEnd(12)} ${String(seconds).padStart(9)} ${String(times.closedMs.length).padStart(13)} ` +
      `${(100 * part).toFixed(1).padStart(8)} % ${cpu.join(" ")}`,
  );
  if (part < WANTED && seconds === Math.max(...THINKING_SECONDS))
    failures.push(`${sandbox}: ${WANTED * 100} %`);
}
