/** Whose turn it is to propose: shares, rests and researchers that have nothing more to say. */

import type { Status } from "../core/experiment.ts";
import type { Proposal, Researcher } from "../core/researcher.ts";
import { modelLimit } from "./budget.ts";
import type { Lab, Staff } from "./lab.ts";

/** A researcher that gave nothing to measure this often in a row is not asked again in this session. */
const MAX_FRUITLESS_IN_A_ROW = 10;
const FRUITLESS: readonly (Status | undefined)[] = ["gave_up", "no_change", "duplicate", "out_of_scope"];

interface Member extends Staff {
  asked: number;
  fruitlessInARow: number;
  restsUntilMs: number;
  isDone: boolean;
}

export class Roster {
  readonly #lab: Lab;
  readonly #members: Member[];

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#members = lab.parts.staff.map((staff) => ({
      ...staff,
      asked: lab.experiments.filter(({ researcher }) => researcher === staff.researcher.name).length,
      fruitlessInARow: 0,
      restsUntilMs: 0,
      isDone: staff.share <= 0,
    }));
  }

  /** The researcher furthest below its share, or undefined while all rest or are done. */
  next(): Researcher | undefined {
    const now = this.#lab.parts.clock.now();
    const ready = this.#employed().filter(({ restsUntilMs }) => restsUntilMs <= now);
    const chosen = ready.sort((a, b) => a.asked / a.share - b.asked / b.share)[0];
    if (chosen === undefined) return undefined;
    chosen.asked += 1;
    return chosen.researcher;
  }

  /** What a researcher proposed, and how the experiment ended. */
  heard(researcher: Researcher, proposal: Proposal, status: Status | undefined): void {
    const member = this.#members.find((one) => one.researcher === researcher);
    if (member === undefined) return;
    member.fruitlessInARow = FRUITLESS.includes(status) ? member.fruitlessInARow + 1 : 0;
    if (proposal.kind === "gave_up" && proposal.retryAfterMs !== undefined) {
      member.restsUntilMs = this.#lab.parts.clock.now() + proposal.retryAfterMs;
      member.fruitlessInARow = 0;
    } else if (proposal.kind === "gave_up" && proposal.exhausted) member.isDone = true;
    if (member.fruitlessInARow >= MAX_FRUITLESS_IN_A_ROW) member.isDone = true;
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
}
