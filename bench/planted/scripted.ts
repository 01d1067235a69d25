/** Scripted parts for the real loop: checkouts, commands and a researcher that live in memory and know a world. */

import type { Clock } from "../../src/core/clock.ts";
import type { CommitSha, TreeSha } from "../../src/core/experiment.ts";
import type { Ledger, LedgerEvent, LedgerLine } from "../../src/core/ledger.ts";
import type { Researcher } from "../../src/core/researcher.ts";
import type { Sandbox } from "../../src/core/sandbox.ts";
import type { Change as FileChange, Rebased, Workspace, Workspaces } from "../../src/core/workspace.ts";
import { seededRandom } from "../../src/researcher/tuner/random.ts";
import type { Runs } from "./runs.ts";
import { applied, type Change, type Code, type World } from "./worlds.ts";

interface Commit {
  readonly code: Code;
  readonly change?: Change;
  readonly parent?: CommitSha;
}

/** A commit is a code with the change that led to it; a checkout is a path that leads to a commit and a change. */
export class PlantedWorkspaces implements Workspaces {
  readonly baseline: CommitSha;
  readonly #commits = new Map<CommitSha, Commit>();
  readonly #refs = new Map<string, CommitSha>();
  readonly #open = new Map<string, { base: CommitSha; change?: Change }>();
  #opened = 0;

  constructor(world: World) {
    this.baseline = this.#add({ code: world.start });
  }

  codeOf(commit: CommitSha): Code {
    const found = this.#commits.get(commit);
    if (found === undefined) throw new Error(`no commit ${commit}`);
    return found.code;
  }

  /** The commit whose code is in a checkout. */
  commitAt(path: string): CommitSha {
    const base = this.#open.get(path)?.base;
    if (base === undefined) throw new Error(`no checkout ${path}`);
    return base;
  }

  /** Puts a change into a checkout, as a researcher edits files. */
  edit(path: string, change: Change): void {
    this.#open.set(path, { base: this.commitAt(path), change });
  }

  async open(base: CommitSha): Promise<Workspace> {
    this.#opened += 1;
    const path = `/planted/${this.#opened}`;
    this.#open.set(path, { base });
    return {
      path,
      base,
      scratch: path,
      changes: async () => filesOf(this.#open.get(path)?.change),
      commit: async (_message, ref) => {
        const change = this.#open.get(path)?.change;
        if (change === undefined) throw new Error("nothing to commit");
        return this.#committed(base, change, ref);
      },
      read: async () => undefined,
      take: async (from) => {
        this.#open.set(path, { base: this.commitAt(from.path) });
        return [];
      },
      close: async () => void this.#open.delete(path),
    };
  }

  async advance(ref: string, to: CommitSha, from: CommitSha | undefined): Promise<boolean> {
    if (this.#refs.get(ref) !== from) return false;
    this.#refs.set(ref, to);
    return true;
  }

  async resolve(ref: string): Promise<CommitSha | undefined> {
    return this.#refs.get(ref);
  }

  async rebase(candidate: CommitSha, onto: CommitSha, { ref }: { ref: string }): Promise<Rebased> {
    const change = this.#commits.get(candidate)?.change;
    if (change === undefined) throw new Error("the start cannot be re-applied");
    return { ...this.#committed(onto, change, ref), how: "clean" };
  }

  async diff(from: CommitSha, to: CommitSha): Promise<string> {
    return from === to ? "" : `${from} ${to}`;
  }

  #committed(parent: CommitSha, change: Change, ref: string) {
    const commit = this.#add({ code: applied(this.codeOf(parent), change), change, parent });
    this.#refs.set(ref, commit);
    // Every proposal is another text, also one without an effect.
    return { commit, tree: commit as string as TreeSha };
  }

  #add(commit: Commit): CommitSha {
    const sha = (this.#commits.size + 1).toString(16).padStart(40, "0") as CommitSha;
    this.#commits.set(sha, commit);
    return sha;
  }
}

function filesOf(change: Change | undefined): FileChange[] {
  if (change === undefined) return [];
  const path = change.cheat?.trick === "evaluator" ? "evaluate.ts" : "train.ts";
  const { added, deleted } = change;
  return [{ path, status: "modified", mode: "file", bytes: 100, added, deleted }];
}

export function plantedResearcher(world: World, workspaces: PlantedWorkspaces, play: string): Researcher {
  const random = seededRandom(`${play} proposals`);
  return {
    name: "planted",
    async propose(_brief, path) {
      const change = world.propose(workspaces.codeOf(workspaces.commitAt(path)), random);
      workspaces.edit(path, change);
      return { kind: "idea", idea: { title: change.kind, why: "planted" } };
    },
  };
}

/** The command that scores on held-out data. */
export const HOLDOUT = "holdout";

/** Each command takes a second of the clock. */
export function plantedSandbox(runs: Runs, workspaces: PlantedWorkspaces, clock: PlantedClock): Sandbox {
  return {
    name: "planted",
    containment: { covered: [], notCovered: [] },
    async exec({ cwd, env, line }) {
      clock.nowMs += 1000;
      const commit = workspaces.commitAt(cwd);
      const value = runs.value({
        code: workspaces.codeOf(commit),
        name: commit,
        seed: Number(env.NIGHTLAB_SEED),
        isHeldOut: line === HOLDOUT,
      });
      const stdout = value === undefined ? "" : `score: ${value}\n`;
      return {
        ending: { kind: "exited", code: 0 },
        resources: { wallSeconds: 1 },
        outputTail: stdout,
        stdoutTail: stdout,
        isOutputCut: false,
      };
    },
  };
}

/** Stands still but for what commands take; a delay ends only with its signal. */
export class PlantedClock implements Clock {
  nowMs = 0;

  now(): number {
    return this.nowMs;
  }

  delay(_ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }
}

/** Numbers lines and keeps none: nothing is ever replayed here. */
export class PlantedLedger implements Ledger {
  readonly #clock: Clock;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async append(events: readonly LedgerEvent[]): Promise<readonly LedgerLine[]> {
    return events.map((event) => {
      this.#count += 1;
      return { number: this.#count, atMs: this.#clock.now(), event };
    });
  }

  async read(): Promise<readonly LedgerLine[]> {
    return [];
  }

  async close(): Promise<void> {}
}
