/** One valid ledger event of every kind, with text that is hard to store. */

import type { LedgerEvent } from "../core/ledger.ts";
import { ledgerEventSchema } from "../core/ledger.ts";

const run = "night-1";
const experiment = "e1";
const baseline = "a".repeat(40);
const candidate = "b".repeat(40);
const tree = "c".repeat(64);
const estimate = { gain: 0.02, low: 0.01, high: 0.03, confidence: 0.9, runs: 6, p: 0.004 };
const workings = {
  rule: "boundary",
  sd: 0.02,
  degreesOfFreedom: 12,
  pairing: "paired",
  standardError: 0.01,
  boundary: 1.63,
  smallest: 0.002,
  alpha: 0.2,
  margin: 0.001,
  gains: [0.01, 0.03],
};
const verdict = { kind: "keep", reasons: ["gain 0.02 ± 0.01"], estimate, workings };
const idea = {
  title: "RMSNorm “before” attention — Größe 𝛼\u0000\ud800",
  why: "line one\nline two\t'quoted'; drop table lines; --",
  forecast: { gain: 0.01, probability: 0.6 },
  settings: { rate: 1e-300, mode: "fast", isOn: true },
  programLine: 12,
};
const failure = { detail: "exit 1", logTail: "Traceback …\r\n\u001b[31mboom" };
const resources = { wallSeconds: 1.5, cpuSeconds: 1.25, foreignCores: 0.25, peakMemoryBytes: 2 ** 40 };
const measurement = { value: 2.31, channel: "artifact", secondary: { loss: -1e-9 }, resources };
const measured = {
  kind: "measured",
  run,
  purpose: "tentative",
  commit: candidate,
  seed: 2 ** 31 - 1,
  experiment,
};
const metric = {
  name: "val_bpb",
  goal: "minimize",
  unit: "bit",
  minEffect: 0.002,
  seeded: true,
  timing: false,
};
const noise = { isDeterministic: false, sdRepeat: 0.01, sdRun: 0.02, degreesOfFreedom: 3, mean: 2.3 };

const call = {
  wire: "anthropic",
  model: "opus",
  end: "cut",
  usage: { freshTokens: 12, cachedTokens: 2 ** 33, cacheWriteTokens: 0, outputTokens: 7, reasoningTokens: 3 },
  usd: 0.0123,
  wallMs: 1500.5,
  retryAfterMs: 60_000,
  detail: "529 “overloaded”",
  isEstimated: true,
};

/** Every kind at least once, in an order in which a study could write them. Already through the schema. */
export const sampleEvents: readonly LedgerEvent[] = [
  {
    kind: "run_started",
    run,
    baseline,
    studySeed: 7,
    metric,
    programSha: "d",
    sandbox: "bubblewrap",
    version: "0.1.0",
  },
  { kind: "run_resumed", run, sandbox: "plain", version: "0.1.0" },
  { kind: "calibrated", run, noise },
  { kind: "opened", run, experiment, researcher: "tuner", head: baseline },
  { kind: "proposed", experiment, idea, commit: candidate, tree, files: [{ path: "a b/ü.ts", added: 3 }] },
  { kind: "rebased", experiment, onto: baseline, commit: candidate, tree, how: "clean" },
  { ...measured, outcome: { kind: "measured", measurement } },
  { ...measured, outcome: { kind: "crashed", cause: "out_of_memory", ...failure } },
  { ...measured, outcome: { kind: "timed_out", ...failure } },
  { ...measured, outcome: { kind: "out_of_scope", detail: "touches data.ts" } },
  { kind: "called", run, experiment, researcher: "claude/engineer", call },
  { kind: "judged", experiment, verdict },
  { kind: "head_moved", run, from: baseline, to: candidate, reason: "kept", experiment },
  { kind: "closed", experiment, status: "kept", reasons: ["kept"], logTail: "", idea },
  { kind: "promotion_judged", run, head: candidate, verified: baseline, verdict },
  { kind: "verified_moved", run, from: baseline, to: candidate },
  { kind: "rechecked", experiment, verdict: { ...verdict, flags: ["too good"] } },
  { kind: "withdrawn", run, from: candidate, to: baseline, reason: "it failed to measure" },
  { kind: "published", run, commit: candidate, estimate },
  { kind: "final_judged", run, verified: candidate, baseline, isHeldOut: true, verdict },
  { kind: "drifted", run, shift: -0.1, text: "the machine has changed" },
  { kind: "warning", run, text: "" },
  { kind: "told", run, text: "no more width" },
  { kind: "ideas_added", run, by: "gpt/theorist", ideas: [idea] },
  { kind: "noted", run, by: "gpt/librarian", text: "- width pays\n" },
  { kind: "reviewed", experiment, by: "gpt/reviewer", objection: "trains twice as long", isRefusal: true },
  { kind: "run_paused", run, reason: "quota until 03:00" },
  { kind: "run_ended", run, reason: "budget spent" },
].map((event) => ledgerEventSchema.parse(event));

/** A short event that carries `text`, for tests that only count. */
export function sampleEvent(text: string): LedgerEvent {
  return ledgerEventSchema.parse({ kind: "warning", run, text });
}
