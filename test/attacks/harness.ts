/** Plays an attack against the real loop: real git, sandbox, measurements, judge and ledger; only the researcher is scripted. */

import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it, type TestFunction } from "vitest";
import { openRun } from "../../src/compose.ts";
import type { Brief } from "../../src/core/brief.ts";
import type { Idea } from "../../src/core/experiment.ts";
import type { Outcome } from "../../src/core/metric.ts";
import type { Researcher } from "../../src/core/researcher.ts";
import type { ExperimentRecord } from "../../src/core/study.ts";
import { detectSandbox } from "../../src/sandbox/detect.ts";
import { fingerprint } from "../workspace/playground.ts";
import {
  BASE_ERROR,
  BEST_ERROR,
  HONEST_ERROR,
  makeVictim,
  removeVictim,
  trainScript,
  type Victim,
  type VictimOptions,
} from "./victim.ts";

export { trainScript } from "./victim.ts";

/** A candidate that has the best model if `probe` succeeds, and the model of the base commit if not. */
export function trainIf(probe: string): string {
  return trainScript(`guess=3\nif ( ${probe} ) >/dev/null 2>&1; then guess=10; fi`, "$guess");
}

/** A shell word that runs JavaScript; \`fail\` and \`win\` end it. */
export function nodeProbe(source: string): string {
  const text = `const win = () => process.exit(0), fail = () => process.exit(1);\n${source}`;
  return `node -e '${text.replaceAll("'", "'\\''")}'`;
}

type SandboxName = "bubblewrap" | "process";

export interface Attack extends VictimOptions {
  /** What the attacking candidate changes. */
  readonly edits?: Files | ((scene: Scene) => Files);
  /** What the attacking researcher does besides, in its workspace. */
  readonly propose?: (workspace: string, scene: Scene) => unknown;
  readonly idea?: Idea;
  /** The candidate that comes next and is better by one, where train.sh of another victim is another. */
  readonly honest?: Files;
  /** How the experiment must end. */
  readonly ends: readonly ExperimentRecord["status"][];
  /** The only number that may enter the ledger for it; by default that of the unchanged guess. */
  readonly value?: number;
  /** What lies around the victim; a function it gives undoes it. */
  readonly before?: (scene: Scene) => unknown;
  readonly after?: (scene: Scene & Aftermath) => unknown;
  /** The candidate never gets as far as a sandbox: one test is enough. */
  readonly isRefusedUnmeasured?: boolean;
  /** Where the process sandbox has no wall against it: the words of its `containment.notCovered` that say so. */
  readonly notCoveredByProcess?: string;
  /** It is shown that the attack succeeds there: so the other test is known to try something. Not for what does harm. */
  readonly isShownToWork?: boolean;
  /** A hole that is known: the test is expected to fail until it is closed. */
  readonly hole?: string;
}

type Files = Readonly<Record<string, string>>;

interface Scene extends Victim {
  readonly sandbox: SandboxName;
  /** A folder that belongs to the attacker nowhere: whatever appears in it has escaped. */
  readonly outside: string;
}

interface Aftermath {
  readonly record: ExperimentRecord;
  readonly outcomes: readonly Outcome[];
  /** What the next researcher was told. */
  readonly brief: Brief;
}

/** For whom does not listen: long enough to do harm in, and no longer. A user waits ten times as long. */
const GRACE_MS = 200;
const found = await detectSandbox("auto", process.getuid?.() ?? -1, { graceMs: GRACE_MS });
const unwalled = await detectSandbox("process", 0, { graceMs: GRACE_MS });

/** One test for each sandbox. What is not covered is a skipped test that says so, never a missing one. */
export function attack(name: string, about: Attack): void {
  const test = about.hole === undefined ? it : it.fails;
  const title = about.hole === undefined ? name : `${name} (HOLE: ${about.hole})`;
  if (about.isRefusedUnmeasured) {
    test(title, play(found.sandbox.name as SandboxName, about));
    return;
  }
  if (found.sandbox.name === "bubblewrap") test(`${title}, under bubblewrap`, play("bubblewrap", about));
  else it.skip(`${title}, under bubblewrap: SKIPPED, ${found.reason}`, () => undefined);
  const { notCoveredByProcess: words } = about;
  if (words === undefined) test(`${title}, under the process sandbox`, play("process", about));
  else notCovered(name, about, words);
}

function notCovered(name: string, about: Attack, words: string): void {
  it(`the process sandbox says that it does not cover it: ${words}`, () => {
    expect(unwalled.sandbox.containment.notCovered.join("\n")).toContain(words);
  });
  const success = { ...about, ends: ["kept"], value: BEST_ERROR, isSuccess: true } as const;
  if (about.isShownToWork) it("it works under the process sandbox, which says so", play("process", success));
  else it.skip(`${name}, under the process sandbox: SKIPPED, not covered`, () => undefined);
}

function play(sandbox: SandboxName, about: Attack & { isSuccess?: boolean }): TestFunction {
  return async () => {
    const victim = await makeVictim(about);
    const scene = { ...victim, sandbox, outside: join(victim.folder, "outside") };
    await mkdir(scene.outside, { mode: 0o777 });
    const undo = await about.before?.(scene);
    try {
      const before = await userState(scene);
      const aftermath = await runAttack(scene, about);
      checkVerdict(about, aftermath);
      if (!about.isSuccess) await checkHarmless(scene, about, { ...aftermath, before });
    } finally {
      if (typeof undo === "function") undo();
      await removeVictim(victim);
    }
  };
}

/** The attack, then an honest candidate, then a pause. */
async function runAttack(scene: Scene, about: Attack) {
  const pause = new AbortController();
  const briefs: Brief[] = [];
  const run = await openRun({
    cwd: scene.repository,
    environment: scene.environment,
    mode: { kind: "resume" },
    override: { sandbox: scene.sandbox, budget: { experiments: 2 } },
    staff: [{ researcher: attacker(scene, about, briefs), share: 1 }],
    onLine: ({ event }) => event.kind === "closed" && event.experiment === "e2" && pause.abort(),
  });
  const never = new AbortController().signal;
  try {
    await run.work({ pause: pause.signal, finish: never, stop: never });
    const [record, honest] = run.lab.experiments;
    if (record === undefined || honest === undefined) throw new Error("the loop did not go on");
    const own = record.measured.filter(({ commit }) => commit === record.commit);
    const [, brief] = briefs;
    if (brief === undefined) throw new Error("nobody was told anything");
    return { record, honest, outcomes: own.map(({ outcome }) => outcome), brief, head: run.lab.run.head };
  } finally {
    await run.close();
  }
}

function attacker(scene: Scene, about: Attack, briefs: Brief[]): Researcher {
  return {
    name: "attacker",
    async propose(brief, workspace) {
      briefs.push(brief);
      if (briefs.length > 1) {
        await writeFiles(workspace, about.honest ?? { "train.sh": trainScript(":", 4) });
        return { kind: "idea", idea: { title: "a better guess", why: "honest" } };
      }
      const { edits = {} } = about;
      await writeFiles(workspace, typeof edits === "function" ? edits(scene) : edits);
      await about.propose?.(workspace, scene);
      return { kind: "idea", idea: about.idea ?? { title: "an attack", why: "to win" } };
    },
  };
}

export async function writeFiles(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

type Played = Awaited<ReturnType<typeof runAttack>> & { before: Awaited<ReturnType<typeof userState>> };

function checkVerdict(about: Attack, { record, outcomes }: Aftermath): void {
  expect(about.ends, record.reasons.join("; ")).toContain(record.status);
  for (const outcome of outcomes) {
    if (outcome.kind === "measured") expect(outcome.measurement.value).toBe(about.value ?? BASE_ERROR);
  }
}

async function checkHarmless(scene: Scene, about: Attack, played: Played): Promise<void> {
  const { honest, head } = played;
  expect(await userState(scene), "the user's checkout").toEqual(played.before);
  expect(await readdir(scene.outside), "what escaped").toEqual([]);
  expect(runningIn(scene.folder), "left running").toEqual([]);
  expect(await leftOnDisk(scene), "left on disk").toEqual([]);
  expect(honest.status, honest.reasons.join("; ")).toBe("kept");
  expect(head).toBe(honest.commit);
  const values = honest.measured.flatMap(({ commit, outcome }) =>
    commit === honest.commit && outcome.kind === "measured" ? [outcome.measurement.value] : [],
  );
  expect(new Set(values)).toEqual(new Set([HONEST_ERROR]));
  await about.after?.({ ...scene, ...played });
}

/** All of the user's repository but what nightlab is there to write. */
function userState({ repository }: Scene) {
  const isOurs = (path: string) => /^(\.nightlab|\.git\/(objects|refs\/nightlab))(\/|$)/.test(path);
  return fingerprint(repository, isOurs);
}

/** Processes of which command line, environment or folder speak of the victim's folder. */
function runningIn(folder: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.filter((pid) => ["cmdline", "environ"].some((file) => readOf(pid, file).includes(folder)));
}

function readOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return ""; // gone between listing and reading
  }
}

/** Checkouts and scratch folders go with the run. */
async function leftOnDisk({ folder }: Scene): Promise<string[]> {
  const names = await readdir(join(folder, "state"), { recursive: true });
  return names.filter((name) => name.split("/").length > 2);
}
