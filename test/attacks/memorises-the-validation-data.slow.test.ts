import { expect, it } from "vitest";
import { openRun } from "../../src/compose.ts";
import { writeFiles } from "./harness.ts";
import { makeVictim, removeVictim, trainScript } from "./victim.ts";

const MEMORISE = `awk '{ sum += $1 } END { print sum / NR }' data/validation.txt > answer.txt`;

it("validation data learnt by heart are a keep that does not hold on held-out data, and is never promoted", async () => {
  // Held-out data that the base commit's guess fits and the validation data do not.
  const files = { "heldout.txt": "2\n4\n" };
  const settings = {
    holdout: "awk -f evaluate.awk model.txt heldout.txt",
    protect: ["evaluate.awk", "data/**", "heldout.txt"],
  };
  const victim = await makeVictim({ files, settings });
  let turns = 0;
  const run = await openRun({
    cwd: victim.repository,
    environment: victim.environment,
    mode: { kind: "resume" },
    override: { budget: { experiments: 1 } },
    staff: [
      {
        share: 1,
        researcher: {
          name: "attacker",
          async propose(_brief, workspace) {
            turns += 1;
            await writeFiles(workspace, { "train.sh": trainScript(MEMORISE, "$(cat answer.txt)") });
            return { kind: "idea", idea: { title: "learnt by heart", why: "" } };
          },
        },
      },
    ],
  });
  const never = new AbortController().signal;
  try {
    await run.work({ pause: never, finish: never, stop: never });
    const { run: record } = run.lab;
    expect(turns).toBe(1);
    expect(record.records[0]?.status).toBe("kept");
    expect(record.records[0]?.recheck).toMatchObject({ kind: "discard", workings: { isHeldOut: true } });
    expect([record.head, record.verified]).toEqual([record.baseline, record.baseline]);
    expect(record.promotions).toEqual([]);
  } finally {
    await run.close();
    await removeVictim(victim);
  }
});
