/** Whose turn it is to propose: least shares, earnings, rests, and researchers that have nothing more to say. */

import type { Status } from "../core/experiment.ts";
import type { Proposal, Researcher } from "../core/researcher.ts";
import { modelLimit } from "./budget.ts";
import { dutyOf } from "./duties.ts";
import type { Lab, Staff } from "./lab.ts";
import { seedFrom } from "./seeds.ts";
import { drawRichest, yieldsOf } from "./yield.ts";

/** A researcher that costs nothing and gave nothing to measure this often in a row is not asked again in this session. */
const MAX_FRUITLESS_IN_A_ROW = 10;
/** Whoever fails this often in a row rests, longer each time: a provider may be down, or a model stuck. */
const FAILURES_BEFORE_REST = 3;
const FIRST_REST_MS = 30_000;
const LONGEST_REST_MS = 30 * 60_000;
/** Least part of the experiments of a researcher without a share of its own: nobody is written off for good. */
const LEAST_PART = 0.05;

const FRUITLESS: readonly (Status | undefined)[] = [
  ...(["gave_up", "no_change", "duplicate", "out_of_scope", "refused"] as const),
];
const BROKEN: readonly (Status | undefined)[] = ["crashed", "timed_out", "no_metric", "checks_failed"];

interface Member extends Staff {
  asked: number;
  fruitlessInARow: number;
  failuresInARow: number;
  restsUntilMs: number;
  isDone: boolean;
}

export class Roster {
  readonly #lab: Lab;
  readonly #members: Member[];

  constructor(lab: Lab) {
    this.#lab = lab;
    const { staff: all } = lab.parts;
    const proposing = all.filter((member) => dutyOf(member, all) === undefined);
    this.#members = proposing.map((staff) => ({
      ...staff,
      asked: lab.experiments.filter(({ researcher }) => researcher === staff.researcher.name).length,
      fruitlessInARow: 0,
      failuresInARow: 0,
      restsUntilMs: 0,
      isDone: staff.share !== undefined && staff.share <= 0,
    }));
  }

  /** The researcher furthest below its share, else the one that earns most; undefined while all rest or are done. */
  next(): Researcher | undefined {
    const now = this.#lab.parts.clock.now();
    const ready = this.#employed().filter(({ restsUntilMs }) => restsUntilMs <= now);
    const chosen = ready.length < 2 ? ready[0] : (this.#furthestBelowShare(ready) ?? this.#richest(ready));
    if (chosen === undefined) return undefined;
    chosen.asked += 1;
    return chosen.researcher;
  }

  /**
   * What a researcher proposed, and how the experiment ended. A sentence for the user if one that costs is dismissed: a
   * key may be wrong.
   */
  heard(researcher: Researcher, proposal: Proposal, status: Status | undefined): string | undefined {
    const member = this.#members.find((one) => one.researcher === researcher);
    if (member === undefined) return undefined;
    const { retryAfterMs, exhausted = false } = proposal.kind === "gave_up" ? proposal : {};
    const isFruitless = FRUITLESS.includes(status) && retryAfterMs === undefined;
    member.fruitlessInARow = isFruitless ? member.fruitlessInARow + 1 : 0;
    const isFailure = BROKEN.includes(status) || FRUITLESS.includes(status);
    member.failuresInARow = isFailure ? member.failuresInARow + 1 : 0;
    const isStuck = member.fruitlessInARow >= MAX_FRUITLESS_IN_A_ROW && !member.isPaid;
    if (exhausted || isStuck) member.isDone = true;
    else member.restsUntilMs = this.#lab.parts.clock.now() + restMs(member, retryAfterMs);
    if (!exhausted || !member.isPaid || proposal.kind !== "gave_up") return undefined;
    return `${researcher.name} is not asked any more in this session: ${proposal.reason}`;
  }

  /** Why nobody will propose any more, or undefined. */
  nothingLeft(): string | undefined {
    if (this.#employed().length > 0) return undefined;
    const unpaid = this.#members.some(({ isDone }) => !isDone)
      ? modelLimit(this.#lab.parts.budget, this.#lab.run)
      : undefined;
    return unpaid ?? "the researchers have nothing more to propose";
  }

  /** Milliseconds until a resting researcher is ready. */
  restMs(): number {
    const resting = this.#employed().map(({ restsUntilMs }) => restsUntilMs);
    return Math.max(1, Math.min(...resting) - this.#lab.parts.clock.now());
  }

  /** Those that may be asked, now or after their rest. */
  #employed(): Member[] {
    const isUnpaid = modelLimit(this.#lab.parts.budget, this.#lab.run) !== undefined;
    return this.#members.filter(({ isDone, isPaid }) => !isDone && !(isUnpaid && isPaid));
  }

  /** A share is owed once the whole of one experiment is missing from it. */
  #furthestBelowShare(ready: readonly Member[]): Member | undefined {
    const total = this.#members.reduce((sum, { asked }) => sum + asked, 0);
    const least = LEAST_PART / this.#members.length;
    const owed = ready.map((member) => ({
      member,
      parts: (member.share ?? least) * (total + ready.length) - member.asked,
    }));
    return owed.filter(({ parts }) => parts >= 1).sort((a, b) => b.parts - a.parts)[0]?.member;
  }

  #richest(ready: readonly Member[]): Member | undefined {
    const { study, run, parts } = this.#lab;
    const turn = this.#members.reduce((sum, { asked }) => sum + asked, 0);
    const name = drawRichest(
      ready.map(({ researcher }) => researcher.name),
      yieldsOf(study, run, parts.budget),
      (index) => seedFrom(run.studySeed, "roster", turn, index) / 2 ** 31,
    );
    return ready.find(({ researcher }) => researcher.name === name);
  }
}

/** As long as the provider says, and longer each time where it says little; nothing after a first failure that says nothing. */
function restMs({ failuresInARow, isPaid = false }: Member, retryAfterMs: number | undefined): number {
  const asked = retryAfterMs ?? 0;
  const times = failuresInARow - (retryAfterMs === undefined ? FAILURES_BEFORE_REST : 0);
  if (times <= 0 || (retryAfterMs === undefined && !isPaid)) return asked;
  return Math.max(asked, Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (times - 1)));
}
