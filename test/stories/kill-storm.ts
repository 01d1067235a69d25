/** One study through the real command line, killed at random instants and resumed until it ends. */

import { join } from "node:path";
import type { LedgerLine } from "../../src/core/ledger.ts";
import { contentOf, readLines, type Said, type Started, type Surroundings } from "./command-line.ts";
import { endProblems, killProblems, leftovers, type Problem, processesIn } from "./kill-checks.ts";
import { type Stage, stageOf } from "./kill-stage.ts";
import { HELPER, killStudy } from "./kill-study.ts";

export interface StormOptions {
  readonly sandbox: "process" | "bubblewrap";
  readonly seed: number;
  readonly experiments: number;
  /** After so many kills the study is left to end. */
  readonly mostKills: number;
  /** Uniform in 0..1. */
  readonly random: () => number;
}

export interface StormResult {
  readonly kills: readonly Stage[];
  readonly problems: readonly Problem[];
  /** Of the last study state, for what went wrong. */
  readonly lines: readonly LedgerLine[];
}

/** How long a session works at most before it is killed, in times of a start: so a busy machine changes little. */
const WORK_STARTS = 2.5;
/** Kills in quick succession: while the next session still starts or recovers. */
const QUICK_SHARE = 0.2;
/** Kills that take git and the watchers along: their locks and helpers are left to the next start. */
const WHOLESALE_SHARE = 0.25;
/** The watcher of a killed nightlab ends what it left within moments; a busy machine is slow. */
const PATIENCE_MS = 10_000;

export async function storm(place: Surroundings, options: StormOptions): Promise<StormResult> {
  const { sandbox, seed, experiments } = options;
  const repository = await killStudy(join(place.folder, `study${seed}`), {
    sandbox,
    budget: { experiments },
  });
  const before = await contentOf(repository);
  const storming = new Storm(place, repository, options);
  await storming.blow();
  const lines = await readLines(repository);
  const after = await contentOf(repository);
  const touched = Object.keys({ ...before, ...after }).filter((path) => before[path] !== after[path]);
  const problems = [
    ...storming.problems,
    ...endProblems(repository, lines, experiments),
    ...(await leftovers({
      repository,
      stateFolder: place.env.XDG_STATE_HOME ?? "",
      temporary: place.env.TMPDIR ?? "",
    })),
    ...touched.map((path): Problem => ({ kind: "touched", text: path })),
    ...processesIn(place.folder).map((text): Problem => ({ kind: "orphan", text: `at the end: ${text}` })),
  ];
  return { kills: storming.kills, problems, lines };
}

class Storm {
  readonly kills: Stage[] = [];
  readonly problems: Problem[] = [];
  readonly #place: Surroundings;
  readonly #repository: string;
  readonly #options: StormOptions;
  #known: readonly LedgerLine[] = [];
  #startMs = 1000;
  /** The last kill left helpers without a watcher: only the next session can end them. */
  #spared = false;

  constructor(place: Surroundings, repository: string, options: StormOptions) {
    this.#place = place;
    this.#repository = repository;
    this.#options = options;
  }

  async blow(): Promise<void> {
    const { mostKills, seed } = this.#options;
    for (;;) {
      const hasBegun = this.#known.some(({ event }) => event.kind === "run_started");
      const args = hasBegun ? ["resume"] : ["run", "--tag", "night", "--seed", String(seed)];
      const started = this.#place.start(this.#repository, ...args, "--json");
      const isLast = this.kills.length >= mostKills;
      const said = await (isLast ? started.ended : this.#kill(started));
      await this.#check(said);
      if (said.signal === null || isLast) return this.#end(said);
    }
  }

  /** Kills the session at a random instant of its start, or of the work after it; it may end before. */
  async #kill(started: Started): Promise<Said> {
    const { random } = this.#options;
    const beganMs = performance.now();
    const isQuick = random() < QUICK_SHARE;
    const isWholesale = random() < WHOLESALE_SHARE;
    const dieIn = (ms: number) => {
      const timer = setTimeout(() => this.#strike(started, isWholesale), random() * ms);
      void started.ended.then(() => clearTimeout(timer));
    };
    started.child.stdout?.once("data", () => {
      this.#spared = false; // it has come further than what ends them
      this.#startMs = (this.#startMs + performance.now() - beganMs) / 2;
      if (!isQuick) dieIn(WORK_STARTS * this.#startMs);
    });
    if (isQuick) dieIn(this.#startMs);
    return await started.ended;
  }

  /** Nightlab alone, or with it whatever works for it, git and the watchers of commands too. */
  #strike(started: Started, isWholesale: boolean): void {
    const others = isWholesale ? processesIn(this.#place.folder) : [];
    started.child.kill("SIGKILL");
    this.#spared ||= isWholesale;
    for (const text of others) {
      if (text.includes(HELPER)) continue; // what left its session is left to the next start
      try {
        process.kill(Number(text.split(" ")[0]), "SIGKILL");
      } catch {
        // it has ended meanwhile
      }
    }
  }

  async #check(said: Said): Promise<void> {
    const orphans = this.#spared ? [] : await this.#orphans();
    const lines = await readLines(this.#repository);
    if (said.signal !== null) this.kills.push(stageOf(this.#repository, lines, this.#known.length));
    const seen = { known: this.#known, printed: printedLines(said.stdout) };
    this.problems.push(...killProblems(this.#repository, lines, seen), ...orphans);
    this.#known = lines;
  }

  async #orphans(): Promise<Problem[]> {
    const untilMs = performance.now() + PATIENCE_MS;
    let left = processesIn(this.#place.folder);
    while (left.length > 0 && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      left = processesIn(this.#place.folder);
    }
    return left.map((text) => ({ kind: "orphan", text }));
  }

  #end(said: Said): void {
    const hadEnded = said.code === 2 && /"?run night has ended/.test(said.stdout + said.stderr);
    if (said.code === 0 || hadEnded) return;
    const text = `exit code ${said.code}: ${said.stdout.split("\n").slice(-3).join(" ")} ${said.stderr}`;
    this.problems.push({ kind: "stuck", text });
  }
}

/** A last line without its end was not printed whole: it acknowledges nothing. */
function printedLines(stdout: string): LedgerLine[] {
  const texts = stdout.split("\n").slice(0, -1);
  const values = texts.filter((text) => text !== "").map((text) => JSON.parse(text));
  return values
    .filter(({ number }) => typeof number === "number")
    .map(({ number, atMs, ...event }) => ({ number, atMs, event }));
}

/** Uniform numbers in 0..1, the same for the same seed (mulberry32). */
export function seededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
