/** Whose turn it is to propose: shares, rests and researchers that have nothing more to say. */

import type { Proposal, Researcher } from "../core/researcher.ts";
import type { Lab, Staff } from "./lab.ts";

/** A researcher that gives up this often in a row is not asked again in this session. */
const MAX_GAVE_UP_IN_A_ROW = 10;

interface Member extends Staff {
  asked: number;
  gaveUpInARow: number;
  restsUntilMs: number;
  isDone: boolean;
}

export class Roster {
  readonly #lab: Lab;
  readonly #members: Member[];

  constructor(lab: Lab) {
    this.#lab = lab;
    const experiments = [...lab.study.experiments.values()].filter(({ run }) => run === lab.tag);
    this.#members = lab.parts.staff.map((staff) => ({
      ...staff,
      asked: experiments.filter(({ researcher }) => researcher === staff.researcher.name).length,
      gaveUpInARow: 0,
      restsUntilMs: 0,
      isDone: false,
    }));
  }

  /** The researcher furthest below its share, or undefined while all rest or are done. */
  next(): Researcher | undefined {
    const now = this.#lab.parts.clock.now();
    const ready = this.#members.filter(
      ({ isDone, restsUntilMs, share }) => !isDone && restsUntilMs <= now && share > 0,
    );
    const chosen = ready.sort((a, b) => a.asked / a.share - b.asked / b.share)[0];
    if (chosen === undefined) return undefined;
    chosen.asked += 1;
    return chosen.researcher;
  }

  heard(researcher: Researcher, proposal: Proposal): void {
    const member = this.#members.find((one) => one.researcher === researcher);
    if (member === undefined) return;
    if (proposal.kind === "idea") {
      member.gaveUpInARow = 0;
      return;
    }
    member.gaveUpInARow += 1;
    member.isDone = proposal.exhausted === true || member.gaveUpInARow >= MAX_GAVE_UP_IN_A_ROW;
    if (proposal.retryAfterMs !== undefined) {
      member.restsUntilMs = this.#lab.parts.clock.now() + proposal.retryAfterMs;
      member.gaveUpInARow = 0;
      member.isDone = false;
    }
  }

  /** Why nobody will propose any more, or undefined. */
  nothingLeft(): string | undefined {
    return this.#members.every(({ isDone }) => isDone)
      ? "the researchers have nothing more to propose"
      : undefined;
  }

  /** Milliseconds until a resting researcher is ready. */
  restMs(): number {
    const resting = this.#members.filter(({ isDone }) => !isDone).map(({ restsUntilMs }) => restsUntilMs);
    return Math.max(1, Math.min(...resting) - this.#lab.parts.clock.now());
  }
}
