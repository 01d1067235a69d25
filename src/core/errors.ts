/** Errors by what the caller does next. What a candidate or a model does is data, never an error. */

/**
 * Something the user can fix. Printed without a stack; exit code 2.
 * `next` is the command or edit to make next; `place` names where (file:line, key, path).
 */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
  readonly next: string;
  readonly place: string | undefined;

  constructor(message: string, options: { next: string; place?: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.next = options.next;
    this.place = options.place;
  }
}

/** The budget of the run is spent: nothing may be started. Exit code 3. */
export class BudgetSpentError extends UsageError {
  override readonly name = "BudgetSpentError";
}

/**
 * The ground under the lab gave way (disk full, git broken, sandbox cannot start).
 * The caller stops the run in good order; the ledger stays resumable.
 */
export class InfrastructureError extends Error {
  override readonly name = "InfrastructureError";
}
