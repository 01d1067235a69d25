import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Exit } from "../../src/core/sandbox.ts";
import { guessEditable, guessMeasures, readsSeed } from "../../src/init/detect.ts";
import { metricOf, propose, readProbe } from "../../src/init/propose.ts";
import { guessSplit } from "../../src/init/split.ts";
import { parseProgram } from "../../src/program/parse.ts";

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

describe("training and scoring in two steps", () => {
  const files = ["train.py", "evaluate.py", "data/labels.json"];
  const write = async (train: string, evaluate: string) => {
    const folder = await mkdtemp(join(root, "split-"));
    await writeFile(join(folder, "train.py"), train);
    await writeFile(join(folder, "evaluate.py"), evaluate);
    return folder;
  };

  test("are told by a file that both name and git does not hold", async () => {
    const folder = await write(
      'labels = load("data/labels.json")\ntorch.save(model, "./out/model.pt")\n',
      'labels = load("data/labels.json")\nmodel = torch.load("out/model.pt")\n',
    );
    const split = await guessSplit(folder, files, "uv run train.py --fast");
    expect(split).toEqual({
      evaluator: "evaluate.py",
      evaluate: "uv run evaluate.py --fast",
      artifact: ["out/model.pt"],
    });
    expect(await guessSplit(folder, files, "node bench.js")).toBeUndefined();
  });

  test("are not, where nothing is left for the other or it lies outside", async () => {
    for (const path of ["data/labels.json", "/tmp/model.pt", "../model.pt"]) {
      const folder = await write(`save("${path}")`, `load("${path}")`);
      expect(await guessSplit(folder, files, "python3 train.py")).toBeUndefined();
    }
    const apart = await write('save("a.pt")', 'load("b.pt")');
    expect(await guessSplit(apart, files, "python3 train.py")).toBeUndefined();
  });

  test("are proposed as comments, which are valid settings once the signs are taken out", () => {
    const split = { evaluator: "evaluate.py", evaluate: "python3 evaluate.py", artifact: ["model.pt"] };
    const wishes = { measure: "python3 train.py", edit: ["train.py"], seeded: false, split };
    const proposal = propose(wishes, readProbe([exited("loss: 2\n"), exited("loss: 2\n")]), "loss");
    if (!("text" in proposal)) throw new Error("a proposal");
    expect(proposal.notes.join()).toContain("evaluate.py seems to score model.pt");
    expect(parseProgram(proposal.text, "program.md").program?.evaluate).toBeUndefined();
    const taken = proposal.text.replace(/^# (evaluate|artifact|protect):/gm, "$1:");
    const { program, problems } = parseProgram(taken, "program.md");
    expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(program).toMatchObject({ evaluate: "python3 evaluate.py", artifact: ["model.pt"] });
    expect(program?.protect).toContain("evaluate.py");
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
