import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "../../src/core/metric.ts";
import type { Program } from "../../src/core/program.ts";
import { measure, runChecks } from "../../src/loop/measure.ts";
import type { Script, ScriptedExit } from "../../src/testing/scripted-sandbox.ts";
import { type Bench, createBench } from "./make-lab.ts";

let bench: Bench;
let repository: string;
beforeAll(async () => {
  bench = await createBench();
  repository = await bench.repository();
});
afterAll(() => bench.remove());

const never = new AbortController().signal;

async function measured(script: Script, program: Partial<Program> = {}, isHeldOut = false) {
  const { lab, baseline, sandbox } = await bench.lab({ script, program }, repository);
  const request = { commit: baseline, seed: 11, purpose: "tentative", isHeldOut } as const;
  return { outcome: await measure(lab.parts, request, never), sandbox, lab, request };
}

const failing = (stderr: string): ScriptedExit => ({ ending: { kind: "exited", code: 1 }, stderr });
const value = (outcome: Outcome) => (outcome.kind === "measured" ? outcome.measurement.value : outcome.kind);

describe("a metric command that fails", () => {
  it.each<[string, ScriptedExit, string]>([
    ["syntax", failing("SyntaxError: bad token"), "crashed syntax"],
    ["import", failing("ModuleNotFoundError: no torch"), "crashed import"],
    ["memory in the log", failing("CUDA out of memory"), "crashed out_of_memory"],
    ["memory limit", { ending: { kind: "out_of_memory" } }, "crashed out_of_memory"],
    ["a signal", { ending: { kind: "signalled", signal: "SIGSEGV" } }, "crashed signal"],
    ["anything else", failing("boom"), "crashed exit"],
    ["a full disk", failing("ENOSPC: no space"), "crashed environment"],
    ["no start", { ending: { kind: "not_started", reason: "no shell" } }, "crashed environment"],
    ["no end", { ending: { kind: "timed_out" } }, "timed_out "],
    ["a value before the failure", { ...failing("boom"), stdout: "loss: 1\n" }, "crashed exit"],
  ])("by %s holds no number and says so", async (_name, exit, label) => {
    const { outcome } = await measured(() => exit);
    expect(`${outcome.kind} ${"cause" in outcome ? outcome.cause : ""}`).toBe(label);
    expect(outcome).not.toHaveProperty("measurement");
  });

  it("for want of disk or processes is tried once more, and only once", async () => {
    let calls = 0;
    const flaky = await measured(() => (++calls === 1 ? failing("EAGAIN") : { stdout: "loss: 3\n" }));
    expect(value(flaky.outcome)).toBe(3);
    const broken = await measured(() => failing("EAGAIN"));
    expect([broken.outcome.kind, broken.sandbox.lines.length]).toEqual(["crashed", 2]);
  });

  it("by its own fault is not tried again", async () => {
    const { sandbox } = await measured(() => failing("boom"));
    expect(sandbox.lines).toEqual(["measure"]);
  });
});

describe("the value of a metric", () => {
  it.each<[string, string, number | string]>([
    ["printed twice, the last one", "loss: 3\nloss: 2\n", 2],
    ["in the METRIC form", "METRIC loss=2.5\n", 2.5],
    ["NaN is none", "loss: nan\n", "no_metric"],
    ["infinite is none", "loss: -inf\n", "no_metric"],
    ["too large for a number is none", "loss: 1e999\n", "no_metric"],
    ["huge but finite is one", "loss: 1e308\n", 1e308],
    ["missing", "nothing here\n", "no_metric"],
    ["of another name", "val_loss: 3\n", "no_metric"],
    ["with words after it", "loss: 3 percent\n", "no_metric"],
  ])("%s", async (_name, stdout, wanted) => {
    expect(value((await measured(() => ({ stdout }))).outcome)).toBe(wanted);
  });

  it("is the harness's own for its names, whatever is printed", async () => {
    const metric = { name: "wall_seconds", goal: "minimize", seeded: false, timing: true } as const;
    const resources = { wallSeconds: 4, peakMemoryBytes: 100 };
    const { outcome } = await measured(() => ({ stdout: "wall_seconds: 0.1\nloss: 3\n", resources }), {
      metric,
    });
    expect(outcome).toMatchObject({
      measurement: { value: 4, channel: "harness", secondary: { loss: 3, peak_memory_bytes: 100 } },
    });
  });

  it("comes from the result file alone where there is one", async () => {
    const writes = (text: string): Script => {
      return async ({ cwd }) => {
        await writeFile(join(cwd, "result.json"), text);
        return { stdout: "loss: 99\n" };
      };
    };
    const program = { resultFile: "result.json" };
    expect((await measured(writes('{"loss": 2, "text": "x"}'), program)).outcome).toMatchObject({
      measurement: { value: 2, channel: "file" },
    });
    for (const text of ["not json", "[]", "null", '{"loss": "2"}', '{"loss": 1e999}']) {
      expect(value((await measured(writes(text), program)).outcome), text).toBe("no_metric");
    }
    expect(value((await measured(() => ({ stdout: "loss: 1\n" }), program)).outcome)).toBe("no_metric");
  });

  it("comes from the descriptor alone where there is one", async () => {
    const program = { resultFd: 3 } as const;
    const good = await measured(() => ({ result: '{"loss": 2, "kb": 7}', stdout: "loss: 99\n" }), program);
    expect(good.outcome).toMatchObject({
      measurement: { value: 2, channel: "descriptor", secondary: { kb: 7 } },
    });
    for (const result of ["", '{"loss": 2}{"loss": 1}', '{"loss": 1e999}', "loss: 2\n"]) {
      const { outcome } = await measured(() => ({ result, stdout: "loss: 1\n" }), program);
      expect(outcome).toMatchObject({ kind: "no_metric", detail: expect.stringContaining("descriptor 3") });
    }
    const other = await measured(() => ({ result: '{"val_loss": 2}' }), program);
    expect(other.outcome).toMatchObject({ detail: "the object on descriptor 3 has no `loss`" });
  });

  it("has no descriptor to come over where program.md names none", async () => {
    const { outcome } = await measured(({ hasResult }) => ({
      result: '{"loss": 2}',
      stdout: `loss: ${hasResult ? 1 : 5}\n`,
    }));
    expect(outcome).toMatchObject({ measurement: { value: 5, channel: "stdout" } });
  });

  it("is read in no time from output made to hurt the reader", async () => {
    const { outcome } = await measured(() => ({
      stdout: `loss: ${"1".repeat(200_000)}x\nstep=1 ${"a".repeat(200_000)}\nloss: 2\n`,
    }));
    expect(value(outcome)).toBe(2);
  }, 5000);
});

describe("an evaluator", () => {
  const program = { evaluate: "evaluate {seed}", holdout: "holdout", artifact: ["model.txt"] };
  const script =
    (evaluated: (text: string | undefined) => ScriptedExit): Script =>
    async ({ line, cwd, read }) => {
      if (line !== "measure") return evaluated(await read("model.txt"));
      await writeFile(join(cwd, "model.txt"), "5");
      await writeFile(join(cwd, "a.txt"), "changed by the command");
      return { stdout: "loss: 1\n", resources: { wallSeconds: 7 } };
    };

  it("scores the artifact in a checkout the command never saw, with the command's resources", async () => {
    const { outcome, sandbox } = await measured(
      script((text) => ({ stdout: `loss: ${text}\n` })),
      program,
    );
    expect(outcome).toMatchObject({
      measurement: { value: 5, channel: "artifact", resources: { wallSeconds: 7 } },
    });
    expect(sandbox.lines).toEqual(["measure", "evaluate 11"]);
  });

  it("may leave its score in the result file", async () => {
    const { outcome } = await measured(
      async ({ line, cwd }) => {
        await writeFile(join(cwd, line === "measure" ? "model.txt" : "result.json"), '{"loss": 4}');
        return {};
      },
      { ...program, resultFile: "result.json" },
    );
    expect(value(outcome)).toBe(4);
  });

  it("may write its score to the descriptor, which the metric command then has not", async () => {
    const { outcome } = await measured(
      async ({ line, cwd, hasResult }) => {
        expect([line, hasResult]).toEqual([line, line !== "measure"]);
        if (line === "measure") await writeFile(join(cwd, "model.txt"), "5");
        return { result: line === "measure" ? '{"loss": 1}' : '{"loss": 4}' };
      },
      { ...program, resultFd: 3 },
    );
    expect(outcome).toMatchObject({ measurement: { value: 4, channel: "artifact" } });
  });

  it("is the holdout command for the final test, where a command that scores in the search keeps its descriptor", async () => {
    const heldBy: [string, boolean][] = [];
    const { outcome } = await measured(
      async ({ line, cwd, hasResult }) => {
        heldBy.push([line, hasResult]);
        await writeFile(join(cwd, "model.txt"), "weights");
        return { result: JSON.stringify({ loss: line === "holdout" ? 2 : 9 }) };
      },
      { holdout: "holdout", artifact: ["model.txt"], resultFd: 3 },
      true,
    );
    expect(heldBy).toEqual([
      ["measure", true],
      ["holdout", true],
    ]);
    expect(value(outcome)).toBe(2);
  });

  it("is the holdout command for the final test", async () => {
    const { sandbox } = await measured(
      script(() => ({ stdout: "loss: 1\n" })),
      program,
      true,
    );
    expect(sandbox.lines).toEqual(["measure", "holdout"]);
  });

  it("that crashes says that it was the evaluator", async () => {
    const { outcome } = await measured(
      script(() => failing("boom")),
      program,
    );
    expect(outcome).toMatchObject({ kind: "crashed", cause: "evaluator" });
  });

  it("is not asked when the artifact is missing", async () => {
    const { outcome, sandbox } = await measured(() => ({ stdout: "loss: 1\n" }), program);
    expect(outcome).toMatchObject({
      kind: "no_metric",
      detail: expect.stringContaining("left no model.txt"),
    });
    expect(sandbox.lines).toEqual(["measure"]);
  });
});

describe("checks", () => {
  it("pass on exit code 0 and fail on anything else", async () => {
    const script: Script = ({ hasResult }) => (hasResult ? failing("holds the descriptor") : {});
    const ok = await bench.lab({ script, program: { checks: "test", resultFd: 3 } }, repository);
    const request = { commit: ok.baseline, seed: 0, purpose: "checks" } as const;
    expect(await runChecks(ok.lab.parts, request, never)).toBeUndefined();
    const bad = await bench.lab(
      { script: () => failing("1 failed"), program: { checks: "test" } },
      repository,
    );
    expect(await runChecks(bad.lab.parts, request, never)).toMatchObject({ kind: "checks_failed" });
  });
});
