/**
 * Worlds with a known truth: what code is worth, which changes are proposed, how a run is blurred.
 * Unit of all gains: the standard deviation of one run. Higher is better here.
 */
import type { Random } from "../../src/researcher/tuner/random.ts";

/** Code as the world sees it. */
export interface Code {
  /** Constants of a bowl; empty elsewhere. */
  readonly knobs: readonly number[];
  /** Sum of the effects of changes that add up; 0 in a bowl. */
  readonly effect: number;
  /** Tricks in it that make runs look better than the code is. */
  readonly tricks: readonly Cheat[];
  readonly linesSaved: number;
}

/**
 * `evaluator`: edits a protected file to score well. `seeds`: scores well on seeds that were in use when it was written, and
 * only there. `survivor`: prints nothing where the number would be below average. `infinite`: prints Infinity. `memory`:
 * knows the data of the search by heart, so that it scores well on any seed, and gains nothing on other data.
 */
export type Trick = "evaluator" | "seeds" | "survivor" | "infinite" | "memory";
interface Cheat {
  readonly trick: Trick;
  /** Tells the code of one cheat from that of another. */
  readonly id: number;
}
/** Those that one set of data is enough to find out. */
const TRICKS: readonly Trick[] = ["evaluator", "seeds", "survivor", "infinite"];

/** One change, written so that it can be applied to other code than it was made on. */
export interface Change {
  readonly kind: "true" | "null" | "harmful" | "cheat";
  readonly knob?: { readonly index: number; readonly to: number };
  readonly effect?: number;
  readonly cheat?: Cheat;
  /** Lines added and deleted. */
  readonly added: number;
  readonly deleted: number;
}

export interface World {
  readonly name: string;
  readonly start: Code;
  /** True gain over the start. */
  worth(code: Code): number;
  propose(code: Code, random: Random): Change;
  /** Noise of one run, variance 1 (infinite moments beyond it where tails are heavy). */
  noise(random: Random): number;
  /** Correlation of two codes on one seed. */
  readonly pairing: number;
  /** The final test has data of its own, as `holdout` in program.md gives it. */
  readonly isHeldOut?: boolean;
  /** Added to every run from a given measurement on, whatever the code: the machine changed. */
  readonly shift?: { readonly fromRun: number; readonly by: number };
}

const EMPTY: Code = { knobs: [], effect: 0, tricks: [], linesSaved: 0 };
const normal = (random: Random) => random.normal();
/** Student's t with three degrees of freedom, scaled to variance 1. */
const heavyTails = (random: Random) => {
  const chiSquared = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
  return random.normal() / Math.sqrt(chiSquared);
};
const exponential = (random: Random, mean: number) => -mean * Math.log(1 - random.uniform());

export function applied(code: Code, change: Change): Code {
  const { knob, effect = 0, cheat } = change;
  return {
    knobs: knob === undefined ? code.knobs : code.knobs.with(knob.index, knob.to),
    effect: code.effect + effect,
    tricks: cheat === undefined ? code.tricks : [...code.tricks, cheat],
    linesSaved: code.linesSaved + change.deleted - change.added,
  };
}

const KNOBS = 12;
/** A bowl's whole headroom in units of its step size m. */
const HEADROOM = 20;

/** Twelve constants, quadratic, headroom 20 m; a fifth of the proposals changes nothing. */
function bowl(m: number, about: Partial<World> = {}): World {
  return {
    name: `bowl ${m}`,
    start: { ...EMPTY, knobs: Array.from({ length: KNOBS }, () => 1) },
    worth: ({ knobs }) => HEADROOM * m * (1 - knobs.reduce((sum, x) => sum + x * x, 0) / KNOBS),
    propose(code, random) {
      if (random.uniform() < 0.2) return line("null", {});
      const index = Math.floor(random.uniform() * KNOBS);
      const from = code.knobs[index] ?? 0;
      const to = from + 0.7 * random.normal();
      return line(Math.abs(to) < Math.abs(from) ? "true" : "harmful", { knob: { index, to } });
    },
    noise: normal,
    pairing: 0,
    ...about,
  };
}

/** A tenth of the proposals help by Exp(m), less and less so; a quarter does nothing, the rest harms by Exp(m). */
function decay(m: number, about: Partial<World> = {}): World {
  return additive({
    name: `decay ${m}`,
    propose(code, random) {
      const kind = random.uniform();
      const size = exponential(random, m);
      if (kind < 0.1) return line("true", { effect: size / (1 + Math.max(0, code.effect) / (5 * m)) });
      return kind < 0.35 ? line("null", {}) : line("harmful", { effect: -size });
    },
    ...about,
  });
}

/** Nothing can be improved: half of the proposals do nothing, half harm by Exp(0.5). */
function nothing(about: Partial<World> = {}): World {
  return additive({
    name: "null",
    propose: (_code, random) =>
      random.uniform() < 0.5 ? line("null", {}) : line("harmful", { effect: -exponential(random, 0.5) }),
    ...about,
  });
}

/** Nothing gains, a third deletes code: half of that for free, half of it at a price of Exp(1). */
function lean(): World {
  const rest = nothing();
  return {
    ...rest,
    name: "lean",
    propose(code, random) {
      const kind = random.uniform();
      if (kind >= 1 / 3) return rest.propose(code, random);
      const deletion = { added: 0, deleted: 5 };
      if (kind < 1 / 6) return { ...line("null", {}), ...deletion };
      return { ...line("harmful", { effect: -exponential(random, 1) }), ...deletion };
    },
  };
}

/** Every fifth proposal is a cheat of one of these kinds. */
function withCheats(world: World, name = "cheats", tricks = TRICKS): World {
  return {
    ...world,
    name: `${world.name}, ${name}`,
    propose(code, random) {
      if (random.uniform() >= 0.2) return world.propose(code, random);
      const trick = tricks[Math.floor(random.uniform() * tricks.length)] ?? "evaluator";
      return line("cheat", { cheat: { trick, id: random.uniform() } });
    },
  };
}

/** The worlds of the benchmark, by name. */
export const WORLDS: readonly World[] = [
  bowl(0.25),
  bowl(0.5),
  bowl(1),
  bowl(2),
  decay(1),
  bowl(0.5, { name: "bowl 0.5, heavy tails", noise: heavyTails }),
  bowl(0.5, { name: "bowl 0.5, seeds shared", pairing: 0.7 }),
  bowl(1, { name: "bowl 1, machine slower", shift: { fromRun: 150, by: -3 } }),
  bowl(1, { name: "bowl 1, machine faster", shift: { fromRun: 150, by: 3 } }),
  bowl(1, { name: "bowl 1, held out", isHeldOut: true }),
  lean(),
  nothing(),
  nothing({ name: "null, heavy tails", noise: heavyTails }),
  withCheats(bowl(1)),
  withCheats(nothing()),
  { ...withCheats(bowl(1), "cheats, held out", [...TRICKS, "memory"]), isHeldOut: true },
  { ...withCheats(nothing(), "cheats, held out", [...TRICKS, "memory"]), isHeldOut: true },
  // Nothing that can be measured tells these from honest gains: they are here to be shown, and promised nothing of.
  withCheats(bowl(1), "memory, no holdout", ["memory"]),
];

function additive(about: Pick<World, "name" | "propose"> & Partial<World>): World {
  return { start: EMPTY, worth: ({ effect }) => effect, noise: normal, pairing: 0, ...about };
}

function line(kind: Change["kind"], about: Partial<Change>): Change {
  return { kind, added: 1, deleted: 1, ...about };
}
