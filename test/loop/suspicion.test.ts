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
  noiseSd: 0.01,
  otherGains: [0.01, 0.02, 0.04, 0.05],
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
  test("more than four times the usual one is flagged, once there are four other keeps", () => {
    expect(flags({ gain: 0.17 })).toEqual(["the gain is 4 times the usual one of 4 other keeps"]);
    expect(flags({ gain: 0.15 })).toEqual([]);
    expect(flags({ gain: 0.17, otherGains: [0.01, 0.02, 0.04] })).toEqual([]);
    expect(flags({ gain: 0.17, otherGains: [0, -0.1, 0, 0] })).toEqual([]);
  });

  test("of half the metric is flagged, of three lines already at three tenths", () => {
    const otherGains: number[] = [];
    expect(flags({ gain: 1.1, changedLines: 90, otherGains })).toEqual([
      "one change gains 55 % of the metric's value",
    ]);
    expect(flags({ gain: 0.7, changedLines: 3, otherGains })).toEqual([
      "3 changed lines gain 35 % of the metric's value",
    ]);
    expect(flags({ gain: 0.7, changedLines: 4, otherGains })).toEqual([]);
    expect(flags({ gain: 0.5, changedLines: 1, headValue: -1, otherGains })).toHaveLength(1);
    expect(flags({ gain: 5, headValue: 0, otherGains })).toEqual([]);
  });

  test("is no part of a metric that noise may take to zero", () => {
    expect(flags({ gain: 1.1, noiseSd: 0.11, otherGains: [] })).toEqual([]);
    expect(flags({ gain: 1.1, noiseSd: 0.1, otherGains: [] })).toHaveLength(1);
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
