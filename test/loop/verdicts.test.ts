import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lordLevel } from "../../src/judge/lord.ts";
import { RULES } from "../../src/judge/rules.ts";
import { linesSaved } from "../../src/loop/lines-saved.ts";
import {
  type Bench,
  createBench,
  events,
  type LabOptions,
  lossIn,
  noisyScript,
  refsAgree,
  runThrough,
  staff,
  statuses,
} from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.remove());

type Script = NonNullable<LabOptions["script"]>;
type Command = Parameters<Script>[0];

/** Shifts what the noisy script prints. */
async function shifted(command: Command, by: number): Promise<{ stdout: string }> {
  const { stdout = "" } = await noisyScript(0.05)(command);
  return { stdout: `loss: ${Number(stdout.replace("loss: ", "")) + by}\n` };
}

describe("a suspect stack", () => {
  it("loses its newest half, and what is left of it is proven on other seeds", async () => {
    // What goes below 8 is a gain on the seeds of tier 1 alone.
    let isProving = false;
    const seeds = new Map<string, Set<number>>();
    const made = await bench.lab({
      script: async (command) => {
        const loss = await lossIn(command.read);
        if (isProving) seeds.set(String(loss), (seeds.get(String(loss)) ?? new Set()).add(command.seed));
        return await shifted(command, isProving && loss < 8 ? 5 : 0);
      },
      parts: {
        rule: { ...RULES.balanced, keepsPerPromotion: 4, budgetPerPromotion: 0 },
        staff: staff("3\n", "2\n", "1\n", "0\n"),
        budget: { measurements: 200 },
        onStage: (_id, stage) => {
          isProving = stage.startsWith("promotion");
        },
      },
    });
    await runThrough(made);
    expect(statuses(made).slice(0, 4)).toEqual(["kept", "kept", "kept", "kept"]);
    expect(events(made, "promotion_judged").map(({ verdict }) => verdict.kind)).toEqual(["discard", "keep"]);
    expect(made.lab.run.stack).toEqual(["e1", "e2"]);
    expect(made.lab.run.verified).toBe(made.lab.experiment("e2" as never).commit);
    const [suspect, proven] = [seeds.get("6") ?? new Set(), seeds.get("8") ?? new Set()];
    expect([suspect.size, proven.size]).toEqual([3, 3]);
    expect([...suspect].filter((seed) => proven.has(seed))).toEqual([]);
    expect(await refsAgree(made)).toBe(true);
  });
});

describe("a keep that looks too good", () => {
  it("is kept by its numbers, and flagged in the ledger", async () => {
    const made = await bench.lab({
      script: noisyScript(0.05),
      parts: { staff: staff("3.7\n", "0.3\n"), budget: { experiments: 2 } },
    });
    await runThrough(made);
    const judged = events(made, "judged").map(({ verdict }) => verdict);
    expect(judged.map(({ kind }) => kind)).toEqual(["keep", "keep"]);
    expect(judged[0]).not.toHaveProperty("flags");
    expect(judged[1]?.flags).toEqual([
      expect.stringMatching(/^2 changed lines gain 3\d % of the metric's value$/),
    ]);
    expect(made.lab.experiment("e2" as never).verdict?.flags).toHaveLength(1);
  });
});

describe("a machine that changes in the night", () => {
  const harmful = Array.from({ length: 45 }, (_, index) => `${4.5 + index / 10}\n`);

  /** From the thirty-first command on every loss is another. */
  const changingBy = async (by: number) => {
    let commands = 0;
    const made = await bench.lab({
      script: async (command) => {
        commands += 1;
        return await shifted(command, commands > 30 ? by : 0);
      },
      parts: { staff: staff(...harmful, "1\n"), budget: { measurements: 200 } },
    });
    await runThrough(made);
    return made;
  };

  it("for the worse is noticed on the unchanged head, and gains are found and proven afterwards", async () => {
    const by = 5;
    const made = await changingBy(by);
    const [drifted, ...others] = events(made, "drifted");
    expect(drifted?.shift).toBeCloseTo(by, 0);
    expect(others).toEqual([]);
    expect(made.lab.run.warnings).toEqual([expect.stringContaining("the machine has changed")]);
    expect(events(made, "calibrated").map(({ noise }) => Math.round(noise.mean))).toEqual([10, 10 + by]);
    expect(statuses(made).filter((status) => status === "kept")).toHaveLength(1);
    expect(made.lab.run.final?.verdict.estimate?.gain).toBeCloseTo(3, 0);
    expect(made.lab.run.headGain).toBeCloseTo(3, 0);
  });

  it("for the better makes harmful changes look like gains, but what is claimed in the end is true", async () => {
    const made = await changingBy(-5);
    expect(made.lab.run.final?.verdict.estimate?.gain).toBeCloseTo(3, 0);
    expect(made.lab.run.verified).toBe(made.lab.run.head);
  });

  it("is not made up: a steady head is measured once in forty, and nothing is said", async () => {
    const made = await bench.lab({
      script: noisyScript(0.05),
      parts: {
        staff: staff(...harmful, ...harmful.map((text) => `1${text}`)),
        budget: { measurements: 150 },
      },
    });
    await runThrough(made);
    const checks = events(made, "measured").filter(({ purpose }) => purpose === "drift");
    expect(checks.length).toBeGreaterThanOrEqual(2);
    expect(checks.length).toBeLessThanOrEqual(4);
    expect(events(made, "drifted")).toEqual([]);
  });
});

const isOf = (id: string, event: object) => "experiment" in event && event.experiment === id;

describe("less code", () => {
  it("that is not worse is kept as a simplification, harmful less code is not, lost lines count for nothing", async () => {
    const made = await bench.lab({
      script: noisyScript(0.05),
      parts: {
        staff: staff("3\n# one\n# two\n# three\n", "5\n# one\n", "3\n# one\n"),
        budget: { measurements: 300 },
      },
    });
    await runThrough(made);
    expect(statuses(made).slice(0, 3)).toEqual(["kept", "discarded", "kept"]);
    expect(made.lab.experiment("e3" as never).verdict).toMatchObject({ workings: { rule: "not_worse" } });
    expect(linesSaved(made.lab, made.baseline, made.lab.run.head)).toBe(-1);
    expect(made.lab.run.verified).toBe(made.lab.run.head);
    for (const lost of [["proposed"], ["opened", "proposed", "measured", "judged", "closed"]]) {
      const disk = made.disk.filter(({ event }) => !(isOf("e1", event) && lost.includes(event.kind)));
      const left = await bench.lab({ disk: disk.map((line, index) => ({ ...line, number: index + 1 })) });
      expect(left.lab.run.stack).toEqual(made.lab.run.stack);
      // e1, of which a repair has nothing left, added three lines: what e3 deletes does not make the stack simpler.
      expect(linesSaved(left.lab, made.baseline, made.lab.run.head)).toBe(0);
    }
  });
});

describe("strict", () => {
  it("gives each candidate the level that the stream of tests leaves to it, fixed when it was proposed", async () => {
    const made = await bench.lab({
      script: noisyScript(0.05),
      parts: {
        rule: RULES.strict,
        staff: staff("3\n", "3.001\n", "2\n", "2.001\n"),
        budget: { measurements: 400 },
      },
    });
    await runThrough(made);
    expect(statuses(made).slice(0, 4)).toEqual(["kept", "discarded", "kept", "discarded"]);
    const alphas = made.lab.experiments.slice(0, 4).map(({ verdict }) => verdict?.workings?.alpha);
    const level = (index: number, discoveries: number[]) => lordLevel({ alpha: 0.2, index, discoveries });
    expect(alphas).toEqual([level(1, []), level(2, [1]), level(3, [1]), level(4, [1, 3])]);
  });
});

describe("a duration", () => {
  it("that other work disturbed is left out of the verdict and measured again", async () => {
    let [busySeconds, calls] = [0, 0];
    const made = await bench.lab({
      program: { metric: { name: "loss", goal: "minimize", seeded: false, timing: true } },
      script: async (command) => {
        calls += 1;
        const isDisturbed = calls > 6 && calls <= 10;
        busySeconds += isDisturbed ? 3 : 1;
        // Other work makes the candidate look slow: it would be lost.
        const loss = await lossIn(command.read);
        const slow = isDisturbed && loss < 10 ? 20 : 0;
        return { ...(await shifted(command, slow)), resources: { wallSeconds: 1, cpuSeconds: 1 } };
      },
      parts: {
        staff: staff("3\n"),
        machineCpuSeconds: () => busySeconds,
        budget: { measurements: 100 },
      },
    });
    await runThrough(made);
    expect(statuses(made)[0]).toBe("kept");
    expect(made.lab.experiment("e1" as never).reasons.join()).toContain("disturbed ones left out");
    expect(made.lab.run.warnings).toEqual([expect.stringContaining("2.0 cores busy")]);
    const foreign = events(made, "measured").map(({ outcome }) =>
      outcome.kind === "measured" ? outcome.measurement.resources.foreignCores : undefined,
    );
    expect(foreign.filter((cores) => cores === 2)).toHaveLength(4);
    expect(foreign.filter((cores) => cores === 0).length).toBe(foreign.length - 4);
  });
});
