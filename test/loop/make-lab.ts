/** Labs with scripted commands, on git or in memory: the metric `loss` is the sum of the numbers in the files of the workspace. */

import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CommitSha, type RunTag, refs } from "../../src/core/experiment.ts";
import type { Ledger, LedgerLine } from "../../src/core/ledger.ts";
import type { Program } from "../../src/core/program.ts";
import { replay } from "../../src/core/study.ts";
import type { Workspaces } from "../../src/core/workspace.ts";
import { judge } from "../../src/judge/judge.ts";
import { RULES } from "../../src/judge/rules.ts";
import { Lab, type LabParts } from "../../src/loop/lab.ts";
import { type Control, resumeRun, runStudy, startRun } from "../../src/loop/run-study.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { MemoryLedger } from "../../src/testing/memory-ledger.ts";
import { SAMPLE_PROGRAM } from "../../src/testing/sample-program.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { type Script, type ScriptedExit, scriptedSandbox } from "../../src/testing/scripted-sandbox.ts";
import { type GitWorkspaces, openWorkspaces } from "../../src/workspace/workspaces.ts";
import { MemoryWorkspaces } from "./memory-workspaces.ts";

export const TAG = "night" as RunTag;
/** Baseline loss 10, spread over two editable files so that changes to both can be merged. */
const FILES: Readonly<Record<string, string>> = { "a.txt": "4\n", "b.txt": "6\n", "data.txt": "0\n" };

export interface LabOptions {
  readonly program?: Partial<Program>;
  readonly parts?: Partial<LabParts>;
  readonly script?: Script;
  /** Ledger lines of an earlier process. */
  readonly disk?: LedgerLine[];
  readonly ledger?: (inner: Ledger) => Ledger;
  readonly wrapWorkspaces?: (inner: Workspaces) => Workspaces;
}

/** Loss of a workspace: the sum of a.txt and b.txt; what else is written there comes as extra lines. */
export async function lossIn(read: (path: string) => Promise<string | undefined>): Promise<number> {
  return Number.parseFloat((await read("a.txt")) ?? "0") + Number.parseFloat((await read("b.txt")) ?? "0");
}

/** Each measurement moves the clock by a second and ends on the number that is in the files. */
export const plainScript: Script = async ({ read }) => ({ stdout: `loss: ${await lossIn(read)}\n` });

/** Normal-like noise, fixed by seed and code: a run can be repeated, two codes are not alike. */
export function noisyScript(sd: number): Script {
  return async ({ read, seed }) => {
    const loss = await lossIn(read);
    return { stdout: `loss: ${loss + sd * hashedNoise(`${seed} ${loss}`)}\n` };
  };
}

function hashedNoise(text: string): number {
  let sum = 0;
  for (let part = 0; part < 12; part += 1) {
    let hash = 2166136261 ^ part;
    for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    sum += ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
  }
  return sum - 6;
}

/** What lies under the labs of a bench: git, or its quick stand-in. */
interface Ground {
  readonly root: string;
  readonly baseline: CommitSha;
  readonly workspaces: Workspaces;
  /** Commits that a ref leads to. */
  held(): Set<string>;
}

export async function createBench(kind: "memory" | "git" = "memory") {
  // Thousands of tiny files: two to three times as fast where they never reach a disk.
  const memory = await access("/dev/shm", constants.W_OK).then(
    () => "/dev/shm",
    () => tmpdir(),
  );
  const folder = await realpath(await mkdtemp(join(kind === "git" ? tmpdir() : memory, "nightlab-loop-")));
  const grounds = new Map<string, MemoryWorkspaces>();
  const open: GitWorkspaces[] = [];
  let made = 0;
  const onMemory = (root: string): Ground => {
    const workspaces = grounds.get(root);
    if (workspaces === undefined) throw new Error(`no repository ${root}`);
    return { root, baseline: workspaces.baseline, workspaces, held: () => workspaces.held() };
  };
  const onGit = async (root: string): Promise<Ground> => {
    const base = git(root, "rev-parse", "HEAD") as CommitSha;
    const options = { repository: root, stateFolder: `${root}-state`, link: [], copy: [], base };
    const workspaces = await openWorkspaces(options);
    open.push(workspaces);
    const held = () => new Set(git(root, "rev-list", "--glob=refs/nightlab/*").split("\n"));
    return { root, baseline: base, workspaces, held };
  };
  return {
    async repository(): Promise<string> {
      made += 1;
      const root = join(folder, `r${made}`);
      await mkdir(root);
      if (kind === "memory") grounds.set(root, new MemoryWorkspaces(root, FILES));
      else await makeRepository(root);
      return root;
    },
    /** A lab on a repository; with `disk`, as a fresh process finds it. */
    async lab(options: LabOptions = {}, repository?: string) {
      const root = repository ?? (await this.repository());
      return await assemble(options, kind === "memory" ? onMemory(root) : await onGit(root));
    },
    async remove(): Promise<void> {
      await Promise.all(open.map((each) => each.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function makeRepository(root: string): Promise<void> {
  for (const [path, text] of Object.entries(FILES)) await writeFile(join(root, path), text);
  git(root, "init", "-q", "-b", "main");
  git(root, "add", "-A");
  git(root, "commit", "-qm", "base");
}

function git(cwd: string, ...args: string[]): string {
  const identity = ["-c", "user.name=u", "-c", "user.email=u@x"];
  return execFileSync("git", [...identity, ...args], { cwd, encoding: "utf8" }).trim();
}

export type Bench = Awaited<ReturnType<typeof createBench>>;

async function assemble(options: LabOptions, made: Ground) {
  const program = { ...SAMPLE_PROGRAM, ...options.program };
  const clock = new FakeClock();
  const disk = options.disk ?? [];
  // Time goes on by one second with every command.
  const sandbox = scriptedSandbox(async (command): Promise<ScriptedExit> => {
    const exit = await (options.script ?? plainScript)(command);
    await clock.advance(1000);
    return exit;
  });
  const last = disk.at(-1);
  if (last !== undefined) await clock.advance(last.atMs - clock.now() + 60_000);
  const inner = new MemoryLedger(clock, disk);
  const parts: LabParts = {
    program,
    baseline: made.baseline,
    workspaces: options.wrapWorkspaces?.(made.workspaces) ?? made.workspaces,
    sandbox,
    environment: {},
    readable: [],
    hidden: [],
    logPath: () => undefined,
    ledger: options.ledger?.(inner) ?? inner,
    judge,
    rule: RULES.balanced,
    staff: [{ researcher: scriptedResearcher([]), share: 1 }],
    clock,
    budget: {},
    version: "test",
    ...options.parts,
  };
  const lab = new Lab(parts, replay(structuredClone(disk)));
  return { ...made, lab, clock, disk, sandbox };
}

export type Made = Awaited<ReturnType<Bench["lab"]>>;

export function controls() {
  const [pause, finish, stop] = [new AbortController(), new AbortController(), new AbortController()];
  const control: Control = { pause: pause.signal, finish: finish.signal, stop: stop.signal };
  return { pause, finish, stop, control };
}

/** One researcher that writes these texts into a.txt, one experiment each. */
export function staff(...texts: string[]): LabParts["staff"] {
  const turns = texts.map((text) => ({ files: { "a.txt": text } }));
  return [{ researcher: scriptedResearcher(turns), share: 1 }];
}

/** Starts a run and works it to its end. */
export async function runThrough(made: Made, control: Control = controls().control) {
  await startRun(made.lab, { tag: TAG, studySeed: 1, programSha: "0" });
  return await runStudy(made.lab, control);
}

export async function resumeThrough(made: Made, control: Control = controls().control) {
  await resumeRun(made.lab);
  return await runStudy(made.lab, control);
}

export function statuses({ lab }: Pick<Made, "lab">): (string | undefined)[] {
  return [...lab.study.experiments.values()].map(({ status }) => status);
}

export function events<Kind extends LedgerLine["event"]["kind"]>({ disk }: Pick<Made, "disk">, kind: Kind) {
  return disk.flatMap(({ event }) =>
    event.kind === kind ? [event as Extract<LedgerLine["event"], { kind: Kind }>] : [],
  );
}

/** Invariant 5 in one sentence: what the ledger says of refs and commits is what git holds. */
export async function refsAgree({ lab, workspaces, held }: Made): Promise<boolean> {
  const { run } = lab;
  const head = await workspaces.resolve(refs.head(run.tag));
  const verified = await workspaces.resolve(refs.verified(run.tag));
  const inGit = held();
  const isHeld = [...lab.study.byCommit.keys()].every((commit) => inGit.has(commit));
  return head === run.head && verified === run.verified && isHeld;
}
