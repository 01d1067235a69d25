/** Carries out what a model proposed, in its workspace: all edits or none. What does not fit is told to it, twice at most. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Idea } from "../../core/experiment.ts";
import type { Program } from "../../core/program.ts";
import { scopeOf } from "../../core/scope.ts";
import { shortLine } from "../../text/untrusted.ts";
import { replaceOnce } from "./match.ts";
import { innerPath, MAX_FILE_BYTES, readText, writeText } from "./paths.ts";
import type { Edit, SpokenProposal } from "./proposal.ts";

const MAX_REPAIRS = 2;

interface Made {
  readonly texts: ReadonlyMap<string, string>;
  /** As they were; undefined for new files. */
  readonly before: ReadonlyMap<string, string | undefined>;
}

export class Draft {
  readonly #root: string;
  readonly #program: Program;
  readonly #isHidden: (path: string) => boolean;
  #turn: Promise<unknown> = Promise.resolve();
  #repairs = 0;
  #toldScope = false;
  #idea: Idea | undefined;
  #lastProblem = "";

  constructor(about: { root: string; program: Program; isHidden: (path: string) => boolean }) {
    this.#root = about.root;
    this.#program = about.program;
    this.#isHidden = about.isHidden;
  }

  /** The idea once its edits are in the workspace. */
  get idea(): Idea | undefined {
    return this.#idea;
  }

  /** Why no more attempts are taken, or undefined. */
  get givenUp(): string | undefined {
    return this.#repairs > MAX_REPAIRS ? this.#lastProblem : undefined;
  }

  /** What to tell the model. One at a time: a model may call a tool twice at once. */
  attempt(proposal: SpokenProposal): Promise<string> {
    const said = this.#turn.then(() => this.#attempt(proposal));
    this.#turn = said.catch(() => undefined);
    return said;
  }

  /** An answer in which no change could be found; gives what to tell the model. */
  miss(problem: string): string {
    this.#repairs += 1;
    this.#lastProblem = problem;
    return this.givenUp === undefined ? problem : "This experiment is over.";
  }

  async #attempt({ edits, title, why, forecast }: SpokenProposal): Promise<string> {
    if (this.#idea !== undefined) return "A change is proposed already: one experiment, one idea.";
    const made = await this.#texts(edits);
    const problems = [...made.problems, ...this.#outOfScope(made.texts)];
    if (problems.length > 0)
      return this.miss(`Nothing was changed.\n${problems.join("\n")}\nPropose it again, with all its edits.`);
    const blocked = await this.#write(made);
    if (blocked !== undefined)
      return this.miss(`${blocked} cannot be written: a link or a folder stands there.`);
    this.#idea = { title, why, ...(forecast === undefined ? {} : { forecast }) };
    return "The change is proposed and will be measured. You are done.";
  }

  /** All of them; where one cannot be written, those before it are as they were, and its path is given. */
  async #write({ texts, before }: Made): Promise<string | undefined> {
    const done: string[] = [];
    for (const [path, text] of texts) {
      if (await writeText(this.#root, path, text)) {
        done.push(path);
        continue;
      }
      for (const other of done) {
        const was = before.get(other);
        await (was === undefined ? rm(join(this.#root, other)) : writeText(this.#root, other, was));
      }
      return path;
    }
    return undefined;
  }

  /** New texts of files, each edit on top of the ones before. */
  async #texts(edits: readonly Edit[]): Promise<Made & { problems: string[] }> {
    const [before, texts] = [new Map<string, string | undefined>(), new Map<string, string>()];
    const problems: string[] = [];
    for (const [index, edit] of edits.entries()) {
      const name = `Edit ${index + 1} (${shortLine(edit.path, 200)})`;
      const path = innerPath(edit.path);
      if (path === undefined || this.#isHidden(path)) {
        problems.push(`${name}: not a path inside the working directory.`);
        continue;
      }
      if (!before.has(path)) {
        const read = await readText(this.#root, path);
        if (read.kind === "refused") {
          problems.push(`${name}: a link, no plain file, or no text.`);
          continue;
        }
        before.set(path, read.kind === "text" ? read.text : undefined);
      }
      const made = editedText(texts.get(path) ?? before.get(path), edit);
      if ("problem" in made) problems.push(`${name}: ${made.problem}`);
      else texts.set(path, made.text);
    }
    if (problems.length === 0 && [...texts].every(([path, text]) => before.get(path) === text))
      problems.push("The edits leave every file as it is.");
    return { texts, before, problems };
  }

  /** Told once: whether a change is in scope is for the lab to judge, and one that insists has its answer there. */
  #outOfScope(texts: ReadonlyMap<string, string>): string[] {
    if (this.#toldScope) return [];
    const problemOf = scopeOf(this.#program);
    const problems = [...texts.keys()].flatMap((path) => problemOf(path) ?? []);
    this.#toldScope = problems.length > 0;
    return problems.map((problem) => `Out of scope: ${problem}.`);
  }
}

function editedText(text: string | undefined, { search, replace, content }: Edit) {
  if (search !== undefined && search.trim() !== "") {
    if (text === undefined) return { problem: "there is no such file; use `content` to write a new one" };
    return within(replaceOnce(text, search, replace ?? ""));
  }
  const whole = content ?? replace;
  return whole === undefined
    ? { problem: "it has neither `search` and `replace` nor `content`" }
    : within({ text: whole });
}

function within(made: ReturnType<typeof replaceOnce>): ReturnType<typeof replaceOnce> {
  const isTooLarge = "text" in made && Buffer.byteLength(made.text) > MAX_FILE_BYTES;
  return isTooLarge ? { problem: `the file would be larger than ${MAX_FILE_BYTES} bytes` } : made;
}
