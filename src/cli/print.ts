/** How results and errors reach the user: text for people, one JSON value for programs. */

import { BudgetSpentError, EXIT_CODES, InfrastructureError, UsageError } from "../core/errors.ts";
import { nextCommands } from "../view/report-words.ts";
import type { StudyView } from "../view/study-view.ts";

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** The most useful thing to type now, as the last line of what a command says about a study. */
export function nextLines(view: StudyView): string[] {
  const [next] = nextCommands(view);
  return next === undefined ? [] : [`next: ${next.command} (${next.why})`];
}

export function printLines(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Prints an error on stderr with the next thing to type; gives the exit code. A bug keeps its stack. */
export function printError(error: unknown, { json }: { json: boolean }): number {
  const code = exitCodeOf(error);
  if (json) {
    process.stdout.write(`${JSON.stringify({ error: facts(error), exitCode: code })}\n`);
  } else {
    process.stderr.write(`${sentence(error)}\n`);
  }
  return code;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof BudgetSpentError) return EXIT_CODES.budgetSpent;
  return error instanceof UsageError ? EXIT_CODES.usage : EXIT_CODES.bug;
}

function facts(error: unknown): Record<string, string> {
  if (error instanceof UsageError) {
    return {
      message: error.message,
      ...(error.place === undefined ? {} : { place: error.place }),
      next: error.next,
    };
  }
  return { message: error instanceof Error ? error.message : String(error) };
}

function sentence(error: unknown): string {
  if (error instanceof UsageError) {
    const place = error.place === undefined ? [] : [`  at: ${error.place}`];
    return [`error: ${error.message}`, ...place, `next: ${error.next}`].join("\n");
  }
  if (error instanceof InfrastructureError)
    return `error: ${error.message}\nnext: nightlab doctor, then: nightlab resume`;
  return error instanceof Error ? `nightlab failed: ${error.stack}` : `nightlab failed: ${String(error)}`;
}
