/** One experiment, from opening to verdict, on one screen. Every step is in the ledger before the next one starts. */

import { UsageError } from "../core/errors.ts";
import { type CommitSha, type ExperimentId, refs } from "../core/experiment.ts";
import type { TentativeEvidence, TestStream, Verdict } from "../core/judge.ts";
import type { Outcome } from "../core/metric.ts";
import type { Proposal, Researcher } from "../core/researcher.ts";
import { type ExperimentRecord, readingsOf } from "../core/study.ts";
import { brokenConstraints, valuesOf } from "./constraints.ts";
import { dutiesOf } from "./duties.ts";
import { noiseGroups } from "./gains.ts";
import type { Lab } from "./lab.ts";
import { linesSavedBy } from "./lines-saved.ts";
import { fallback } from "./lost-move.ts";
import { runChecks } from "./measure.ts";
import { close, commitMessage, propose } from "./propose.ts";
import { flagsOfKeep } from "./recheck.ts";
import { withdraw } from "./withdraw.ts";

/** Asks `researcher` for a change in the experiment just opened and judges it. */
export async function runExperiment(
  lab: Lab,
  id: ExperimentId,
  researcher: Researcher,
  signal: AbortSignal,
): Promise<Proposal> {
  const proposal = await propose(lab, id, researcher, signal);
  await settleExperiment(lab, id, signal);
  return proposal;
}

/** Judges a proposed candidate to its end. Also the way on after a restart: what was measured is not measured again. */
export async function settleExperiment(lab: Lab, id: ExperimentId, signal: AbortSignal): Promise<void> {
  const record = lab.experiment(id);
  if (record.status !== undefined) return;
  const refusal = await dutiesOf(lab).review(record, signal);
  if (refusal !== undefined) return await close(lab, id, { status: "refused", reasons: [refusal] });
  for (;;) {
    if (record.head !== lab.run.head && !(await rebase(lab, record))) {
      return await close(lab, id, { status: "duplicate", reasons: ["the head already holds this change"] });
    }
    const verdict = record.verdict ?? (await flagged(lab, record, await judgeCandidate(lab, record, signal)));
    if (verdict.kind === "failed") return await closeFailed(lab, id, verdict.outcome);
    if (verdict.kind === "head_fails") continue;
    const judged = record.verdict === undefined ? [{ kind: "judged", experiment: id, verdict } as const] : [];
    if (verdict.kind !== "keep") {
      const status = verdict.kind === "discard" ? "discarded" : "inconclusive";
      // Together, so that the disk is waited for once: nothing happens between the two.
      return await lab.record(...judged, {
        kind: "closed",
        experiment: id,
        status,
        reasons: verdict.reasons,
      });
    }
    await lab.record(...judged);
    if (await lab.moveHead(commitOf(record), record.head, { reason: "kept", experiment: id })) {
      return await close(lab, id, { status: "kept", reasons: verdict.reasons });
    }
  }
}

// --- judging ---

type Judged = Verdict | { kind: "failed"; outcome: Failure } | { kind: "head_fails" };
type Failure = Exclude<Outcome, { kind: "measured" }>;

async function judgeCandidate(lab: Lab, record: ExperimentRecord, signal: AbortSignal): Promise<Judged> {
  const failed = await checkCandidate(lab, record, signal);
  if (failed !== undefined) return { kind: "failed", outcome: failed };
  for (;;) {
    const outcome = failureOf(lab, record);
    if (outcome !== undefined) return { kind: "failed", outcome };
    const step = lab.parts.judge.next(evidenceFor(lab, record));
    if (step.kind !== "measure_more" && step.kind !== "measure_pair") return step;
    const sides = step.kind === "measure_more" ? [step.side] : sidesOf(step.first);
    const limit = lab.measuringLimit(sides.length);
    if (limit !== undefined) return { kind: "inconclusive", reasons: [`not finished: ${limit}`] };
    for (const side of sides) {
      if (!(await measureSide(lab, record, { side, seed: step.seed, signal }))) return { kind: "head_fails" };
    }
  }
}

/** A keep with what makes it look too good: it is measured again before anything is proven with it. */
async function flagged(lab: Lab, record: ExperimentRecord, judged: Judged): Promise<Judged> {
  if (judged.kind !== "keep") return judged;
  const flags = await flagsOfKeep(lab, record, judged);
  const objections = record.reviews.flatMap(({ by, objection }) =>
    objection === undefined ? [] : [`${by} objects: ${objection}`],
  );
  const all = [...objections, ...flags];
  return all.length === 0 ? judged : { ...judged, flags: all };
}

function failureOf(lab: Lab, record: ExperimentRecord): Failure | undefined {
  const outcomes = lab.candidateLines(record).map(({ outcome }) => outcome);
  return outcomes.find((outcome) => outcome.kind !== "measured");
}

function sidesOf(first: "challenger" | "defender"): ("candidate" | "head")[] {
  return first === "challenger" ? ["candidate", "head"] : ["head", "candidate"];
}

/** False when the head failed; what the candidate does is in the ledger. */
async function measureSide(
  lab: Lab,
  record: ExperimentRecord,
  { side, seed, signal }: { side: "candidate" | "head" | "fresh"; seed: number; signal: AbortSignal },
): Promise<boolean> {
  lab.parts.onStage?.(record.id, side === "head" ? "measuring its head" : "measuring");
  if (side === "head") return await measureAnchor(lab, record, { seed, signal });
  const purpose = side === "fresh" ? "anchor" : "tentative";
  await lab.measure({ commit: commitOf(record), seed, purpose, experiment: record.id }, signal);
  return true;
}

/**
 * False when the head cannot be measured any more: it was dropped for an earlier one, and the experiment goes on there.
 * One failure may be the machine's; the judge asks for the same seed again, and only a second one counts.
 */
async function measureAnchor(
  lab: Lab,
  record: ExperimentRecord,
  { seed, signal }: { seed: number; signal: AbortSignal },
): Promise<boolean> {
  const { head } = record;
  const outcome = lab.parts.program.metric.timing
    ? await lab.measure({ commit: head, seed, purpose: "anchor", experiment: record.id }, signal)
    : await lab.measureHead(head, seed, signal);
  if (outcome.kind === "measured") return true;
  const failures = lab.linesOf(head).filter((line) => line.seed === seed && line.outcome.kind !== "measured");
  if (failures.length < 2) return true;
  const { run } = lab;
  if (head === run.baseline) {
    throw new UsageError(`the head cannot be measured any more: ${outcome.detail}`, {
      place: lab.parts.program.measure,
      next: "nightlab log, then nightlab doctor; nightlab resume goes on from here",
    });
  }
  if (head === run.verified) {
    await withdraw(lab, head, `it failed to measure (${outcome.detail})`);
    return false;
  }
  const back = fallback(lab);
  if (await lab.moveHead(back, head, { reason: "suspect" })) {
    const text = `head ${head.slice(0, 9)} failed to measure (${outcome.detail}); back to ${back.slice(0, 9)}`;
    await lab.record({ kind: "warning", run: run.tag, text });
  }
  return false;
}

function evidenceFor(lab: Lab, record: ExperimentRecord): TentativeEvidence {
  const { program, rule } = lab.parts;
  const noise = lab.run.noise;
  if (noise === undefined) throw new Error("judging before calibration");
  const candidate = lab.candidateLines(record);
  const head = lab.anchorLines(record);
  const { name } = program.metric;
  return {
    stage: "tentative",
    metric: program.metric,
    rule,
    noise,
    ...noiseGroups(lab, record),
    candidate: readingsOf(candidate, "tentative"),
    head: readingsOf(head, "anchor", "calibration"),
    seeds: lab.headSeeds(record.head),
    fresh: readingsOf(candidate, "anchor"),
    freshSeeds: lab.headSeeds(commitOf(record)),
    linesSaved: linesSavedBy(record),
    stream: streamOf(lab, record),
    brokenConstraints: brokenConstraints(
      program.constraints,
      valuesOf(candidate, name),
      valuesOf(head, name),
    ),
  };
}

/** Fixed when the candidate was committed: what ends later, in another slot or after a restart, does not change it. */
function streamOf(lab: Lab, record: ExperimentRecord): TestStream {
  if (lab.parts.rule.control === "per_test") return { index: 1, discoveries: [] };
  const begunAt = record.proposedLine ?? 0;
  const tests = lab.experiments.filter(({ proposedLine }) => (proposedLine ?? Infinity) <= begunAt);
  const isDiscovery = ({ status, verdict, closedLine }: ExperimentRecord) =>
    status === "kept" && verdict?.workings?.rule !== "not_worse" && (closedLine ?? Infinity) < begunAt;
  const discoveries = tests.flatMap((test, index) => (isDiscovery(test) ? [index + 1] : []));
  return { index: Math.max(1, tests.length), discoveries };
}

async function checkCandidate(
  lab: Lab,
  record: ExperimentRecord,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const isDone = lab.candidateLines(record).length > 0 || lab.measuringLimit() !== undefined;
  if (lab.parts.program.checks === undefined || isDone) return undefined;
  lab.parts.onStage?.(record.id, "checks");
  const request = { commit: commitOf(record), seed: 0, purpose: "checks" as const, experiment: record.id };
  const outcome = await lab.slots.use(() => runChecks(lab.parts, request, signal), signal);
  return outcome?.kind === "measured" ? undefined : outcome;
}

/** Head moved meanwhile: the change is re-applied on it and judged afresh. False when nothing of it is left there. */
async function rebase(lab: Lab, record: ExperimentRecord): Promise<boolean> {
  const { workspaces } = lab.parts;
  const onto = lab.run.head;
  const message = record.idea === undefined ? record.id : commitMessage(record.idea, record.id);
  const ref = refs.rebased(record.id, onto);
  const rebased = await workspaces.rebase(commitOf(record), onto, { ref, message });
  if ((await workspaces.diff(onto, rebased.commit)) === "") return false;
  await lab.record({ kind: "rebased", experiment: record.id, onto, ...rebased });
  return true;
}

// --- ends ---

function closeFailed(lab: Lab, id: ExperimentId, outcome: Failure): Promise<void> {
  const logTail = "logTail" in outcome ? { logTail: outcome.logTail } : {};
  return close(lab, id, { status: outcome.kind, reasons: [outcome.detail], ...logTail });
}

function commitOf({ id, commit }: ExperimentRecord): CommitSha {
  if (commit === undefined) throw new Error(`${id} has no candidate`);
  return commit;
}
