import fc from "fast-check";
import { expect, test } from "vitest";
import type { Program } from "../../src/core/program.ts";
import { type Draft, renderFrontMatter, renderProgram } from "../../src/program/render.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../src/program/units.ts";
import { full, parsed } from "./samples.ts";

const small: Draft = {
  metric: { name: "val_bpb", goal: "minimize", seeded: false, timing: false },
  measure: "node train.ts",
  edit: ["train.ts"],
};

test("only what is not a default is written", () => {
  expect(renderFrontMatter(small)).toBe(
    "---\nmetric: val_bpb\nmeasure: node train.ts\nedit: [train.ts]\n---\n",
  );
});

test("settings stand one per line, in the order people think of them", () => {
  expect(renderFrontMatter(parsed(full))).toBe(`---
metric: { name: val_bpb, goal: minimize, min_effect: 0.002, seeded: true }
constraints: [memory <= 1.1x, peak_memory_bytes <= 2GB, size_kb <= 120, time <= 90s]
measure: node train.ts
artifact: model.json
evaluate: node evaluate.ts
checks: npm test
edit: [train.ts]
protect: [data.ts, evaluate.ts]
env: { OMP_NUM_THREADS: "1" }
limits: { time: 20s, memory: 2GB }
budget: { experiments: 100, until: "07:30", usd: 12, time: 1h30m }
parallel: 2
researchers: [tuner, { agent: claude, role: architect }, { model: openai/gpt-5, share: 0.3 }]
---
`);
});

test("what is rendered is read back as the same settings", () => {
  const settings = ({ source: _s, sections: _t, ideas: _i, roles: _r, inferred: _n, ...rest }: Program) =>
    rest;
  const before = parsed(full);
  expect(settings(parsed(renderFrontMatter(before)))).toEqual(settings(before));
});

test("a model with all its keys is read back as it was", () => {
  const researchers = [
    {
      kind: "model",
      model: "qwen3",
      baseUrl: "http://127.0.0.1:8000/v1",
      wire: "openai_chat",
      temperature: 0.7,
    },
    { kind: "model", model: "openai/gpt-5", keyEnv: "WORK_KEY", effort: "high", share: 0.3 },
  ] as const;
  expect(parsed(renderFrontMatter({ ...small, researchers })).researchers).toEqual(researchers);
});

test("a new program has the headings to fill in, and its ideas are read", () => {
  const text = renderProgram(
    { ...small, researchers: [{ kind: "agent", agent: "claude", role: "architect" }] },
    { ideas: ["Norm first (expect -0.01, 60 %)"] },
  );
  const program = parsed(text);
  expect(program.sections.map(({ title }) => title)).toEqual([
    "Mission",
    "Roles",
    "architect",
    "Priorities",
    "Ideas",
  ]);
  expect(program.ideas).toMatchObject([
    { text: "Norm first", forecast: { change: -0.01, probability: 0.6 } },
  ]);
});

test("any command survives being written", () => {
  const word = fc.string({ minLength: 1, maxLength: 30 }).map((text) => text.trim());
  fc.assert(
    fc.property(
      word.filter((text) => text !== ""),
      (measure) => {
        expect(parsed(renderFrontMatter({ ...small, measure })).measure).toBe(measure);
      },
    ),
    { numRuns: 60 },
  );
});

test("durations and sizes are read back as they were", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (amount) => {
      expect(parseDuration(formatDuration(amount))).toBe(amount);
      expect(parseSize(formatSize(amount))).toBe(amount);
    }),
  );
  expect([formatDuration(5_400_000), formatSize(2 ** 31)]).toEqual(["1h30m", "2GB"]);
  expect(["", "5", "1m1h", "-1s", "s", "1h1h"].map(parseDuration)).toEqual(Array(6).fill(undefined));
});
