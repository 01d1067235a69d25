/** A git process that stays and answers one question after the other. Knows nothing of what is asked. */

import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Socket } from "node:net";
import { GitError, startGit } from "./git.ts";

interface Question {
  readonly text: string;
  /** Bytes of a whole answer once that can be told; more than `answer` holds when some are still to come. */
  readonly lengthOf: (answer: Buffer) => number | undefined;
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

const STDERR_TAIL_CHARS = 2000;

/**
 * Started by the first question, and anew by the first one after it has ended. It holds the process of nightlab open
 * only while a question is unanswered, and ends with it.
 */
export class GitSession {
  readonly #args: readonly string[];
  readonly #place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> };
  readonly #questions: Question[] = [];
  #isClosed = false;
  #starting: Promise<void> | undefined;
  #child: ChildProcessWithoutNullStreams | undefined;
  #chunks: Buffer[] = [];
  #neededBytes = 0;

  constructor(args: readonly string[], place: { cwd: string; env: Readonly<Record<string, string>> }) {
    this.#args = args;
    this.#place = place;
  }

  /** The bytes git answers. Rejects with a GitError when git ends instead, or with why it cannot start; the next question starts it again. */
  ask(question: string, lengthOf: Question["lengthOf"]): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#questions.push({ text: question, lengthOf, resolve, reject });
      this.#isClosed = false;
      const child = this.#child;
      if (child === undefined) {
        this.#starting ??= this.#start().catch((error) => this.#fail(error));
        return;
      }
      if (this.#questions.length === 1) hold(child, true);
      child.stdin.write(question);
    });
  }

  close(): void {
    this.#isClosed = true;
    const child = this.#child;
    this.#forget(child);
    child?.stdin.end();
    child?.kill();
  }

  /** Whoever asks meanwhile waits with the others. */
  async #start(): Promise<void> {
    const child = await startGit(this.#args, this.#place);
    this.#starting = undefined;
    this.#child = child;
    this.#listen(child);
    if (this.#isClosed) this.close();
    else for (const { text } of this.#questions) child.stdin.write(text);
  }

  #listen(child: ChildProcessWithoutNullStreams): void {
    let stderr = "";
    child.stdin.on("error", () => undefined); // its end tells the story, not EPIPE
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-STDERR_TAIL_CHARS);
    });
    child.stdout.on("data", (chunk: Buffer) => {
      if (this.#child === child) this.#take(chunk);
    });
    const end = (error: Error) => {
      if (this.#child === child) this.#fail(error);
    };
    child.once("error", (cause) => end(new GitError(this.#args, { stderr: cause.message, cause })));
    child.once("close", () => end(new GitError(this.#args, { stderr: stderr || "ended" })));
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    for (;;) {
      const question = this.#questions[0];
      const bytes = this.#chunks.reduce((sum, { length }) => sum + length, 0);
      if (question === undefined || bytes < this.#neededBytes) return;
      const answer = this.#chunks.length === 1 ? (this.#chunks[0] ?? chunk) : Buffer.concat(this.#chunks);
      const length = question.lengthOf(answer);
      this.#chunks = [answer];
      this.#neededBytes = length ?? bytes + 1;
      if (length === undefined || length > bytes) return;
      this.#chunks = length === bytes ? [] : [answer.subarray(length)];
      this.#neededBytes = 0;
      this.#questions.shift();
      if (this.#questions.length === 0 && this.#child !== undefined) hold(this.#child, false);
      question.resolve(answer.subarray(0, length));
    }
  }

  #fail(error: Error): void {
    this.#starting = undefined;
    this.#forget(this.#child);
    for (const { reject } of this.#questions.splice(0)) reject(error);
  }

  #forget(child: ChildProcessWithoutNullStreams | undefined): void {
    if (child !== undefined) hold(child, false);
    this.#child = undefined;
    this.#chunks = [];
    this.#neededBytes = 0;
  }
}

/** Whether the process of nightlab waits for this one before it ends. */
function hold(child: ChildProcessWithoutNullStreams, isHeld: boolean): void {
  for (const each of [child, child.stdin as Socket, child.stdout as Socket, child.stderr as Socket]) {
    if (isHeld) each.ref();
    else each.unref();
  }
}
