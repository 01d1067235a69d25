/**
 * Doubtful keeps are measured again before anything is proven with them: alone against their head, on fresh seeds, on
 * held-out data where the program has them. One that does not hold leaves the head, with all that was kept after it.
 */

import type { Verdict } from "../core/judge.ts";
import { gainOver, mean } from "../core/metric.ts";
import { type ExperimentRecord, measurementsOf, positionOf, readingsOf } from "../core/study.ts";
import { type Compared, compare } from "./compare.ts";
import { runSd } from "./gains.ts";
import type { Lab } from "./lab.ts";
import { refutedKeep } from "./lost-move.ts";
import { flagsOf, flagsOfGain, type KeptGain } from "./suspicion.ts";

/** Luck makes a winner look better than it is; what holds less than this part of its gain was not that gain. */
const PART_THAT_HOLDS = 1 / 3;
/** In standard deviations of one run. */
const CLEAR_SDS = 3;
/** Keeps whose gains tell what is usual in a run. */
const RECENT_KEEPS = 100;

/** What makes a keep look too good by what is known now. */
export async function flagsOfKeep(lab: Lab, record: ExperimentRecord, verdict: Verdict): Promise<string[]> {
  const { head, commit } = record;
  const [candidate = [], theirs = []] = [lab.candidateLines(record), lab.anchorLines(record)].map((lines) =>
    measurementsOf(lines, "anchor", "calibration", "tentative").map(({ measurement }) => measurement),
  );
  const diff = commit === undefined ? "" : await lab.parts.workspaces.diff(head, commit);
  const { program } = lab.parts;
  return flagsOf({ ...keptGain(lab, record, verdict), diff, candidate, head: theirs, program });
}

/** The oldest keep of the unproven stack that has to be measured again, or was and did not hold; with its flags. */
export function doubtful(lab: Lab): { record: ExperimentRecord; flags: readonly string[] } | undefined {
  const { run, study } = lab;
  const refuted = refutedKeep(lab);
  if (refuted !== undefined) return { record: refuted, flags: refuted.recheck?.flags ?? [] };
  for (const id of run.stack.slice(positionOf(study, run, run.verified))) {
    const record = lab.experiment(id);
    const { verdict } = record;
    if (record.recheck !== undefined || verdict === undefined) continue;
    const flags = [...new Set([...(verdict.flags ?? []), ...flagsOfGain(keptGain(lab, record, verdict))])];
    if (flags.length > 0 || isWorthALook(lab, record, verdict)) return { record, flags };
  }
  return undefined;
}

/**
 * With held-out data, each gain that a few runs can confirm or refute there is looked at, flagged or not: data known by
 * heart look like this, and a stack that gains honestly would carry them along. A small budget has no runs to spare for it:
 * there the promotion alone looks at held-out data.
 */
function isWorthALook(lab: Lab, record: ExperimentRecord, verdict: Verdict): boolean {
  if (lab.parts.program.holdout === undefined || lab.isSmallBudget()) return false;
  if (verdict.workings?.rule === "not_worse") return false;
  return claimedGain(lab, record, verdict) > CLEAR_SDS * runSd(lab);
}

/**
 * Measures what is doubtful again until nothing is, or the limit says no. In mid-run it is then left for later; the last
 * time it is left out: what could not be measured again is not promoted.
 */
export async function recheck(
  lab: Lab,
  { isLast, limit }: { isLast: boolean; limit: () => string | undefined },
  signal: AbortSignal,
): Promise<void> {
  for (let next = doubtful(lab); next !== undefined; next = doubtful(lab)) {
    const { record, flags } = next;
    if (record.recheck === undefined) {
      const compared = await compareAlone(lab, record, { limit, signal });
      if (compared.kind === "unpaid" && !isLast) return;
      const verdict = verdictOf(compared);
      await lab.record({ kind: "rechecked", experiment: record.id, verdict: { ...verdict, flags } });
    }
    if (record.recheck?.kind !== "keep") await lab.moveHead(record.head, lab.run.head, { reason: "suspect" });
  }
}

function compareAlone(
  lab: Lab,
  record: ExperimentRecord,
  { limit, signal }: { limit: () => string | undefined; signal: AbortSignal },
): Promise<Compared> {
  const { id, commit, head, verdict } = record;
  if (commit === undefined) throw new Error(`${id} was kept without a candidate`);
  const claimed = verdict === undefined ? 0 : claimedGain(lab, record, verdict);
  const isSimplification = verdict?.workings?.rule === "not_worse";
  const leastGain = isSimplification ? -(verdict.workings?.margin ?? 0) : PART_THAT_HOLDS * claimed;
  const about = { stage: "recheck", ordinal: Number(id.slice(1)), experiment: id } as const;
  return compare(lab, { ...about, challenger: commit, defender: head, limit, leastGain }, signal);
}

function verdictOf(compared: Compared): Verdict {
  if (compared.kind !== "unpaid") return compared;
  const reason = `flagged, and not measured again: ${compared.reason.replace("not finished: ", "")}`;
  return { kind: "inconclusive", reasons: [reason] };
}

function keptGain(lab: Lab, record: ExperimentRecord, verdict: Verdict): KeptGain {
  const heads = measurementsOf(lab.anchorLines(record), "anchor", "calibration");
  return {
    gain: claimedGain(lab, record, verdict),
    headValue: mean(heads.map(({ measurement }) => measurement.value)) || 0,
    noiseSd: runSd(lab),
    otherGains: otherGains(lab, record),
    changedLines: record.files.reduce((sum, { added, deleted }) => sum + (added ?? 0) + (deleted ?? 0), 0),
  };
}

/** The larger one of the gain that won and of what all runs of the keep show: one run alone may have hidden it. */
function claimedGain(lab: Lab, record: ExperimentRecord, { estimate }: Verdict): number {
  const { goal, timing } = lab.parts.program.metric;
  const won = estimate?.gain ?? 0;
  const own = readingsOf(lab.candidateLines(record), "tentative", "anchor").map(({ value }) => value);
  const heads = readingsOf(lab.anchorLines(record), "anchor", "calibration").map(({ value }) => value);
  if (timing || own.length === 0 || heads.length === 0) return won;
  return Math.max(won, gainOver(goal, mean(own), mean(heads)));
}

/** Gains of other keeps that nothing has refuted. */
function otherGains({ run }: Lab, record: ExperimentRecord): number[] {
  const isGain = ({ status, verdict, recheck }: ExperimentRecord) =>
    status === "kept" && verdict?.workings?.rule !== "not_worse" && (recheck?.kind ?? "keep") === "keep";
  const keeps = run.closed.filter((other) => other !== record && isGain(other)).slice(-RECENT_KEEPS);
  return keeps.flatMap(({ verdict }) => verdict?.estimate?.gain ?? []);
}
