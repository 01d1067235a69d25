import { expect, test } from "vitest";
import { parseProgram } from "../../src/program/parse.ts";
import { withoutRedirect } from "../../src/program/prose.ts";
import { parsed } from "./samples.ts";

const prose = `# tinylab

You are the researcher here. Before you begin, read:

- \`README.md\` for the background.
- \`prepare.py\`: data and scoring, fixed. Do not modify.
- \`train.py\`: the file you modify.

If the data folder is empty, ask for \`uv run prepare.py\`.

Training runs for a fixed budget of 5 minutes. Start it with \`uv run train.py\`.

What you CANNOT do:

- Change \`prepare.py\`. It is read-only.
- Add packages to \`pyproject.toml\`.

Get the lowest val_bpb you can. At the end it prints:

\`\`\`
---
val_bpb:      1.0321
total_time:   301.2
\`\`\`

Then loop:

1. \`uv run train.py > run.log 2>&1\`
2. \`grep "^val_bpb:\\|^total_time:" run.log\`
`;

test("a program in prose alone is understood, and says how", () => {
  const program = parsed(prose);
  expect(program).toMatchObject({
    metric: { name: "val_bpb", goal: "minimize", seeded: false },
    measure: "uv run train.py",
    edit: ["train.py"],
    limits: { timeMs: 660_000, network: "none" },
  });
  expect(program.protect).toEqual(expect.arrayContaining(["prepare.py", "pyproject.toml", "program.md"]));
  expect(program.inferred).toEqual([
    "edit is `train.py`, inferred from the text.",
    "protect is `prepare.py`, `pyproject.toml`, inferred from the text.",
    "measure is `uv run train.py`, inferred from the command in the text.",
    'metric is val_bpb, inferred from `grep "^val_bpb:\\|^total_time:" run.log`.',
    'metric.goal is minimize, inferred from the words "lowest".',
    'limits.time is 11m, inferred from "5 minutes": twice that and a minute for start and evaluation.',
    "researchers are tuner alone.",
    "No budget is written: a run goes on until you stop it.",
  ]);
});

test("a stated time to kill is taken as it is", () => {
  const program = parsed(`${prose}\nIf a run takes longer than 8 minutes, kill it.\n`);
  expect(program.limits.timeMs).toBe(480_000);
});

test("without grep, the printed number that the goal speaks of is the metric", () => {
  const program = parsed(prose.replace(/2\. `grep.*\n/, ""));
  expect(program.metric.name).toBe("val_bpb");
});

test("what is written overrules the prose", () => {
  const program = parsed(`---\nmeasure: python train.py\nedit: [prepare.py]\n---\n${prose}`);
  expect(program).toMatchObject({
    measure: "python train.py",
    edit: ["prepare.py"],
    limits: { timeMs: 600_000 },
  });
  expect(program.protect).not.toContain("prepare.py");
});

test.each([
  ["files", prose.replace("the file you modify", "the model"), "`edit: [train.ts]`"],
  ["a command", prose.replaceAll("uv run", "launch"), "`measure: node train.ts`"],
  [
    "one command",
    prose.replace("`uv run train.py`", "`uv run train.py --small`"),
    "`measure: node train.ts`",
  ],
  [
    "a metric",
    prose.replaceAll("val_bpb:", "val_bpb ").replaceAll("total_time:", "total_time "),
    "`metric: {",
  ],
])("where the prose does not name %s, the error says which key to write", (_, source, key) => {
  const { problems } = parseProgram(source, "program.md");
  expect(problems).toHaveLength(1);
  expect(problems[0]?.fix).toContain(key);
});

test.each([
  ["python t.py > run.log 2>&1", "python t.py"],
  ["python t.py 2>&1 | tee run.log", "python t.py"],
  ["node a.js &> out", "node a.js"],
  ["node a.js --flag >> out.txt", "node a.js --flag"],
])("%s is measured as %s", (written, command) => {
  expect(withoutRedirect(written)).toBe(command);
});
