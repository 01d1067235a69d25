/** The sentences of a report and of `status`: what was proven, how it was measured, what to do next. Formats no page. */

import type { Estimate } from "../core/judge.ts";
import type { BudgetLine } from "./budget-lines.ts";
import { channelSentence, strongerChannel } from "./channel-words.ts";
import type { Gain } from "./gain.ts";
import { shellWord } from "./plain-text.ts";
import type { PromotionError, PromotionView } from "./promotion-view.ts";
import type { MetricView, RunView } from "./run-view.ts";
import type { Simplification } from "./simplification.ts";
import type { StudyView } from "./study-view.ts";
import type { VerifiedGain } from "./verified.ts";
import { count, formatDuration, formatGain, formatP, formatPercent, formatValue, withUnit } from "./words.ts";

export interface Headline {
  /** `pending`: something may still come. */
  readonly tone: "proven" | "unproven" | "pending";
  readonly text: string;
}

/**
 * The one claim of a report. A gain is stated only if fresh pairs have shown it; a simplification claims less code and no
 * gain; else it says that nothing was proven.
 */
export function headline(view: StudyView): Headline {
  const { run } = view;
  if (run === undefined) return { tone: "pending", text: "Nothing has been measured yet." };
  const isOver = run.state === "ended";
  const gain = run.verifiedGain;
  if (gain?.isProven === true && gain.estimate !== undefined)
    return { tone: "proven", text: provenText(run, gain, isOver) };
  if (gain?.simpler !== undefined) return { tone: "proven", text: simplerText(run, gain, gain.simpler) };
  if (gain?.estimate !== undefined) {
    const test = gain.source === "final" ? "the final test" : "the test after the promotion";
    const text = `Nothing was proven: ${test} of ${gain.commit} measured ${estimateText(run, gain)}, which does not confirm a gain.`;
    return { tone: "unproven", text };
  }
  if (gain?.source === "promoted") {
    const text = `${gain.commit} held on fresh pairs, but its gain over the baseline has ${isOver ? "not been measured" : "yet to be measured"}.`;
    return { tone: isOver ? "unproven" : "pending", text };
  }
  if (gain?.source === "final") {
    const why = gain.reasons[0] ?? "it gave no number";
    const text = `Nothing may be claimed: ${gain.commit} held on fresh pairs, but its final test against the baseline gave no gain: ${why}.`;
    return { tone: "unproven", text };
  }
  return { tone: isOver ? "unproven" : "pending", text: nothingProven(view, run, isOver) };
}

function provenText(run: RunView, gain: VerifiedGain, isOver: boolean): string {
  const [where, after] =
    gain.source === "final"
      ? [gain.isHeldOut === true ? heldOutText(gain) : "on fresh runs (nothing was held out)", ""]
      : ["on fresh pairs", isOver ? " The final test was not made." : " The final test is still to come."];
  const { text, p } = estimateParts(run, gain);
  return `Verified gain ${text} over the baseline ${where}${p}.${after}`;
}

/** Each look tells no more than its error rounded; after so many they are fitted to all the same. */
const MANY_LOOKS = 50;

/** Each look at held-out data is one answer about them: what was chosen after many looks has been fitted to them. */
function heldOutText({ heldOutLooks = 1 }: VerifiedGain): string {
  if (heldOutLooks === 1) return "on held-out data";
  const worn = heldOutLooks > MANY_LOOKS ? ": too many, hold out others" : "";
  return `on held-out data (look ${heldOutLooks} of this study at them${worn})`;
}

function simplerText(run: RunView, gain: VerifiedGain, simpler: Simplification): string {
  const claim = `Simpler, no gain claimed: ${gain.commit} has ${claimText(run.metric, simpler)}, shown on fresh pairs.`;
  if (gain.estimate === undefined) return claim;
  const test = gain.source === "final" ? "The final test" : "The test after the promotion";
  return `${claim} ${test} measured ${estimateText(run, gain)} against the baseline.`;
}

/** `12 lines fewer and is not worse by more than 0.0030`. */
export function claimText(metric: MetricView, { linesSaved, margin }: Simplification): string {
  const loss = margin > 0 ? ` by more than ${withUnit(formatValue(margin, metric.decimals), metric)}` : "";
  return `${count(linesSaved, "line")} fewer and is not worse${loss}`;
}

/** `simpler, 7 lines fewer, not worse`. */
export function simplificationText({ linesSaved }: Simplification): string {
  return `simpler, ${count(linesSaved, "line")} fewer, not worse`;
}

function nothingProven(view: StudyView, run: RunView, isOver: boolean): string {
  if (view.experiments.length === 0)
    return isOver
      ? "Nothing was proven: only the baseline was measured."
      : "Nothing is proven yet: the baseline is being measured.";
  const kept = run.counts.kept ?? 0;
  const tries = `${count(view.experiments.length, "experiment")}, ${kept} kept tentatively`;
  if (isOver && view.promotions.some(({ isWithdrawn }) => isWithdrawn))
    return `Nothing was proven: ${tries}; what a promotion had proven did not stand (see Warnings).`;
  return isOver
    ? `Nothing was proven: ${tries}, none of them confirmed on fresh data.`
    : `Nothing is proven yet: ${tries}.`;
}

type Estimated = Partial<Gain> & { readonly estimate?: Estimate };

/** `+0.0432 (+1.8 %) [0.0324, 0.0540], p = 0.00084`. */
export function estimateText(run: Pick<RunView, "metric">, gain: Estimated): string {
  const { text, p } = estimateParts(run, gain);
  return text + p;
}

function estimateParts({ metric }: Pick<RunView, "metric">, { estimate, fraction }: Estimated) {
  if (estimate === undefined) return { text: "not measured", p: "" };
  const size = gainText(metric, { absolute: estimate.gain, ...(fraction === undefined ? {} : { fraction }) });
  const p = estimate.p === undefined ? "" : `, ${formatP(estimate.p)}`;
  return { text: `${size}${intervalText(metric, estimate)}`, p };
}

export function intervalText({ decimals }: Pick<MetricView, "decimals">, { low, high }: Estimate): string {
  if (low === undefined || high === undefined) return "";
  return ` [${formatValue(low, decimals)}, ${formatValue(high, decimals)}]`;
}

/** `+0.0543 (+2.3 %)`. */
export function gainText(metric: MetricView, gain: Gain): string {
  const percent = gain.fraction === undefined ? "" : ` (${formatPercent(gain.fraction, true)})`;
  return `${withUnit(formatGain(gain.absolute, metric.decimals), metric)}${percent}`;
}

/** Noise in words and numbers. */
export function noiseText({ noise, metric }: Pick<RunView, "noise" | "metric">): string {
  if (noise === undefined) return "not calibrated yet";
  if (noise.isDeterministic) return "none: equal code gives equal values, one run is the truth";
  const spread = (sd: number) => withUnit(formatValue(sd, metric.decimals), metric);
  const run = `one run varies by ${spread(noise.sdRun)} (standard deviation, ${count(noise.degreesOfFreedom, "degree")} of freedom)`;
  return metric.isTiming ? run : `${run}, repeats of one seed by ${spread(noise.sdRepeat)}`;
}

export function measuredBullets({ run }: StudyView): string[] {
  if (run === undefined) return [];
  const { metric, baselineMean, channel } = run;
  const useful = metric.minEffect === undefined ? "" : `, gains under ${metric.minEffect} do not count`;
  const bullets = [
    `Metric: ${metric.name}, ${metric.goal === "minimize" ? "lower" : "higher"} is better${useful}.`,
  ];
  if (baselineMean !== undefined)
    bullets.push(
      `Baseline ${run.baseline}: ${withUnit(formatValue(baselineMean, metric.decimals), metric)}, mean of its calibration.`,
    );
  bullets.push(`Noise: ${noiseText(run)}.`);
  if (channel !== undefined) bullets.push(channelSentence(channel), ...strongerChannel(channel));
  if (run.drifts > 0)
    bullets.push(
      `The machine changed ${count(run.drifts, "time")} during the run (see Warnings): the noise was measured anew, and values from before and after were never compared.`,
    );
  if (run.disturbed !== undefined && run.disturbed > 0)
    bullets.push(
      `Other work of the machine disturbed ${count(run.disturbed, "duration")}: such pairs were measured again, and left out unless there were too many.`,
    );
  bullets.push(
    `Sandbox: ${run.sandbox}.`,
    `${count(run.measurements, "measurement")} in ${formatDuration(run.elapsedMs)} of work.`,
  );
  return bullets;
}

/** `31 of 100 experiments (69 left)`. */
export function budgetText({ name, unit, spent, limit, left }: BudgetLine): string {
  const say = (amount: number) =>
    unit === "ms"
      ? formatDuration(amount)
      : unit === "usd"
        ? `$${amount.toFixed(2)}`
        : String(Math.round(amount));
  const what = {
    time: "of work",
    until: "to the deadline",
    usd: "US dollars",
    plateau: "experiments in a row without a keep",
  };
  const noun = name in what ? what[name as keyof typeof what] : name;
  return `${say(spent)} of ${say(limit)} ${noun} (${say(left)} left)`;
}

/** `2 promotions: 1 held, 1 suspect; error left 0.9 % of 4.0 %`. */
export function promotionsText(
  promotions: readonly PromotionView[],
  error: PromotionError | undefined,
): string {
  const counts = Object.entries(PROMOTION_COUNTS).flatMap(([kind, word]) => {
    const number = promotions.filter((one) => one.kind === kind).length;
    return number === 0 ? [] : [`${number} ${word}`];
  });
  const budget =
    error === undefined ? "" : `; error left ${formatPercent(error.left)} of ${formatPercent(error.total)}`;
  return `${count(promotions.length, "promotion")}: ${counts.join(", ")}${budget}`;
}

const PROMOTION_COUNTS = { keep: "held", discard: "suspect", inconclusive: "not proven" } as const;

export interface NextCommand {
  readonly command: string;
  readonly why: string;
}

/** What to type now, the most useful first. */
export function nextCommands({ run }: Pick<StudyView, "run">): NextCommand[] {
  if (run === undefined) return [{ command: "nightlab run", why: "start the first run" }];
  const branch = shellWord(`nightlab/${run.tag}`);
  if (run.state === "paused" || run.state === "interrupted")
    return [{ command: "nightlab resume", why: "go on where it stopped" }];
  if (run.state !== "ended") return [{ command: "nightlab status", why: "see how it goes" }];
  if (run.verifiedGain?.isProven === true || run.verifiedGain?.simpler !== undefined)
    return [
      { command: `git log --stat ${run.baseline}..${branch}`, why: "read what was proven" },
      { command: `git merge ${branch}`, why: "take it" },
    ];
  return [
    { command: "nightlab log", why: "see what was tried and why it was not kept" },
    { command: "nightlab run", why: "search on, after a look at program.md" },
  ];
}
