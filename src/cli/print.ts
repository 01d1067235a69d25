/** How results and errors reach the user: text for people, one JSON value for programs. */

import { BudgetSpentError, InfrastructureError, UsageError } from "../core/errors.ts";
import { nextCommands } from "../view/report-words.ts";
import type { StudyView } from "../view/study-view.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { groundOf } from "./ground.ts";

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** The most useful thing to type now, as the last line of what a command says about a study. */
export function nextLines(view: Pick<StudyView, "run">): string[] {
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
  return said(error) === undefined ? EXIT_CODES.bug : EXIT_CODES.usage;
}

interface Said {
  readonly message: string;
  readonly place?: string;
  readonly next: string;
}

/** What the user can fix: a mistake, or the ground under the lab. Undefined for a bug. */
function said(error: unknown): Said | undefined {
  if (error instanceof UsageError) {
    const { message, place, next } = error;
    return { message, ...(place === undefined ? {} : { place }), next };
  }
  const ground = groundOf(error);
  const isGround = ground !== undefined || error instanceof InfrastructureError;
  if (!isGround || !(error instanceof Error)) return undefined;
  const message = ground === undefined ? error.message : `${ground.what}: ${error.message}`;
  return { message, next: ground?.next ?? "nightlab doctor, then: nightlab resume" };
}

function facts(error: unknown): Said | { readonly message: string } {
  return said(error) ?? { message: error instanceof Error ? error.message : String(error) };
}

function sentence(error: unknown): string {
  const known = said(error);
  if (known === undefined)
    return error instanceof Error ? `nightlab failed: ${error.stack}` : `nightlab failed: ${String(error)}`;
  const place = known.place === undefined ? [] : [`  at: ${known.place}`];
  return [`error: ${known.message}`, ...place, `next: ${known.next}`].join("\n");
}
