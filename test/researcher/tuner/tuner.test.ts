import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Brief, PastExperiment } from "../../../src/core/brief.ts";
import { experimentId, type Idea } from "../../../src/core/experiment.ts";
import type { Program } from "../../../src/core/program.ts";
import { tunerResearcher } from "../../../src/researcher/tuner/tuner.ts";

const FILE = `const LEARNING_RATE = 1e-2; // tune: 1e-4..1 log
const WIDTH = 16;
const ACTIVATION = "relu"; // tune: relu | gelu
const SEED = 3;
export function train() {}
`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tuner-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

function program(edit: string[], protect: string[] = []): Program {
  return {
    path: "program.md",
    source: "",
    metric: { name: "loss", goal: "minimize", seeded: true, timing: false },
    constraints: [],
    measure: "node train.ts",
    artifact: [],
    edit,
    protect,
    steering: [],
    holdoutFiles: [],
    link: [],
    copy: [],
    env: {},
    passEnv: [],
    limits: { timeMs: 1000, network: "none", outputBytes: 1000 },
    sandbox: "process",
    budget: {},
    risk: "balanced",
    parallel: 1,
    researchers: [{ kind: "tuner" }],
    prices: {},
    sections: [],
    roles: [],
    ideas: [],
    inferred: [],
  };
}

function brief(over: Partial<Brief> = {}): Brief {
  return {
    experiment: experimentId(1),
    program: program(["train.ts"]),
    history: [],
    inFlight: [],
    openIdeas: [],
    queue: [],
    isGiven: false,
    guidance: [],
    notebook: "",
    headGain: 0,
    headDiff: "",
    noiseSd: 0.01,
    isDeterministic: false,
    randomSeed: 7,
    budgetLeft: 1,
    ...over,
  };
}

async function idea(over: Partial<Brief> = {}): Promise<Idea> {
  const proposal = await tunerResearcher().propose(brief(over), folder, new AbortController().signal);
  if (proposal.kind !== "idea") throw new Error(proposal.reason);
  return proposal.idea;
}

function past(
  ordinal: number,
  settings: Record<string, number | string | boolean>,
  gain?: number,
): PastExperiment {
  const measured = gain === undefined ? {} : { gainOverHead: gain };
  const status = gain === undefined ? "crashed" : gain > 0 ? "kept" : "discarded";
  const of = { title: "t", why: "w", settings };
  return {
    experiment: experimentId(ordinal),
    researcher: "tuner",
    idea: of,
    status,
    reasons: ["r"],
    headGain: 0,
    ...measured,
  };
}

test("writes other literals, nothing else, and says what it changed", async () => {
  await write({ "train.ts": FILE });
  const { title, why, settings = {}, forecast } = await idea();
  const text = await readFile(join(folder, "train.ts"), "utf8");
  expect(text).not.toBe(FILE);
  expect(text.replace(/= \S+;/g, "")).toBe(FILE.replace(/= \S+;/g, ""));
  expect(text).toContain("const SEED = 3;");
  expect(text).toContain(`const WIDTH = ${settings["train.ts:WIDTH"]};`);
  expect(Object.keys(settings)).toEqual(["train.ts:LEARNING_RATE", "train.ts:WIDTH", "train.ts:ACTIVATION"]);
  expect(title).toMatch(/[A-Z]+ \S+ -> \S+/);
  expect(why).toContain("3 constants");
  expect(forecast).toEqual({ gain: 0.01, probability: 0.2 });
});

test("proposes the same after a restart and something else for another experiment", async () => {
  await write({ "train.ts": FILE });
  const history = [past(1, { "train.ts:LEARNING_RATE": 0.02 }, 0.1)];
  const first = await idea({ history });
  await write({ "train.ts": FILE });
  expect(await idea({ history })).toEqual(first);
  await write({ "train.ts": FILE });
  expect((await idea({ history, inFlight: [first] })).settings).not.toEqual(first.settings);
});

test("asked twice at the same moment, proposes two different settings", async () => {
  await write({ "train.ts": FILE });
  const tuner = tunerResearcher();
  const signal = new AbortController().signal;
  const asked = [1, 2].map((ordinal) =>
    tuner.propose(brief({ experiment: experimentId(ordinal) }), folder, signal),
  );
  const settings = (await Promise.all(asked)).map((one) =>
    one.kind === "idea" ? one.idea.settings : undefined,
  );
  expect(settings[0]).toBeDefined();
  expect(settings[0]).not.toEqual(settings[1]);
});

test("goes where experiments have gained", async () => {
  const rates = [0.001, 0.003, 0.006, 0.012, 0.02, 0.03];
  const history = rates.map((rate, index) =>
    past(
      index + 1,
      { "train.ts:LEARNING_RATE": rate, "train.ts:WIDTH": 16, "train.ts:ACTIVATION": "relu" },
      Math.log(rate / 0.01),
    ),
  );
  await write({ "train.ts": FILE });
  const { settings } = await idea({ history });
  expect(settings?.["train.ts:LEARNING_RATE"]).toBeGreaterThan(0.02);
});

test("tries every setting once and then is exhausted", async () => {
  const text = "const A = 1; // tune: 1 | 2 | 3\nconst B = true;\n";
  const seen = new Set<string>();
  const history: PastExperiment[] = [];
  for (let ordinal = 1; ordinal <= 5; ordinal++) {
    await write({ "train.ts": text });
    const { settings = {} } = await idea({ history, randomSeed: ordinal });
    seen.add(JSON.stringify(settings));
    history.push(past(ordinal, settings, ordinal === 3 ? undefined : -0.1 * ordinal));
  }
  expect(seen.size).toBe(5);
  await write({ "train.ts": text });
  const proposal = await tunerResearcher().propose(brief({ history }), folder, new AbortController().signal);
  expect(proposal).toMatchObject({ kind: "gave_up", exhausted: true });
  expect(await readFile(join(folder, "train.ts"), "utf8")).toBe(text);
});

test("lives with knobs that others renamed, removed or moved out of range", async () => {
  await write({
    "train.ts": "const RATE = 5; // tune: 0.1..2\nconst ACTIVATION = 'gelu'; // tune: relu | gelu\n",
  });
  const history = [
    past(1, { "train.ts:LEARNING_RATE": 0.02, "train.ts:ACTIVATION": "silu" }, 0.1),
    past(2, { "train.ts:RATE": "fast", "gone.py:X": 3 }),
  ];
  const { settings = {} } = await idea({ history });
  expect(Object.keys(settings)).toEqual(["train.ts:RATE", "train.ts:ACTIVATION"]);
  expect(await readFile(join(folder, "train.ts"), "utf8")).toContain(
    `const RATE = ${settings["train.ts:RATE"]};`,
  );
});

test("touches neither protected files nor files behind links", async () => {
  const outside = await mkdtemp(join(tmpdir(), "outside-"));
  await writeFile(join(outside, "far.ts"), "const FAR = 2;\n");
  await write({ "src/a.py": "RATE = 0.1\n", "src/score.py": "LIMIT = 2\n", "src/notes.txt": "const X = 2;" });
  await symlink(join(outside, "far.ts"), join(folder, "src/far.ts"));
  await symlink(outside, join(folder, "src/linked"));
  const { settings = {} } = await idea({ program: program(["src"], ["src/score.py"]) });
  expect(Object.keys(settings)).toEqual(["src/a.py:RATE"]);
  expect(await readFile(join(outside, "far.ts"), "utf8")).toBe("const FAR = 2;\n");
  await rm(outside, { recursive: true });
});

test("gives up for good with the reason when there is nothing to tune", async () => {
  const propose = () => tunerResearcher().propose(brief(), folder, new AbortController().signal);
  expect(await propose()).toMatchObject({
    kind: "gave_up",
    exhausted: true,
    reason: expect.stringContaining("editable file"),
  });
  await write({ "train.ts": "const A = f(3); // tune: 9..1\n" });
  expect(await propose()).toMatchObject({ kind: "gave_up", reason: expect.stringContaining("train.ts:1") });
});

test("writes nothing once it was stopped", async () => {
  await write({ "train.ts": FILE });
  const proposal = await tunerResearcher().propose(brief(), folder, AbortSignal.abort());
  expect(proposal.kind).toBe("gave_up");
  expect(await readFile(join(folder, "train.ts"), "utf8")).toBe(FILE);
});

test("expects from itself what it has reached so far", async () => {
  await write({ "train.ts": FILE });
  const history = [0.3, -0.1, -0.2, 0.1, -0.1].map((gain, index) =>
    past(index + 1, { "train.ts:WIDTH": 4 + index }, gain),
  );
  const { forecast } = await idea({ history });
  expect(forecast?.probability).toBeCloseTo(3 / 10);
  expect(forecast?.gain).toBeCloseTo((0.3 + 0.1 + 0.01) / 3);
});

test("many constants are searched without a surrogate", async () => {
  const lines = Array.from({ length: 80 }, (_, index) => `const K${index} = 0.${index + 1};`);
  await write({ "train.ts": lines.join("\n") });
  const { title, settings = {} } = await idea({ isDeterministic: true });
  expect(Object.keys(settings)).toHaveLength(60);
  expect(title.split(" -> ").length).toBeLessThanOrEqual(4);
});

test("goes on after candidates that printed the largest numbers there are", async () => {
  const largest = [1e308, -1e308, Number.MAX_VALUE, -Number.MAX_VALUE, 1e308, 0.1];
  for (const few of [6, 30]) {
    const history = Array.from({ length: few }, (_, index) => ({
      ...past(
        index + 1,
        { "train.ts:LEARNING_RATE": 0.01 * (index + 1), "train.ts:WIDTH": 10 + index },
        largest[index % largest.length],
      ),
      headGain: index > 3 ? Number.MAX_VALUE : 0,
    }));
    await write({ "train.ts": FILE });
    const { settings = {}, forecast } = await idea({ history, headGain: Number.MAX_VALUE, noiseSd: 1e151 });
    const numbers = [settings["train.ts:LEARNING_RATE"], settings["train.ts:WIDTH"], forecast?.gain];
    expect(numbers.map(Number.isFinite)).toEqual([true, true, true]);
  }
});
