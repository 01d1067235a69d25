/** What is wrong with a program.md, as data: where, why, and what to write instead. Knows no parser. */

import { UsageError } from "../core/errors.ts";

export interface Problem {
  /** The file, as the caller named it. */
  readonly path: string;
  /** 1-based; `column` too. */
  readonly line: number;
  readonly column?: number;
  /** An error leaves no program; a warning leaves one with that part ignored. */
  readonly severity: "error" | "warning";
  /** One sentence: what is written and why it cannot be used. */
  readonly cause: string;
  /** One sentence: what to write. */
  readonly fix: string;
}

/** A finding before it has a file: what the readers of one part return. */
export interface Finding {
  readonly line: number;
  readonly column?: number;
  readonly severity?: "error" | "warning";
  readonly cause: string;
  readonly fix: string;
}

export function problemsOf(findings: readonly Finding[], path: string): Problem[] {
  return findings
    .map((finding) => ({ path, severity: "error" as const, ...finding }))
    .sort((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0));
}

/** `program.md:4: cause` with the fix on the next line. */
export function describeProblem(problem: Problem): string {
  const mark = problem.severity === "warning" ? "warning: " : "";
  return `${problem.path}:${problem.line}: ${mark}${problem.cause}\n    ${problem.fix}`;
}

/** All errors in one UsageError, placed at the first; `undefined` when there are only warnings. */
export function usageErrorOf(problems: readonly Problem[]): UsageError | undefined {
  const errors = problems.filter((problem) => problem.severity === "error");
  const first = errors[0];
  if (!first) return undefined;
  const head = errors.length === 1 ? "program.md has an error" : `program.md has ${errors.length} errors`;
  return new UsageError(`${head}:\n${errors.map(describeProblem).join("\n")}`, {
    place: `${first.path}:${first.line}`,
    next: errors.length === 1 ? first.fix : `Start with line ${first.line}: ${first.fix}`,
  });
}
