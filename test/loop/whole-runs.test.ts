import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { refs } from "../../src/core/experiment.ts";
import type { Researcher } from "../../src/core/researcher.ts";
import { runStudy } from "../../src/loop/run-study.ts";
import { scriptedResearcher } from "../../src/testing/scripted-researcher.ts";
import { git } from "../stories/repositories.ts";
import { ScriptedSandbox } from "./answering-sandbox.ts";
import { goOn, makeWorld, measureValue, never, openLab, statuses, TAG, type World, write } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.remove());

const measurements = () => world.disk.filter(({ event }) => event.kind === "measured").length;

describe("a run", () => {
  test("keeps what is better, discards what is not, proves the stack and says so", async () => {
    const lab = await openLab(world, { turns: [write(90), write(95), write(80)] });
    expect(await runStudy(lab, goOn)).toMatchObject({ kind: "ended" });
    expect(statuses(lab)).toEqual(["kept", "discarded", "kept", "gave_up"]);
    expect(lab.run.final).toMatchObject({
      isHeldOut: true,
      verdict: { kind: "keep", estimate: { gain: 20, runs: 5 } },
    });
    expect(git(world.repository, "rev-parse", refs.verified(TAG))).toBe(lab.run.verified);
    expect(git(world.repository, "show", `${lab.run.verified}:value.txt`)).toBe("80");
    expect(git(world.repository, "log", "--format=%s", `${lab.run.baseline}..${lab.run.verified}`)).toBe(
      "value 80\nvalue 90",
    );
  });

  test("measures nothing for no change, a tree seen before, or a file out of scope", async () => {
    const turns = [write(101), write(101), { files: {} }, { files: { "frozen.txt": "1\n" } }];
    const lab = await openLab(world, { turns });
    await runStudy(lab, goOn);
    expect(statuses(lab)).toEqual(["discarded", "duplicate", "no_change", "out_of_scope", "gave_up"]);
    const about = world.disk.flatMap(({ event }) => (event.kind === "measured" ? [event.experiment] : []));
    expect(about.filter((id) => id !== undefined && id !== "e1")).toEqual([]);
  });

  test("nothing proven: verified stays the baseline and no final test is made", async () => {
    const lab = await openLab(world, { turns: [write(101), write(102)] });
    await runStudy(lab, goOn);
    expect(lab.run.verified).toBe(lab.run.baseline);
    expect(lab.run.final).toBeUndefined();
  });

  test("re-applies a change when the head has moved meanwhile, and judges it again", async () => {
    let first: (() => void) | undefined;
    const isKept = new Promise<void>((resolve) => {
      first = resolve;
    });
    const slow: Researcher = {
      name: "slow",
      async propose(brief, path) {
        if (brief.experiment !== "e1") return { kind: "gave_up", reason: "done", exhausted: true };
        await isKept;
        return await scriptedResearcher([write(50)]).propose(brief, path, never);
      },
    };
    const staff = [
      { researcher: slow, share: 1 },
      { researcher: scriptedResearcher([write(90)]), share: 1 },
    ];
    const onLine = ({ event }: World["disk"][number]) => {
      if (event.kind === "closed" && event.status === "kept") first?.();
    };
    const lab = await openLab(world, { settings: { parallel: 2 }, parts: { staff, onLine } });
    await runStudy(lab, goOn);
    const rebased = world.disk.find(({ event }) => event.kind === "rebased")?.event;
    expect(rebased).toMatchObject({ experiment: "e1", how: "replaced" });
    expect(statuses(lab).slice(0, 2)).toEqual(["kept", "kept"]);
    expect(git(world.repository, "show", `${lab.run.verified}:value.txt`)).toBe("50");
  });

  test("a stack that turns out harmful goes back to verified", async () => {
    const sandbox = new ScriptedSandbox(async (command) => {
      const value = Number(await readFile(join(command.cwd, "value.txt"), "utf8"));
      const isTentative = ["tentative", "anchor", "calibration"].includes(command.env.STAGE ?? "");
      return { stdout: `loss: ${isTentative ? value : 200 - value}\n` };
    });
    const measuring = { environment: { STAGE: "tentative" } };
    const lab = await openLab(world, {
      turns: [write(90)],
      parts: {
        sandbox,
        ...measuring,
        onStage: (_, stage) =>
          stage.startsWith("promotion") && Object.assign(measuring.environment, { STAGE: "promotion" }),
      },
    });
    await runStudy(lab, goOn);
    expect(lab.run.promotions).toMatchObject([{ verdict: { kind: "discard" } }]);
    expect(lab.run.head).toBe(lab.run.baseline);
    expect(git(world.repository, "rev-parse", refs.head(TAG))).toBe(lab.run.baseline);
  });

  test("a duration is measured one at a time, both sides beside each other", async () => {
    const sandbox = new ScriptedSandbox(measureValue(world));
    const metric = { name: "loss", goal: "minimize", timing: true };
    const lab = await openLab(world, {
      settings: { metric, parallel: 3 },
      turns: [write(50), write(60)],
      parts: { sandbox },
    });
    await runStudy(lab, goOn);
    expect(sandbox.mostAtOnce).toBe(1);
    expect(statuses(lab)).toContain("kept");
  });

  test("a candidate that breaks a constraint is discarded, whatever its metric", async () => {
    const sandbox = new ScriptedSandbox(async (command) => {
      const value = Number(await readFile(join(command.cwd, "value.txt"), "utf8"));
      return { stdout: `loss: ${value}\n`, resources: { wallSeconds: 1, peakMemoryBytes: 1000 - value } };
    });
    const settings = { constraints: ["memory <= 1.05x"] };
    const lab = await openLab(world, { settings, turns: [write(10), write(99)], parts: { sandbox } });
    await runStudy(lab, goOn);
    expect(statuses(lab).slice(0, 2)).toEqual(["discarded", "kept"]);
    expect(lab.experiment("e1" as never).reasons.join()).toContain("memory <= 1.05x");
  });
});

describe("budgets are hard", () => {
  test.each([1, 3])("%i experiments are opened, not one more", async (experiments) => {
    const turns = Array.from({ length: 9 }, (_, index) => write(101 + index));
    const lab = await openLab(world, { settings: { budget: { experiments }, parallel: 2 }, turns });
    await runStudy(lab, goOn);
    expect(lab.run.experiments).toBe(experiments);
  });

  test("measurements never exceed their number, and some are kept for proof", async () => {
    const turns = Array.from({ length: 40 }, (_, index) => write(99 - index));
    const lab = await openLab(world, { settings: { budget: { measurements: 60 } }, turns });
    await runStudy(lab, goOn);
    expect(measurements()).toBeLessThanOrEqual(60);
    expect(lab.run.final?.verdict.kind).toBe("keep");
  });

  test("time is checked before each measurement, and enough of it is kept for the final test", async () => {
    const turns = Array.from({ length: 200 }, (_, index) => write(99 - index / 10));
    const lab = await openLab(world, { settings: { budget: { time: "120s" } }, turns });
    await runStudy(lab, goOn);
    expect(measurements()).toBeLessThanOrEqual(120);
    expect(lab.run.final?.verdict.kind).toBe("keep");
  });

  test("a plateau ends the run", async () => {
    const turns = Array.from({ length: 30 }, (_, index) => write(101 + index));
    const lab = await openLab(world, { settings: { budget: { plateau: 4 } }, turns });
    expect(await runStudy(lab, goOn)).toMatchObject({ reason: "no keep in 4 experiments" });
    expect(lab.run.experiments).toBe(4);
  });
});

test("a paused run continues with the same head and repeats nothing", async () => {
  const pause = new AbortController();
  const turns = [write(90), write(80), write(70)];
  const onLine = ({ event }: World["disk"][number]) => {
    if (event.kind === "closed") pause.abort();
  };
  const lab = await openLab(world, { turns, parts: { onLine } });
  expect(await runStudy(lab, { ...goOn, pause: pause.signal })).toMatchObject({ kind: "paused" });
  expect(statuses(lab)).toEqual(["kept"]);
  const before = structuredClone(world.disk);
  const again = await openLab(world, { turns: turns.slice(1) });
  expect(await runStudy(again, goOn)).toMatchObject({ kind: "ended" });
  expect(world.disk.slice(0, before.length)).toEqual(before);
  expect(statuses(again)).toEqual(["kept", "kept", "kept", "gave_up"]);
});
