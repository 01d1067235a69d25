/** Makes repositories with a study of any length for bench/overhead.ts: real commits, real refs, real ledger lines. */

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LedgerEvent } from "../src/core/ledger.ts";
import { ledgerEventSchema } from "../src/core/ledger.ts";
import { openLedger } from "../src/ledger/open-ledger.ts";

/** opened, proposed, measured, judged, closed. */
export const LINES_PER_EXPERIMENT = 5;
const LINES_PER_APPEND = 10_000;
const OTHER_FILES = 40;
const RUN = "bench";

export interface StudyShape {
  readonly ledgerLines: number;
  readonly measure: string;
}

/**
 * A repository of 41 small files whose metric is the number in `value.txt`, with a run that already holds
 * `ledgerLines` lines. Every commit that a line speaks of is in git, under a ref of its own.
 */
export async function makeStudy(folder: string, { ledgerLines, measure }: StudyShape): Promise<void> {
  makeRepository(folder, measure);
  const experiments = Math.floor(ledgerLines / LINES_PER_EXPERIMENT);
  if (experiments === 0) return;
  const baseline = git(folder, "rev-parse", "HEAD");
  for (const name of ["head", "verified", "baseline"])
    git(folder, "update-ref", `refs/nightlab/runs/${RUN}/${name}`, baseline);
  const candidates = makeCandidates(folder, baseline, experiments);
  await writeLedger(join(folder, ".nightlab"), { baseline, candidates });
}

export function git(cwd: string, ...args: string[]): string {
  return gitWith(cwd, "", ...args).trim();
}

function gitWith(cwd: string, input: string, ...args: string[]): string {
  const settings = ["user.name=bench", "user.email=bench@localhost", "core.fsync=none", "gc.auto=0"];
  const all = [...settings.flatMap((setting) => ["-c", setting]), ...args];
  return execFileSync("git", all, { cwd, input, encoding: "utf8", maxBuffer: 1 << 30 });
}

function makeRepository(folder: string, measure: string): void {
  mkdirSync(join(folder, "src"), { recursive: true });
  const metric = "metric: { name: loss, goal: minimize }";
  const program = [
    "---",
    metric,
    `measure: ${measure}`,
    "edit: [value.txt]",
    "---",
    "# Mission",
    "",
    "None.",
  ];
  writeFileSync(join(folder, "program.md"), `${program.join("\n")}\n`);
  writeFileSync(join(folder, "value.txt"), "loss: 10\n");
  for (let file = 1; file < OTHER_FILES; file += 1)
    writeFileSync(join(folder, "src", `file-${file}.txt`), `text ${file}\n`.repeat(100));
  git(folder, "init", "-q", "-b", "main");
  git(folder, "add", "-A");
  git(folder, "commit", "-qm", "base");
}

interface Candidate {
  readonly commit: string;
  readonly tree: string;
  readonly value: number;
}

function makeCandidates(folder: string, baseline: string, count: number): Candidate[] {
  const values = Array.from({ length: count }, (_, index) => 11 + index / 1000);
  const stream = values.map((value, index) => {
    const [text, message] = [`loss: ${value}\n`, `turn ${index + 1}`];
    return [
      `commit refs/nightlab/candidates/e${index + 1}`,
      `committer nightlab <nightlab@localhost> 1700000000 +0000`,
      `data ${message.length}\n${message}`,
      `from ${baseline}`,
      `M 100644 inline value.txt\ndata ${text.length}\n${text}`,
    ].join("\n");
  });
  gitWith(folder, `${stream.join("\n")}\n`, "fast-import", "--quiet", "--force");
  const format = "--format=%(refname:lstrip=3) %(objectname) %(tree)";
  const rows = git(folder, "for-each-ref", format, "refs/nightlab/candidates").split("\n");
  const found = new Map(rows.map((row) => [row.split(" ")[0] ?? "", row.split(" ").slice(1)]));
  return values.map((value, index) => {
    const [commit = "", tree = ""] = found.get(`e${index + 1}`) ?? [];
    return { commit, tree, value };
  });
}

async function writeLedger(
  folder: string,
  { baseline, candidates }: { baseline: string; candidates: readonly Candidate[] },
): Promise<void> {
  let nowMs = Date.now() - candidates.length * 1000;
  const clock = { now: () => (nowMs += 10), delay: async () => undefined };
  const ledger = await openLedger({ folder, clock, mode: "write", holder: RUN });
  let batch: LedgerEvent[] = [...runStart(baseline)];
  for (const [index, candidate] of candidates.entries()) {
    batch.push(...experimentEvents(`e${index + 1}`, baseline, candidate));
    if (batch.length < LINES_PER_APPEND) continue;
    await ledger.append(batch);
    batch = [];
  }
  await ledger.append([...batch, event({ kind: "run_paused", run: RUN, reason: "made for a bench" })]);
  await ledger.close();
}

const event = (fields: unknown) => ledgerEventSchema.parse(fields);

function runStart(baseline: string): LedgerEvent[] {
  const metric = { name: "loss", goal: "minimize", seeded: false, timing: false };
  const noise = { isDeterministic: true, sdRepeat: 0, sdRun: 0, degreesOfFreedom: 5, mean: 10 };
  const about = { baseline, studySeed: 7, metric, programSha: "0", sandbox: "process", version: "0.1.0" };
  const calibration = [1, 2, 3, 4, 5, 6].map((seed) =>
    event({
      kind: "measured",
      run: RUN,
      purpose: "calibration",
      commit: baseline,
      seed,
      outcome: measured(10),
    }),
  );
  return [
    event({ kind: "run_started", run: RUN, ...about }),
    ...calibration,
    event({ kind: "calibrated", run: RUN, noise }),
  ];
}

function measured(value: number) {
  const resources = { wallSeconds: 0.004, cpuSeconds: 0.002, peakMemoryBytes: 1_500_000 };
  const secondary = { wall_seconds: 0.004, cpu_seconds: 0.002, peak_memory_bytes: 1_500_000 };
  return { kind: "measured", measurement: { value, channel: "stdout", secondary, resources } };
}

function experimentEvents(
  experiment: string,
  baseline: string,
  { commit, tree, value }: Candidate,
): LedgerEvent[] {
  const idea = {
    title: `turn ${experiment}`,
    why: "a number of its own",
    forecast: { gain: 0.1, probability: 0.2 },
  };
  const reasons = [`worse: ${value} against 10, and the metric is deterministic`];
  const verdict = { kind: "discard", reasons, estimate: { gain: 10 - value, runs: 1 } };
  const files = [{ path: "value.txt", added: 1, deleted: 1 }];
  return [
    event({ kind: "opened", run: RUN, experiment, researcher: "scripted", head: baseline }),
    event({ kind: "proposed", experiment, idea, commit, tree, files }),
    event({
      kind: "measured",
      run: RUN,
      purpose: "tentative",
      commit,
      seed: 1,
      experiment,
      outcome: measured(value),
    }),
    event({ kind: "judged", experiment, verdict }),
    event({ kind: "closed", experiment, status: "discarded", reasons }),
  ];
}
