// The compute budget, counted in multiply-adds: the same on every machine, however busy it is.
// Read from the command line (`--compute demo`), so that the file being researched does not own it.

/** Multiply-adds a training run may spend: about 0.5 s and 4 s of one core; `tiny` is for tests. */
const COMPUTE = { tiny: 1e8, demo: 2.5e9, full: 3e10 } as const;

/** The kernels stop a run only this far past the limit: room for a last step that came out larger, and samples. */
const GRACE = 1.05;

/** Training went on after the budget was spent. */
export class BudgetSpent extends Error {
  override name = "BudgetSpent";
}

export class Budget {
  readonly limit: number;
  #spent = 0;
  #tokens = 0;
  #countedMs = 0;
  #largestStep = 0;
  #stepStart = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Pays for work about to be done. Throws BudgetSpent, before the spend, when there is nothing left for it. */
  charge(macs: number): void {
    if (this.#spent + macs > this.limit * GRACE) {
      throw new BudgetSpent(`the compute budget of ${this.limit} multiply-adds is spent`);
    }
    this.#spent += macs;
  }

  /** Multiply-adds so far. */
  get spent(): number {
    return this.#spent;
  }

  /** Notes characters trained on, for the summary. */
  countTokens(count: number): void {
    this.#tokens += count;
  }

  left(): number {
    return Math.max(0, this.limit - this.#spent);
  }

  /** Fraction spent, 0 to 1: what a schedule should follow. */
  progress(): number {
    return Math.min(1, this.#spent / this.limit);
  }

  /** True while another step like the largest one so far fits. Call it once per step. */
  nextStep(): boolean {
    this.#largestStep = Math.max(this.#largestStep, this.#spent - this.#stepStart);
    this.#stepStart = this.#spent;
    return this.left() > this.#largestStep;
  }

  /** Runs counted work, so that `outside_seconds` can say how much time went elsewhere. */
  timed<T>(work: () => T): T {
    const start = performance.now();
    try {
      return work();
    } finally {
      this.#countedMs += performance.now() - start;
    }
  }

  /** The lines a run ends with. outside_seconds: time since the process began that no count covers. */
  summary(): string {
    const totalMs = performance.now();
    return [
      `macs: ${this.#spent}`,
      `tokens: ${this.#tokens}`,
      `tokens_per_second: ${Math.round((1000 * this.#tokens) / totalMs)}`,
      `seconds: ${(totalMs / 1000).toFixed(3)}`,
      `outside_seconds: ${((totalMs - this.#countedMs) / 1000).toFixed(3)}`,
    ].join("\n");
  }
}

function isCompute(name: string): name is keyof typeof COMPUTE {
  return Object.hasOwn(COMPUTE, name);
}

/** The limit named by `--compute <name>` among these arguments. */
export function limitFrom(args: readonly string[]): number {
  const at = args.indexOf("--compute");
  const name = at < 0 ? "full" : (args[at + 1] ?? "");
  if (!isCompute(name)) throw new Error(`--compute ${name}: use one of ${Object.keys(COMPUTE).join(", ")}`);
  return COMPUTE[name];
}

/** The one budget that every model of this process pays from. */
export const budget = new Budget(limitFrom(process.argv));
