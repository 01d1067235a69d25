/** What a user's mistake is answered with, as text and as JSON. */

import { join } from "node:path";
import { expect } from "vitest";
import type { Surroundings } from "./command-line.ts";
import { makeRepository, programText } from "./repositories.ts";

interface Mistake {
  readonly error: RegExp;
  readonly next: RegExp;
  readonly at?: RegExp;
}

export function mistakesIn(place: Surroundings) {
  return {
    /** A repository with a program.md that measures by `measure`. */
    repositoryWith(name: string, measure: string): Promise<string> {
      const metric = { name: "loss", goal: "minimize" };
      const program = { metric, measure, edit: ["code.txt"], sandbox: "process" };
      const files = { "code.txt": "x\n", "program.md": programText(program) };
      return makeRepository(join(place.folder, name), files);
    },

    /** Exit code 2, a sentence, a place where there is one, the next thing to type. */
    async expectMistake(cwd: string, args: readonly string[], said: Mistake): Promise<void> {
      const { code, stderr } = await place.nightlab(cwd, ...args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: /);
      expect(stderr).toMatch(said.error);
      expect(/^next: (.+)$/m.exec(stderr)?.[1]).toMatch(said.next);
      if (said.at !== undefined) expect(/^ {2}at: (.+)$/m.exec(stderr)?.[1]).toMatch(said.at);
    },

    /** The same as one JSON object, the last line of stdout. */
    async expectJsonMistake(cwd: string, args: readonly string[], said: Mistake): Promise<void> {
      const { code, stdout } = await place.nightlab(cwd, ...args, "--json");
      expect(code).toBe(2);
      const { error, exitCode } = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
      expect(exitCode).toBe(2);
      expect(error.message).toMatch(said.error);
      expect(error.next).toMatch(said.next);
      if (said.at !== undefined) expect(error.place).toMatch(said.at);
    },
  };
}
