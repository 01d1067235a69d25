import { describe, expect, test } from "vitest";
import type { Measurement, MetricSpec } from "../../src/core/metric.ts";
import { flagsOf, type KeptChange } from "../../src/loop/suspicion.ts";

const metric: MetricSpec = { name: "loss", goal: "minimize", seeded: true, timing: false };
const program = { metric, holdoutFiles: [] };
const taking = (...seconds: number[]): Measurement[] =>
  seconds.map((wallSeconds) => ({ value: 2, channel: "stdout", secondary: {}, resources: { wallSeconds } }));

const plain: KeptChange = {
  gain: 0.05,
  headValue: 2,
  earlierGains: [0.01, 0.02, 0.04],
  changedLines: 1,
  diff: "--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-rate = 0.1\n+rate = 0.2\n",
  candidate: taking(10, 11),
  head: taking(12, 11),
  program,
};
const flags = (change: Partial<KeptChange>) => flagsOf({ ...plain, ...change });
const line = (text: string) => ({ diff: `--- a/x\n+++ b/x\n@@ -1 +1 @@\n${text}\n` });

test("an ordinary keep has none", () => {
  expect(flags({})).toEqual([]);
});

describe("a gain", () => {
  test("ten times beyond what the study has seen is flagged, once it has seen three keeps", () => {
    expect(flags({ gain: 0.41 })).toEqual(["the gain is 10 times the largest of 3 keeps before"]);
    expect(flags({ gain: 0.39 })).toEqual([]);
    expect(flags({ gain: 0.41, earlierGains: [0.01, 0.04] })).toEqual([]);
    expect(flags({ gain: 0.41, earlierGains: [0, -0.1, 0] })).toEqual([]);
  });

  test("of half the metric is flagged, of three lines already at three tenths", () => {
    const earlierGains: number[] = [];
    expect(flags({ gain: 1.1, changedLines: 90, earlierGains })).toEqual([
      "one change gains 55 % of the metric's value",
    ]);
    expect(flags({ gain: 0.7, changedLines: 3, earlierGains })).toEqual([
      "3 changed lines gain 35 % of the metric's value",
    ]);
    expect(flags({ gain: 0.7, changedLines: 4, earlierGains })).toEqual([]);
    expect(flags({ gain: 0.5, changedLines: 1, headValue: -1, earlierGains })).toHaveLength(1);
    expect(flags({ gain: 5, headValue: 0, earlierGains })).toEqual([]);
  });
});

test("half the time of the head is flagged where time is not the metric and long enough to tell", () => {
  expect(flags({ candidate: taking(4, 5, 30) })).toEqual(["it takes 5.0 s where its head takes 12.0 s"]);
  expect(flags({ candidate: taking(6, 6) })).toEqual([]);
  expect(flags({ candidate: taking(0.2), head: taking(0.9) })).toEqual([]);
  expect(flags({ candidate: [], head: [] })).toEqual([]);
  const timed = { ...program, metric: { ...metric, timing: true } };
  expect(flags({ candidate: taking(4), program: timed })).toEqual([]);
  const harness = { ...program, metric: { ...metric, name: "cpu_seconds" } };
  expect(flags({ candidate: taking(4), program: harness })).toEqual([]);
});

describe("a diff", () => {
  test("that touches a seed is flagged, also where it removes one", () => {
    for (const text of ["+torch.manual_seed(3)", "-const SEED = 1;", "+  rng.seed = 4", "+seed"])
      expect(flags(line(text))).toEqual(["it changes a line that speaks of a seed"]);
    for (const text of [" seed = 1", "+reseedings", "+proceed()", "--- seed"])
      expect(flags(line(text))).toEqual([]);
  });

  test("that names what scores, or the folder of the ledger, is flagged", () => {
    const scored = {
      ...program,
      evaluate: "node tools/evaluate.ts --split=valid.txt",
      holdout: "node tools/evaluate.ts --split hidden",
      holdoutFiles: ["data/secret.bin"],
    };
    expect(flags({ ...line("+open('evaluate.ts'); open('secret.bin')"), program: scored })).toEqual([
      "it names evaluate.ts, secret.bin",
    ]);
    expect(flags({ ...line("+cat ../.nightlab/ledger.db"), program })).toEqual(["it names .nightlab"]);
    expect(flags({ ...line("-open('evaluate.ts')"), program: scored })).toEqual([]);
  });
});
