/** Seam: the append-only record of a study, and the schema of what is written in it. */

import { z } from "zod";
import { type CommitSha, type ExperimentId, type RunTag, STATUSES, type TreeSha } from "./experiment.ts";
import { DECIDING_RULES, PAIRED_STAGES } from "./judge.ts";
import { CRASH_CAUSES } from "./metric.ts";
import { modelCallSchema } from "./provider.ts";

/** Types alone, no transform: every line of a long ledger passes here at each start. */
const named = <Name extends string>(schema: z.ZodType<string>) => schema as unknown as z.ZodType<Name>;
const sha = z.string().regex(/^[0-9a-f]{40,64}$/);
const commit = named<CommitSha>(sha);
const tree = named<TreeSha>(sha);
const experiment = named<ExperimentId>(z.string().regex(/^e\d+$/));
const run = named<RunTag>(z.string().min(1));
/** Neither NaN nor infinite: zod takes those for no numbers. */
const finite = z.number();

const resources = z.object({
  wallSeconds: finite,
  cpuSeconds: finite.exactOptional(),
  /** Cores that other work of this machine kept busy meanwhile, on average. */
  foreignCores: finite.exactOptional(),
  peakMemoryBytes: finite.exactOptional(),
});

/** How the number reached us, strongest first. `harness`: measured by nightlab itself (seconds, bytes). */
const channel = z.enum(["artifact", "harness", "descriptor", "file", "stdout"]);

/** One value of the metric. Only `measure` makes these (invariant 2). */
const measurement = z.object({
  value: finite,
  channel,
  /** Other metrics printed by the same run, harness metrics included. */
  secondary: z.record(z.string(), finite),
  resources,
});

const failure = { detail: z.string(), logTail: z.string() };
/** How measuring ended. Only `measured` holds a number (invariant 4). */
export const outcomeSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("measured"), measurement }),
  z.object({ kind: z.literal("crashed"), cause: z.enum(CRASH_CAUSES), ...failure }),
  z.object({ kind: z.enum(["timed_out", "killed_early", "no_metric", "checks_failed"]), ...failure }),
  z.object({ kind: z.enum(["out_of_scope", "gave_up"]), detail: z.string() }),
]);

export const ideaSchema = z.object({
  title: z.string(),
  why: z.string(),
  forecast: z.object({ gain: finite, probability: finite }).exactOptional(),
  settings: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).exactOptional(),
  programLine: z.number().int().exactOptional(),
  queued: z.string().exactOptional(),
});

/** Noise of one measurement, from calibration. Units of the metric. */
const noise = z.object({
  /** Bit-equal repeats and no seed to vary: one run is the truth. */
  isDeterministic: z.boolean(),
  /** Standard deviation between repeats of one seed. */
  sdRepeat: finite,
  /** Standard deviation of one run on a fresh seed (repeat noise included). */
  sdRun: finite,
  degreesOfFreedom: finite,
  mean: finite,
});

/** An estimate with its uncertainty, units of the metric, positive is better. */
const estimate = z.object({
  gain: finite,
  low: finite.exactOptional(),
  high: finite.exactOptional(),
  confidence: finite.exactOptional(),
  runs: z.number().int(),
  /** One-sided p of "no gain". */
  p: finite.exactOptional(),
});

/** What a verdict was computed from, for whoever wants to check it. Units of the metric; what a rule has no use for is absent. */
const workings = z.object({
  rule: z.enum(DECIDING_RULES),
  /** Standard deviation of one run, or of one paired difference when `pairing` is paired. */
  sd: finite.exactOptional(),
  degreesOfFreedom: finite.exactOptional(),
  pairing: z.enum(["paired", "unpaired", "interleaved"]).exactOptional(),
  /** Standard error of the gain as decisions use it: with the upper bound on sigma. */
  standardError: finite.exactOptional(),
  /** A gain had to exceed this many standard errors, */
  boundary: finite.exactOptional(),
  /** and this. */
  smallest: finite.exactOptional(),
  /** Error probability the boundary was made for. */
  alpha: finite.exactOptional(),
  /** A simplification may lose this much. */
  margin: finite.exactOptional(),
  /** The gain of each pair, where the verdict rests on pairs. */
  gains: z.array(finite).readonly().exactOptional(),
  isHeldOut: z.boolean().exactOptional(),
});

const verdict = z.object({
  kind: z.enum(["keep", "discard", "inconclusive"]),
  /** Sentences with the numbers that decided. */
  reasons: z.array(z.string()).min(1).readonly(),
  estimate: estimate.exactOptional(),
  workings: workings.exactOptional(),
  /** What makes a keep look too good; added by the loop, decides nothing. */
  flags: z.array(z.string()).readonly().exactOptional(),
});

const status = z.enum(STATUSES);

const metric = z.object({
  name: z.string(),
  goal: z.enum(["minimize", "maximize"]),
  unit: z.string().exactOptional(),
  minEffect: finite.exactOptional(),
  seeded: z.boolean(),
  timing: z.boolean(),
});

/** What a measurement is for. `anchor`: the head, for tier 1; `drift`: the head once more; the others are stages of the judge. */
const purpose = z.enum(["calibration", "anchor", "drift", "tentative", ...PAIRED_STAGES]);

export const ledgerEventSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("run_started"),
    run,
    baseline: commit,
    /** Secret of the run from which every seed is derived. */
    studySeed: z.number().int(),
    metric,
    /** SHA-256 of program.md as it was. */
    programSha: z.string(),
    sandbox: z.string(),
    version: z.string(),
  }),
  z.object({ kind: z.literal("run_resumed"), run, sandbox: z.string(), version: z.string() }),
  z.object({ kind: z.literal("calibrated"), run, noise }),
  z.object({ kind: z.literal("opened"), run, experiment, researcher: z.string(), head: commit }),
  z.object({
    kind: z.literal("proposed"),
    experiment,
    idea: ideaSchema,
    commit,
    tree,
    files: z.array(
      z.object({ path: z.string(), added: z.number().exactOptional(), deleted: z.number().exactOptional() }),
    ),
  }),
  z.object({
    kind: z.literal("rebased"),
    experiment,
    onto: commit,
    commit,
    tree,
    how: z.enum(["clean", "replaced"]),
  }),
  z.object({
    kind: z.literal("measured"),
    run,
    purpose,
    commit,
    seed: z.number().int(),
    experiment: experiment.exactOptional(),
    outcome: outcomeSchema,
  }),
  /** A call to a model, or what a researcher outside the gateway says it used. */
  z.object({ kind: z.literal("called"), run, experiment, researcher: z.string(), call: modelCallSchema }),
  z.object({ kind: z.literal("judged"), experiment, verdict }),
  z.object({
    kind: z.literal("head_moved"),
    run,
    from: commit,
    to: commit,
    reason: z.enum(["kept", "suspect"]),
    experiment: experiment.exactOptional(),
  }),
  z.object({
    kind: z.literal("closed"),
    experiment,
    status,
    reasons: z.array(z.string()).readonly(),
    /** Outcome detail for statuses without a verdict: the end of the log. */
    logTail: z.string().exactOptional(),
    idea: ideaSchema.exactOptional(),
  }),
  /** A flagged keep of the stack was measured again, alone against its head. */
  z.object({ kind: z.literal("rechecked"), experiment, verdict }),
  z.object({ kind: z.literal("promotion_judged"), run, head: commit, verified: commit, verdict }),
  z.object({ kind: z.literal("verified_moved"), run, from: commit, to: commit }),
  z.object({ kind: z.literal("withdrawn"), run, from: commit, to: commit, reason: z.string() }),
  z.object({ kind: z.literal("published"), run, commit, estimate }),
  z.object({
    kind: z.literal("final_judged"),
    run,
    verified: commit,
    baseline: commit,
    /** True when the test used the holdout command. */
    isHeldOut: z.boolean(),
    verdict,
  }),
  /** The head no longer gives the numbers it gave: what was measured before counts no more in tier 1. */
  z.object({ kind: z.literal("drifted"), run, shift: finite, text: z.string() }),
  z.object({ kind: z.literal("warning"), run, text: z.string() }),
  /** What the user said: guidance for every later brief. */
  z.object({ kind: z.literal("told"), run, text: z.string() }),
  /** Ideas for the queue, by a researcher or the user. */
  z.object({ kind: z.literal("ideas_added"), run, by: z.string(), ideas: z.array(ideaSchema) }),
  /** The notebook of lessons as it is from now on. */
  z.object({ kind: z.literal("noted"), run, by: z.string(), text: z.string() }),
  /** What a reviewer found in a proposal before it was measured. */
  z.object({
    kind: z.literal("reviewed"),
    experiment,
    by: z.string(),
    objection: z.string().exactOptional(),
    isRefusal: z.boolean(),
  }),
  z.object({ kind: z.literal("run_paused"), run, reason: z.string() }),
  z.object({ kind: z.literal("run_ended"), run, reason: z.string() }),
]);

export type Resources = Readonly<z.output<typeof resources>>;
export type Channel = z.output<typeof channel>;
export type Measurement = Readonly<z.output<typeof measurement>>;
export type Outcome = z.output<typeof outcomeSchema>;
export type Noise = Readonly<z.output<typeof noise>>;
export type Estimate = Readonly<z.output<typeof estimate>>;
export type Workings = Readonly<z.output<typeof workings>>;
export type Verdict = Readonly<z.output<typeof verdict>>;
export type LedgerEvent = z.output<typeof ledgerEventSchema>;
export type EventOf<Kind extends LedgerEvent["kind"]> = Extract<LedgerEvent, { kind: Kind }>;
export type Purpose = z.output<typeof purpose>;

/** One line: consecutive numbers from 1, UTC time of writing in milliseconds since 1970. */
export interface LedgerLine {
  readonly number: number;
  readonly atMs: number;
  readonly event: LedgerEvent;
}

/**
 * Contract: numbers are consecutive from 1. `append` writes all its events or none, and they survive a power cut once it
 * has returned. One writer, any number of readers in other processes. A torn tail is ignored, a torn middle is an error.
 */
export interface Ledger {
  append(events: readonly LedgerEvent[]): Promise<readonly LedgerLine[]>;
  /** Lines with a number above `after`, in order. */
  read(after: number): Promise<readonly LedgerLine[]>;
  close(): Promise<void>;
}
