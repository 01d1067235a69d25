import { expect, test } from "vitest";
import type { CommitSha, ExperimentId, RunTag } from "../../src/core/experiment.ts";
import { emptyStudy } from "../../src/core/study.ts";
import { Lab, type LabParts } from "../../src/loop/lab.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { MemoryLedger } from "../../src/testing/memory-ledger.ts";

const sha = (digit: string) => digit.repeat(40) as CommitSha;

test("of two experiments that are kept at once, one moves the head and the other hears that it has moved", async () => {
  let ref = sha("a");
  const workspaces = {
    advance: async (_ref: string, to: CommitSha, from: CommitSha | undefined) => {
      if (ref !== from) return false;
      ref = to;
      return true;
    },
  };
  const clock = new FakeClock();
  const program = { parallel: 2, metric: { name: "loss", goal: "minimize", seeded: false, timing: false } };
  const ledger = new MemoryLedger(clock);
  const lab = new Lab({ workspaces, ledger, program } as unknown as LabParts, emptyStudy());
  await lab.record({
    kind: "run_started",
    run: "night" as RunTag,
    baseline: sha("a"),
    studySeed: 1,
    metric: { name: "loss", goal: "minimize", seeded: false, timing: false },
    programSha: "",
    sandbox: "process",
    version: "0",
  });
  const kept = (id: string) => ({ reason: "kept", experiment: id as ExperimentId }) as const;

  const moved = await Promise.all([
    lab.moveHead(sha("b"), sha("a"), kept("e1")),
    lab.moveHead(sha("c"), sha("a"), kept("e2")),
  ]);

  expect(moved).toEqual([true, false]);
  expect(ref).toBe(sha("b"));
  expect(lab.run.head).toBe(sha("b"));
});
