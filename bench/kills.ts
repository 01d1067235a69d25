/**
 * Kills many small studies at random instants and resumes each until it ends: how much is lost, doubled or left behind.
 * Usage: node bench/kills.ts [kills=1000] [seed=1]. Exit code 1 when anything is.
 */

import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { makeSurroundings } from "../test/stories/command-line.ts";
import type { Problem, ProblemKind } from "../test/stories/kill-checks.ts";
import { STAGES, type Stage } from "../test/stories/kill-stage.ts";
import { seededUniform, storm } from "../test/stories/kill-storm.ts";

const KILLS_PER_STUDY = 12;
const EXPERIMENTS = 8;
/** Studies at a time: they wait for git and other processes more than they work. */
const LANES = 2;
const KINDS: readonly ProblemKind[] = ["lost", "doubled", "orphan", "leftover", "touched", "stuck"];

/** Thousands of tiny files: kills, unlike power cuts, lose nothing in memory. */
function quickFolder(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

const [wantedKills = 1000, firstSeed = 1] = process.argv.slice(2).map(Number);
const kills: Stage[] = [];
const problems: (Problem & { seed: number })[] = [];
let studies = 0;
let resumed = 0;
const startedMs = performance.now();

async function lane(): Promise<void> {
  while (kills.length < wantedKills) {
    const seed = firstSeed + studies;
    studies += 1;
    const place = await makeSurroundings(quickFolder());
    try {
      const sandbox = seed % 2 === 0 ? "bubblewrap" : "process";
      const mostKills = Math.min(KILLS_PER_STUDY, wantedKills - kills.length);
      const options = {
        sandbox,
        seed,
        experiments: EXPERIMENTS,
        mostKills,
        random: seededUniform(seed),
      } as const;
      const result = await storm(place, options);
      kills.push(...result.kills);
      resumed += result.lines.filter(({ event }) => event.kind === "run_resumed").length;
      for (const one of result.problems) {
        problems.push({ ...one, seed });
        console.log(`study ${seed} (${sandbox}), ${one.kind}: ${one.text}`);
      }
    } finally {
      await place.remove();
    }
    console.error(`${kills.length} kills, ${studies} studies, ${problems.length} problems`);
  }
}

await Promise.all(Array.from({ length: LANES }, lane));

console.log(`kills      ${kills.length}`);
console.log(`studies    ${studies}`);
console.log(`resumes    ${resumed}`);
for (const stage of STAGES) {
  const count = kills.filter((one) => one === stage).length;
  console.log(
    `  ${stage.padEnd(12)} ${String(count).padStart(5)} ${"#".repeat(Math.round((100 * count) / kills.length))}`,
  );
}
for (const kind of KINDS) {
  console.log(`${kind.padEnd(10)} ${problems.filter((one) => one.kind === kind).length}`);
}
console.log(`seconds    ${((performance.now() - startedMs) / 1000).toFixed(0)}`);
process.exitCode = problems.length === 0 ? 0 : 1;
