import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../../src/core/errors.ts";
import type { Researcher } from "../../src/core/researcher.ts";
import { RULES } from "../../src/judge/rules.ts";
import { scriptedResearcher, type Turn } from "../../src/testing/scripted-researcher.ts";
import {
  type Bench,
  createBench,
  events,
  lossIn,
  noisyScript,
  plainScript,
  refsAgree,
  runThrough,
  statuses,
} from "./make-lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.remove());

const staffOf = (researcher: Researcher) => [{ researcher, share: 1 }];
const change = (text: string, path = "a.txt"): Turn => ({ files: { [path]: text } });
const turns = (...all: Turn[]) => staffOf(scriptedResearcher(all));
const reasons = ({ lab }: Awaited<ReturnType<Bench["lab"]>>) =>
  [...lab.study.experiments.values()].map((one) => one.reasons.join());

describe("an experiment", () => {
  it("ends before measuring when there is nothing to measure", async () => {
    const made = await bench.lab({
      parts: {
        staff: turns(
          change("4\n"),
          change("1\n", "data.txt"),
          change("1\n", "other.md"),
          { kind: "gave_up", reason: "no idea" },
          change("5\n"),
          change("5\n"),
        ),
      },
    });
    await runThrough(made);
    const ends = [
      "no_change",
      "out_of_scope",
      "out_of_scope",
      "gave_up",
      "discarded",
      "duplicate",
      "gave_up",
    ];
    expect(statuses(made)).toEqual(ends);
    expect(reasons(made)[5]).toBe("the same tree as e5");
    expect(events(made, "measured").filter(({ experiment }) => experiment !== undefined)).toHaveLength(1);
  });

  it("that breaks a constraint is discarded, however good it is", async () => {
    const constraint = {
      metric: "loss",
      relation: ">=",
      bound: { kind: "absolute", value: 8 },
      text: "loss >= 8",
    } as const;
    const made = await bench.lab({
      program: { constraints: [constraint] },
      parts: { staff: turns(change("1\n"), change("3\n")) },
    });
    await runThrough(made);
    expect(statuses(made).slice(0, 2)).toEqual(["discarded", "kept"]);
    expect(reasons(made)[0]).toContain("loss >= 8: loss is 7, the limit is 8");
  });

  it("goes on with the next one when a researcher throws", async () => {
    let calls = 0;
    const broken: Researcher = {
      name: "broken",
      async propose(_brief, path) {
        calls += 1;
        if (calls === 1) throw new TypeError("undefined is not a function");
        await writeFile(join(path, "a.txt"), `${calls}\n`);
        return calls > 2
          ? { kind: "gave_up", reason: "done", exhausted: true }
          : { kind: "idea", idea: { title: "two", why: "" } };
      },
    };
    const made = await bench.lab({ parts: { staff: staffOf(broken) } });
    await runThrough(made);
    expect(statuses(made)).toEqual(["gave_up", "kept", "gave_up"]);
    expect(reasons(made)[0]).toBe("broken failed: TypeError: undefined is not a function");
  });

  it("does not ask for ever who brings nothing to measure", async () => {
    const made = await bench.lab({
      parts: { staff: staffOf(scriptedResearcher(() => change("4\n"))), budget: { measurements: 100 } },
    });
    expect((await runThrough(made)).reason).toBe("the researchers have nothing more to propose");
    expect(made.lab.run.experiments).toBe(10);
  });

  it("whose code fails is closed as what it was, without a verdict", async () => {
    const made = await bench.lab({
      script: async (command) =>
        (await command.read("a.txt")) === "boom\n" ? { ending: { kind: "timed_out" } } : plainScript(command),
      parts: { staff: turns(change("boom\n")) },
    });
    await runThrough(made);
    expect(statuses(made)[0]).toBe("timed_out");
    expect(events(made, "judged")).toEqual([]);
    expect(made.lab.run.head).toBe(made.baseline);
  });

  it("that stops being deterministic is not kept on a lucky number", async () => {
    let lucky = 3;
    const made = await bench.lab({
      script: async (command) => {
        const isWild = (await command.read("a.txt")) === "0\n";
        return isWild ? { stdout: `loss: ${lucky++}\n` } : plainScript(command);
      },
      parts: { staff: turns(change("0\n")) },
    });
    await runThrough(made);
    expect(statuses(made)[0]).toBe("inconclusive");
    expect(made.lab.run.head).toBe(made.baseline);
  });
});

describe("experiments in parallel", () => {
  /** Proposes all changes at once, and lets each be measured for the first time only when all have been proposed. */
  async function together(changes: readonly [string, string][], sd = 0) {
    let waiting = 0;
    const gate = Promise.withResolvers<void>();
    const script = sd === 0 ? plainScript : noisyScript(sd);
    return await bench.lab({
      program: { parallel: changes.length },
      script: async (command) => {
        if ((await lossIn(command.read)) < 10 && waiting < changes.length) {
          waiting += 1;
          if (waiting === changes.length) gate.resolve();
          await gate.promise;
        }
        return await script(command);
      },
      parts: { staff: turns(...changes.map(([path, text]) => change(text, path))) },
    });
  }

  it("that are both better are merged: the later one is judged again on the new head", async () => {
    const made = await together([
      ["a.txt", "3\n"],
      ["b.txt", "5\n"],
    ]);
    await runThrough(made);
    expect(statuses(made).slice(0, 2)).toEqual(["kept", "kept"]);
    expect(events(made, "rebased").map(({ how }) => how)).toEqual(["clean"]);
    expect(made.lab.run.final?.verdict.estimate?.gain).toBe(2);
    expect(await refsAgree(made)).toBe(true);
  });

  it("that do not merge stand against the new head as they are", async () => {
    const made = await together([
      ["a.txt", "3\n"],
      ["a.txt", "1\n"],
    ]);
    await runThrough(made);
    expect(events(made, "rebased").map(({ how }) => how)).toEqual(["replaced"]);
    expect(made.lab.run.final?.verdict.estimate?.gain).toBe(3);
    expect(await refsAgree(made), "what was measured before the rebase is still in git").toBe(true);
  });

  it("that propose the same tree at the same moment are measured once", async () => {
    const made = await bench.lab({
      program: { parallel: 2 },
      parts: { staff: turns(change("3\n"), change("3\n")) },
    });
    await runThrough(made);
    expect(statuses(made).slice(0, 2).sort()).toEqual(["duplicate", "kept"]);
  });

  it("never run more commands at once than `parallel` allows", async () => {
    const made = await bench.lab({
      program: { parallel: 2 },
      script: noisyScript(0.1),
      parts: { staff: turns(...[1, 2, 3, 5].map((one) => change(`${one}\n`))) },
    });
    await runThrough(made);
    expect(made.sandbox.mostAtOnce).toBe(2);
  });

  it("are stopped and waited for when one of them fails for good", async () => {
    const gate = Promise.withResolvers<void>();
    const made = await bench.lab({
      program: { parallel: 2 },
      parts: {
        staff: staffOf({
          name: "split",
          async propose({ experiment }, path, signal) {
            if (experiment === "e1") {
              await gate.promise;
              throw new UsageError("not logged in", { next: "log in" });
            }
            gate.resolve();
            await new Promise((done) => signal.addEventListener("abort", done));
            await writeFile(join(path, "a.txt"), "3\n");
            return { kind: "idea", idea: { title: "late", why: "" } };
          },
        }),
      },
    });
    await expect(runThrough(made)).rejects.toThrow("not logged in");
    const lines = made.disk.length;
    await new Promise((done) => setImmediate(done));
    expect([made.sandbox.running, made.disk.length]).toEqual([0, lines]);
    expect(statuses(made)).toEqual([undefined, undefined]);
  });
});

describe("a metric that is a duration", () => {
  const metric = { name: "loss", goal: "minimize", seeded: false, timing: true } as const;

  it("is measured alone, head and candidate in turns that change", async () => {
    const made = await bench.lab({
      program: { metric, parallel: 3 },
      script: noisyScript(0.05),
      parts: { staff: turns(change("3\n"), change("9\n")) },
    });
    await runThrough(made);
    expect(made.sandbox.mostAtOnce).toBe(1);
    const kept = [...made.lab.study.experiments.values()].find(({ status }) => status === "kept")?.id;
    const own = events(made, "measured").filter(({ experiment }) => experiment === kept);
    const sides = own.map(({ purpose }) => (purpose === "anchor" ? "B" : "A")).join("");
    expect(sides).toMatch(/^ABBAABBAAB/);
    expect(statuses(made)).toContain("discarded");
  });
});

describe("a head that fails to measure", () => {
  const failingWhen = (isFailing: (loss: number, call: number) => boolean) => {
    const calls = new Map<number, number>();
    return async (command: Parameters<typeof plainScript>[0]) => {
      const loss = await lossIn(command.read);
      const call = (calls.get(loss) ?? 0) + 1;
      calls.set(loss, call);
      return isFailing(loss, call) ? { ending: { kind: "timed_out" } as const } : noisyScript(0.01)(command);
    };
  };

  it("once is measured again", async () => {
    // Eight, kept by three runs and two fresh ones, fails when the next candidate's third run wants a third of the head.
    const made = await bench.lab({
      script: failingWhen((loss, call) => loss === 8 && call === 6),
      parts: { staff: turns(change("2\n"), change("1\n")), rule: { ...RULES.balanced, minRuns: 3 } },
    });
    await runThrough(made);
    expect(statuses(made).slice(0, 2)).toEqual(["kept", "kept"]);
    expect(made.lab.run.warnings).toEqual([]);
  });

  it("again and again is dropped for verified, and the experiment goes on there", async () => {
    const made = await bench.lab({
      script: failingWhen((loss, call) => loss === 8 && call >= 6),
      parts: { staff: turns(change("2\n"), change("1\n")), rule: { ...RULES.balanced, minRuns: 3 } },
    });
    await runThrough(made);
    expect(made.lab.run.warnings).toHaveLength(1);
    expect(events(made, "head_moved").map(({ reason }) => reason)).toEqual(["kept", "suspect", "kept"]);
    expect(made.lab.run.stack).toEqual(["e2"]);
    expect(await refsAgree(made)).toBe(true);
  });

  it("and is verified ends the run with what to do next", async () => {
    const made = await bench.lab({
      script: failingWhen((loss, call) => loss === 10 && call > 6),
      parts: { staff: turns(change("0\n")), judge: undefined as never },
    });
    const { judge } = await import("../../src/judge/judge.ts");
    Object.assign(made.lab.parts, {
      judge: {
        ...judge,
        next: () => ({ kind: "measure_more", side: "head", seed: 5 }),
      },
    });
    await expect(runThrough(made)).rejects.toThrow("the head cannot be measured any more");
  });
});
