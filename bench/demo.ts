/** Runs `nightlab demo` with ten fixed seeds, one after the other, and prints what each one proved. `npm run bench:demo` */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { RunView } from "../src/view/run-view.ts";

const WANTED_BPB = 0.03;
const WANTED_SECONDS = 90;
const seeds = Array.from({ length: Number(process.argv[2] ?? 10) }, (_, index) => index + 1);

interface Row {
  readonly seed: number;
  readonly seconds: number;
  readonly experiments: number;
  readonly kept: number;
  readonly gain: number | undefined;
  readonly interval: string;
}

function runDemo(seed: number): Row {
  const folder = mkdtempSync(join(tmpdir(), "nightlab-bench-demo-"));
  const launcher = resolve(import.meta.dirname, "../bin/nightlab.js");
  const startedMs = performance.now();
  const args = [launcher, "demo", "--json", "--seed", String(seed), "--keep", join(folder, "study")];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  const seconds = (performance.now() - startedMs) / 1000;
  rmSync(folder, { recursive: true, force: true });
  const last = stdout.trimEnd().split("\n").at(-1) ?? "";
  if (status !== 0) throw new Error(`demo with seed ${seed} ended with ${status}: ${last}`);
  const { run } = JSON.parse(last) as { run: RunView };
  const { verifiedGain, counts } = run;
  const estimate = verifiedGain?.isProven ? verifiedGain.estimate : undefined;
  const interval =
    estimate === undefined ? "-" : `[${estimate.low?.toFixed(3)}, ${estimate.high?.toFixed(3)}]`;
  const experiments = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { seed, seconds, experiments, kept: counts.kept ?? 0, gain: estimate?.gain, interval };
}

console.log(
  `nightlab demo, ${seeds.length} seeds, ${availableParallelism()} cores, Node ${process.versions.node}`,
);
console.log("seed  seconds  experiments  kept  verified gain (bpb, hidden split)  95 % interval");
const rows = seeds.map((seed) => {
  const row = runDemo(seed);
  const cells = [
    String(seed).padEnd(4),
    row.seconds.toFixed(0).padStart(8),
    String(row.experiments).padStart(12),
  ];
  const gain = row.gain?.toFixed(4) ?? "nothing proven";
  console.log([...cells, String(row.kept).padStart(5), gain.padStart(33), ` ${row.interval}`].join(" "));
  return row;
});
const enough = rows.filter(({ gain }) => gain !== undefined && gain >= WANTED_BPB).length;
const slowest = Math.max(...rows.map(({ seconds }) => seconds));
console.log(
  `verified gain >= ${WANTED_BPB} bpb: ${enough} of ${rows.length}; slowest demo: ${slowest.toFixed(0)} s (limit ${WANTED_SECONDS})`,
);
process.exitCode = enough >= 0.9 * rows.length && slowest <= WANTED_SECONDS ? 0 : 1;
