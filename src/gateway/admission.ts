/** The budget, asked before each call: what is under way is reserved, so calls made at once cannot spend a dollar twice. */

/** What may still be spent; an absent limit is none. */
export interface Left {
  readonly usd?: number;
  readonly tokens?: number;
}

/** The most a call can use. `usd` is absent where the price is not known. */
export interface WorstCase {
  readonly usd?: number;
  readonly tokens: number;
}

export type Admission =
  | { readonly kind: "admitted"; readonly release: () => void }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "left" };

/** Where a call stands against the limits. `wait`: only what calls under way have reserved stands in its way. */
type Standing = "go" | "wait" | { readonly refused: string };

interface Reserved {
  readonly calls: number;
  readonly usd: number;
  readonly tokens: number;
}

/**
 * The policy. A call goes where its worst case fits beside what is reserved; one that fits beside nothing goes alone, as long
 * as anything is left, so the last cent can be spent and the overrun is one call at most.
 */
export function standing(worst: WorstCase, left: Left, reserved: Reserved): Standing {
  // Also where what is left is no number.
  if (left.usd !== undefined && !(left.usd > 0)) return { refused: "the dollars of this study are spent" };
  if (left.tokens !== undefined && !(left.tokens > 0))
    return { refused: "the tokens of this study are spent" };
  if (left.usd !== undefined && worst.usd === undefined && left.tokens === undefined) {
    return { refused: "its price is not known, and a budget in dollars cannot hold it" };
  }
  const fitsUsd = left.usd === undefined || worst.usd === undefined || left.usd - reserved.usd >= worst.usd;
  const fitsTokens = left.tokens === undefined || left.tokens - reserved.tokens >= worst.tokens;
  return (fitsUsd && fitsTokens) || reserved.calls === 0 ? "go" : "wait";
}

interface Waiter {
  readonly worst: WorstCase;
  readonly decide: (admission: Admission) => void;
}

/** Admits calls in the order they came, so that a large one is not passed for ever by small ones. */
export class Gate {
  readonly #left: () => Left;
  #reserved: Reserved = { calls: 0, usd: 0, tokens: 0 };
  #waiting: Waiter[] = [];

  constructor(left: () => Left) {
    this.#left = left;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when the call may go, must not, or its client has left. `release` once what it used is in `left()`. */
  admit(worst: WorstCase, signal: AbortSignal): Promise<Admission> {
    if (signal.aborted) return Promise.resolve({ kind: "left" });
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        resolve({ kind: "left" });
        this.#serve();
      };
      const decide = (admission: Admission): void => {
        signal.removeEventListener("abort", leave);
        resolve(admission);
      };
      const waiter = { worst, decide };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const stands = this.#standing(next.worst);
      if (stands === "wait") return;
      this.#waiting.shift();
      if (stands === "go") next.decide({ kind: "admitted", release: this.#reserve(next.worst) });
      else next.decide({ kind: "refused", reason: stands.refused });
    }
  }

  #standing(worst: WorstCase): Standing {
    try {
      return standing(worst, this.#left(), this.#reserved);
    } catch (error) {
      return { refused: `what is left of the budget cannot be told: ${(error as Error).message}` };
    }
  }

  #reserve({ usd = 0, tokens }: WorstCase): () => void {
    this.#add(1, usd, tokens);
    let isReserved = true;
    return () => {
      if (!isReserved) return;
      isReserved = false;
      this.#add(-1, -usd, -tokens);
      this.#serve();
    };
  }

  #add(calls: number, usd: number, tokens: number): void {
    const { calls: before } = this.#reserved;
    // Sums of fractions drift: with nothing under way, nothing is reserved.
    if (before + calls === 0) this.#reserved = { calls: 0, usd: 0, tokens: 0 };
    else {
      const { usd: oldUsd, tokens: oldTokens } = this.#reserved;
      this.#reserved = { calls: before + calls, usd: oldUsd + usd, tokens: oldTokens + tokens };
    }
  }
}
