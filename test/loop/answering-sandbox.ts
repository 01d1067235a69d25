/** A sandbox that starts nothing: a function answers each command. For tests of the loop. */

import type { Resources } from "../../src/core/metric.ts";
import type { Ending, Exit, Sandbox, SandboxCommand } from "../../src/core/sandbox.ts";

export interface Answer {
  readonly stdout?: string;
  readonly ending?: Ending;
  readonly resources?: Resources;
}

/** `answer` gets the command as it is; its folder exists while it is asked. Commands under way are counted. */
export class ScriptedSandbox implements Sandbox {
  readonly name = "scripted";
  readonly containment = { covered: [], notCovered: ["everything: nothing is run"] };
  readonly #answer: (command: SandboxCommand) => Answer | Promise<Answer>;
  #running = 0;
  /** The most commands that were ever under way at once. */
  mostAtOnce = 0;

  constructor(answer: (command: SandboxCommand) => Answer | Promise<Answer>) {
    this.#answer = answer;
  }

  async exec(command: SandboxCommand): Promise<Exit> {
    this.#running += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#running);
    try {
      const { stdout = "", ending = { kind: "exited", code: 0 }, resources } = await this.#answer(command);
      for (const line of stdout.split("\n")) command.onLine?.(line);
      return {
        ending,
        resources: resources ?? { wallSeconds: 1 },
        outputTail: stdout,
        stdoutTail: stdout,
        isOutputCut: false,
      };
    } finally {
      this.#running -= 1;
    }
  }
}
