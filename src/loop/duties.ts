/** Work that is no experiment: theorists fill the queue, reviewers look for confounds, librarians keep the notebook. */

import { NO_EXPERIMENT } from "../core/experiment.ts";
import type { Answer, Researcher } from "../core/researcher.ts";
import type { ExperimentRecord } from "../core/study.ts";
import { fenced } from "../text/fence.ts";
import { DIFF_CHARACTERS } from "../text/untrusted.ts";
import { ask, briefFor } from "./ask.ts";
import { modelLimit } from "./budget.ts";
import type { Lab, Staff } from "./lab.ts";
import { recordReported } from "./propose.ts";
import {
  ideasIn,
  ideasQuestion,
  notebookIn,
  notebookQuestion,
  reviewIn,
  reviewQuestion,
} from "./questions.ts";
import { openQueue } from "./queue.ts";

export type Duty = "ideas" | "review" | "notebook";

const DUTIES: Readonly<Record<string, Duty>> = {
  theorist: "ideas",
  reviewer: "review",
  librarian: "notebook",
};
/** After an answer that was none. */
const REST_MS = 5 * 60_000;
/** So many closed experiments are worth a new look at the notebook. */
const CLOSED_PER_NOTE = 8;

/** What a member of staff does instead of proposing; undefined for all others. A theorist without anyone to write proposes. */
export function dutyOf(member: Staff, staff: readonly Staff[]): Duty | undefined {
  const duty = plainDutyOf(member);
  const isWriter = (one: Staff) => one.researcher.readsDiffs === true && plainDutyOf(one) === undefined;
  return duty === "ideas" && !staff.some(isWriter) ? undefined : duty;
}

function plainDutyOf({ researcher: { role, answer } }: Staff): Duty | undefined {
  return answer === undefined ? undefined : DUTIES[role?.toLowerCase() ?? ""];
}

/** The duties of a lab's staff; the same object for the same lab. */
export function dutiesOf(lab: Lab): Duties {
  const known = all.get(lab) ?? new Duties(lab);
  all.set(lab, known);
  return known;
}
const all = new WeakMap<Lab, Duties>();

export class Duties {
  readonly #lab: Lab;
  readonly #restsUntilMs = new Map<Researcher, number>();
  /** In the background, one at a time each: no experiment waits for them. */
  readonly #running = new Map<Duty, Promise<void>>();
  #notedAt: number;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#notedAt = lab.study.runs.length === 0 ? 0 : lab.run.closed.length;
  }

  /** Starts what is due and not under way. */
  begin(signal: AbortSignal): void {
    const { parts, run } = this.#lab;
    const isWanting = () => openQueue(this.#lab).length < Math.max(2, parts.program.parallel);
    if (this.#ready("ideas") !== undefined && isWanting())
      this.#start("ideas", (theorist) => this.#addIdeas(theorist, signal));
    if (run.closed.length >= this.#notedAt + CLOSED_PER_NOTE)
      this.#start("notebook", (librarian) => this.#note(librarian, signal));
  }

  /** Waits for what is under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  /** Lets a reviewer read a proposal once, before it is measured; why it is refused, or undefined. No reviewer refuses nothing. */
  async review(record: ExperimentRecord, signal: AbortSignal): Promise<string | undefined> {
    const { id, idea, commit, head } = record;
    const said = record.reviews.find(({ isRefusal }) => isRefusal)?.objection;
    if (said !== undefined) return said;
    const reviewer = this.#ready("review");
    const isMine = this.#lab.parts.staff.some(
      ({ researcher }) => researcher.name === record.researcher && researcher.readsDiffs,
    );
    const isDone = record.reviews.length > 0 || record.measured.length > 0;
    if (reviewer === undefined || !isMine || isDone || idea === undefined || commit === undefined)
      return undefined;
    this.#lab.parts.onStage?.(id, "under review");
    const diff = fenced(await this.#lab.parts.workspaces.diff(head, commit), DIFF_CHARACTERS);
    const review = await this.#question(reviewer, reviewQuestion(idea, diff), reviewIn, signal);
    if (review === undefined) return undefined;
    await this.#lab.record({ kind: "reviewed", experiment: id, by: reviewer.name, ...review });
    return review.isRefusal ? review.objection : undefined;
  }

  async #addIdeas(theorist: Researcher, signal: AbortSignal): Promise<void> {
    const ideas = await this.#question(theorist, ideasQuestion(), ideasIn, signal);
    if (ideas === undefined) return;
    const known = new Set(this.#lab.run.queue.map(({ idea }) => idea.title));
    const fresh = ideas.filter(({ title }) => !known.has(title));
    if (fresh.length === 0) return this.#rest(theorist, REST_MS);
    await this.#lab.record({ kind: "ideas_added", run: this.#lab.tag, by: theorist.name, ideas: fresh });
  }

  async #note(librarian: Researcher, signal: AbortSignal): Promise<void> {
    this.#notedAt = this.#lab.run.closed.length;
    const text = await this.#question(librarian, notebookQuestion(), notebookIn, signal);
    if (text === undefined) return;
    await this.#lab.record({ kind: "noted", run: this.#lab.tag, by: librarian.name, text });
  }

  #start(duty: Duty, work: (researcher: Researcher) => Promise<void>): void {
    const researcher = this.#ready(duty);
    if (researcher === undefined || this.#running.has(duty)) return;
    const running = work(researcher)
      // A stop is told by the signal; a ledger that cannot be written ends the run at its next line.
      .catch(() => undefined)
      .finally(() => this.#running.delete(duty));
    this.#running.set(duty, running);
  }

  #ready(duty: Duty): Researcher | undefined {
    const { parts, run } = this.#lab;
    const isUnpaid = modelLimit(parts.budget, run) !== undefined;
    return parts.staff.find(
      (member) =>
        dutyOf(member, parts.staff) === duty &&
        !(isUnpaid && member.isPaid) &&
        (this.#restsUntilMs.get(member.researcher) ?? 0) <= parts.clock.now(),
    )?.researcher;
  }

  #rest(researcher: Researcher, ms: number): void {
    this.#restsUntilMs.set(researcher, this.#lab.parts.clock.now() + ms);
  }

  /** The answer as `read` finds it; undefined, and a rest, for one that is none. */
  async #question<Value>(
    researcher: Researcher,
    question: string,
    read: (text: string) => Value | undefined,
    signal: AbortSignal,
  ): Promise<Value | undefined> {
    const lab = this.#lab;
    const workspace = await lab.parts.workspaces.open(lab.run.head);
    try {
      const brief = await briefFor(lab, NO_EXPERIMENT, researcher);
      const answer = await ask(lab, researcher.name, signal, async (within) => {
        const given = await researcher.answer?.(brief, question, workspace.path, within);
        return given ?? { kind: "gave_up", reason: "it answers no questions" };
      });
      await recordReported(lab, { id: NO_EXPERIMENT, by: researcher.name }, answer);
      const value = answer.kind === "text" ? read(answer.text) : undefined;
      if (value === undefined) this.#rest(researcher, answer.kind === "text" ? REST_MS : restOf(answer));
      return value;
    } finally {
      await workspace.close();
    }
  }
}

function restOf(answer: Answer): number {
  if (answer.kind === "text") return REST_MS;
  return answer.exhausted ? Number.POSITIVE_INFINITY : Math.max(REST_MS, answer.retryAfterMs ?? 0);
}
