import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Exit } from "../../src/core/sandbox.ts";
import { guessEditable, guessMeasures, readsSeed } from "../../src/init/detect.ts";
import { metricOf, propose, readProbe } from "../../src/init/propose.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "nightlab-init-"));
  await writeFile(join(root, "package.json"), '{"scripts": {"bench": "node bench.js", "start": "node ."}}');
  await writeFile(join(root, "train.py"), 'seed = os.environ["NIGHTLAB_SEED"]\n');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const exited = (stdoutTail: string, code = 0): Exit => ({
  ending: { kind: "exited", code },
  resources: { wallSeconds: 0.5 },
  outputTail: stdoutTail,
  stdoutTail,
  isOutputCut: false,
});

describe("guesses", () => {
  test("offer scripts that sound like a benchmark, then programs that train", async () => {
    const guesses = await guessMeasures(root, ["src/a.js", "train.py", "uv.lock"]);
    expect(guesses.map(({ measure }) => measure)).toEqual(["npm run --silent bench", "uv run train.py"]);
  });

  test("edit what the command trains, else the source folder, never tests or lock files", () => {
    expect(guessEditable(["train.py", "prepare.py"], "python3 train.py")).toEqual(["train.py"]);
    expect(guessEditable(["src/a.js", "test/a.test.js", "package-lock.json"], "node bench.js")).toEqual([
      "src/**",
    ]);
  });

  test("know a command that reads its seed", async () => {
    expect(await readsSeed(root, ["train.py"], "python3 train.py")).toBe(true);
    expect(await readsSeed(root, [], "python3 other.py --seed {seed}")).toBe(true);
    expect(await readsSeed(root, ["other.py"], "python3 other.py")).toBe(false);
  });
});

describe("two runs of the metric command", () => {
  const wishes = { measure: "node bench.js", edit: ["src/**"], seeded: false };

  test("give the metric whose name has a direction, and a program.md that is valid", () => {
    const probed = readProbe([exited("steps: 10\nval_loss: 2.5\n"), exited("steps: 10\nval_loss: 2.6\n")]);
    expect(metricOf(probed)).toBe("val_loss");
    expect(propose(wishes, probed, "val_loss")).toMatchObject({ goal: "minimize", values: [2.5, 2.6] });
  });

  test("fall back on the seconds they took, measured as a duration", () => {
    const probed = readProbe([exited("done\n"), exited("done\n")]);
    expect(metricOf(probed)).toBe("wall_seconds");
    const proposal = propose(wishes, probed, "wall_seconds");
    expect("text" in proposal && proposal.notes.join()).toContain("side by side");
  });

  test("know a printed duration by its name", () => {
    const proposal = propose(wishes, readProbe([exited("ms: 5\n"), exited("ms: 6\n")]), "ms");
    expect("text" in proposal && proposal.text).toContain("timing: true");
  });

  test("ask for the direction of a name that tells none", () => {
    expect(propose(wishes, readProbe([exited("x: 1\n"), exited("x: 1\n")]), "x")).toEqual({
      missing: "goal",
    });
  });

  test("fail together when one of them fails", () => {
    expect(readProbe([exited("loss: 1\n"), exited("Error: no data\n", 1)]).failure).toContain("no data");
  });
});
