/** Exit codes of the command line, in one place. */
export const EXIT_CODES = { ok: 0, bug: 1, usage: 2, budgetSpent: 3, paused: 4 } as const;
