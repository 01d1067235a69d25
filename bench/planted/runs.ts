/** Runs of code in a world: its worth blurred by noise that the seed and the code decide, bent by its tricks. */

import { seededRandom } from "../../src/researcher/tuner/random.ts";
import type { Code, Trick, World } from "./worlds.ts";

/** How much better a trick makes a run look. */
const TRICK_GAIN = 8;

interface Run {
  readonly code: Code;
  /** Tells codes apart. */
  readonly name: string;
  readonly seed: number;
  readonly isHeldOut?: boolean;
}

export class Runs {
  readonly #world: World;
  readonly #play: string;
  #count = 0;
  /** When a seed was first used, and when a cheat was first run: it knows what was there before it. */
  readonly #seedMet = new Map<number, number>();
  readonly #cheatMet = new Map<number, number>();

  constructor(world: World, play: string) {
    this.#world = world;
    this.#play = play;
  }

  get count(): number {
    return this.#count;
  }

  /** The number that a run of `code` prints, undefined if it prints none. */
  value({ code, name, seed, isHeldOut = false }: Run): number | undefined {
    // The run was counted when the code ran; its artifact is scored on other data now.
    if (!isHeldOut) this.#count += 1;
    const seedMet = firstMet(this.#seedMet, seed, this.#count);
    const noise = this.#noise(seed, name);
    const has = (trick: Trick) => code.tricks.some((cheat) => cheat.trick === trick);
    if (has("infinite")) return Number.POSITIVE_INFINITY;
    if (has("survivor") && noise < 0) return undefined;
    const isTricked =
      has("evaluator") ||
      (has("memory") && !isHeldOut) ||
      code.tricks
        .filter(({ trick }) => trick === "seeds")
        .some(({ id }) => firstMet(this.#cheatMet, id, this.#count) > seedMet);
    const { shift } = this.#world;
    const moved = shift !== undefined && this.#count > shift.fromRun ? shift.by : 0;
    return this.#world.worth(code) + noise + (isTricked ? TRICK_GAIN : 0) + moved;
  }

  #noise(seed: number, name: string): number {
    const { pairing } = this.#world;
    const own = this.#draw(`${seed} ${name}`);
    if (pairing === 0) return own;
    return Math.sqrt(pairing) * this.#draw(String(seed)) + Math.sqrt(1 - pairing) * own;
  }

  #draw(text: string): number {
    return this.#world.noise(seededRandom(`${this.#play} ${text}`));
  }
}

function firstMet<Key>(met: Map<Key, number>, key: Key, now: number): number {
  const first = met.get(key) ?? now;
  met.set(key, first);
  return first;
}
