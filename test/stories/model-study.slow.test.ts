/** A whole study of a model: real git, sandbox, gateway and ledger; only the model is scripted, behind its real wire. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { modelUpstreams, type OpenAccess } from "../../src/compose/model-staff.ts";
import { systemClock } from "../../src/compose/surroundings.ts";
import { openRun } from "../../src/compose.ts";
import type { ExperimentId } from "../../src/core/experiment.ts";
import { tokensOf } from "../../src/core/provider.ts";
import type { ExperimentRecord } from "../../src/core/study.ts";
import { openGateway } from "../../src/gateway/gateway.ts";
import type { Lab } from "../../src/loop/lab.ts";
import { loadProgram } from "../../src/program/load.ts";
import { type Answer, type ModelServer, openModelServer } from "../../src/testing/model-server/index.ts";
import { git, makeRepository, programText, type Settings } from "./repositories.ts";

let folder: string;
let server: ModelServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nightlab-model-study-"));
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const SETTINGS: Settings = {
  metric: { name: "loss", goal: "minimize" },
  measure: 'echo "loss: $(cat loss.txt)"',
  edit: ["loss.txt"],
  sandbox: "process",
};
const BODY = "# Mission\n\nLower the loss.\n\n## Roles\n\n### theorist\n\nThink in powers of two.\n";

const READ = { name: "read_file", kind: "function" } as const;
const PROPOSE = { name: "propose_change", kind: "function" } as const;

/** Reads the file, then halves what it holds. */
function halve(results: readonly string[]): Answer {
  const loss = /lines 1 to 2 of 2:\n(\d+)/.exec(results.at(-1) ?? "")?.[1];
  if (loss === undefined) return { toolCalls: [{ id: "r", tool: READ, args: { path: "loss.txt" } }] };
  const edits = [{ path: "loss.txt", search: loss, replace: String(Number(loss) / 2) }];
  const idea = {
    title: `half of ${loss}`,
    why: "less",
    forecast: { gain: Number(loss) / 2, probability: 0.9 },
  };
  return { toolCalls: [{ id: "p", tool: PROPOSE, args: { ...idea, edits } }] };
}

/** What the model answers in each experiment; the last one goes on. */
type Play = readonly ((results: readonly string[]) => Answer)[];

async function study(
  play: Play,
  researchers: readonly Settings[],
  { budget, key = "the key" }: { budget: { experiments: number; tokens?: number }; key?: string },
) {
  server = await openModelServer({
    keepsBodies: true,
    requireKey: "the key",
    answer: ({ turns }) => {
      const experiment = Number(/This is experiment e(\d+)\./.exec(JSON.stringify(turns))?.[1]);
      const results = turns.flatMap((turn) => (turn.kind === "result" ? [turn.text] : []));
      return (play[experiment - 1] ?? play.at(-1))?.(results);
    },
  });
  const program = { ...SETTINGS, researchers, budget };
  const files = { "loss.txt": "64\n", "program.md": programText(program, BODY) };
  const repository = await makeRepository(join(folder, "repository"), files);
  const asked: Parameters<OpenAccess>[] = [];
  let lab: Lab | undefined;
  const gateway = await openGateway({
    upstreams: modelUpstreams(loadProgram(join(repository, "program.md"))).map(({ wire, model }) => {
      const baseUrl = wire === "anthropic" ? server.origin : `${server.origin}/v1`;
      return { wire, baseUrl, apiKey: key, modelPrefix: model };
    }),
    clock: systemClock,
    left: () => (budget.tokens === undefined ? {} : { tokens: budget.tokens - (lab?.run.tokens ?? 0) }),
    onCall: async (call, { experiment, researcher }) => {
      const about = { kind: "called", experiment: experiment as ExperimentId, researcher } as const;
      await lab?.record({ ...about, run: lab.tag, call });
    },
  });
  const run = await openRun({
    cwd: repository,
    environment: { PATH: process.env.PATH ?? "", HOME: folder, XDG_STATE_HOME: join(folder, "state") },
    mode: { kind: "start", tag: "night" },
    openAccess: (...args) => {
      asked.push(args);
      return gateway.access(args[0], args[1]);
    },
  });
  lab = run.lab;
  const never = new AbortController().signal;
  try {
    const end = await run.work({ pause: never, finish: never, stop: never });
    return { repository, asked, end, records: [...run.lab.experiments], run: run.lab.run };
  } finally {
    await gateway.close();
    await run.close();
  }
}

const told = ({ status, reasons, idea }: ExperimentRecord) => [status, idea?.title ?? reasons[0]];

test("a model in a role improves the metric through experiments that also go wrong", async () => {
  const outside = { path: "program.md", content: "# Mine\n" };
  const lost = { path: "loss.txt", search: "no such line", replace: "1" };
  const answerOf = (edit: unknown) => () => ({
    toolCalls: [{ id: "p", tool: PROPOSE, args: { title: "astray", edits: [edit] } }],
  });
  const play: Play = [
    halve,
    answerOf(outside),
    answerOf(lost),
    () => ({ text: "I have no idea." }),
    () => ({ fault: { kind: "error", status: 400 } }),
    halve,
  ];
  const done = await study(play, [{ model: "anthropic/claude-test", role: "theorist", effort: "low" }], {
    budget: { experiments: 6 },
  });
  expect(done.records.map(told)).toEqual([
    ["kept", "half of 64"],
    ["out_of_scope", "astray"],
    ["gave_up", expect.stringContaining("is not in the file")],
    ["gave_up", expect.stringContaining("holds no change")],
    ["gave_up", expect.stringContaining("refuses the request (400)")],
    ["kept", "half of 32"],
  ]);
  expect(git(done.repository, "show", `${done.run.verified}:loss.txt`)).toBe("16");
  expect(git(done.repository, "show", "HEAD:loss.txt")).toBe("64"); // the user's own
  expect(done.asked[0]).toMatchObject(["e1", "anthropic/claude-test/theorist", { wire: "anthropic" }]);
  const [first, last] = [server.calls[0], server.calls.at(-1)].map((call) => String(call?.body));
  expect(first).toContain("Think in powers of two.");
  expect(last).toContain("e1 kept, gain over its head +32 (foreseen +32, 90 %): half of 64");
  expect(last).toContain("What e1 changed (kept)");
  expect(server.calls.every(({ problem }) => problem === undefined)).toBe(true);
  const counted = server.calls.reduce((sum, { usage }) => sum + tokensOf(usage), 0);
  expect(done.run.tokens).toBe(counted);
  expect(counted).toBeGreaterThan(1000);
});

test("a model whose key is refused ends the run with the next command, not the night of the others", async () => {
  const refused = [
    { model: "openai/gpt-test", share: 0.5 },
    { command: "echo 32 > loss.txt; echo a command", share: 0.5 },
  ];
  const done = await study([halve], refused, { budget: { experiments: 2 }, key: "a wrong key" });
  expect(done.records.map(told)).toEqual([
    [
      "gave_up",
      expect.stringMatching(/refuses the key \(401\).*export OPENAI_API_KEY=…, then: nightlab resume/),
    ],
    ["kept", "a command"],
  ]);
});

test("the tokens of the run are a hard limit for a model that would go on for ever", async () => {
  const budget = { experiments: 100, tokens: 40_000 };
  const forEver = () => ({ toolCalls: [{ id: "r", tool: READ, args: { path: "loss.txt" } }] });
  const done = await study([forEver], [{ model: "openrouter/some/model" }], { budget });
  const largest = Math.max(...server.calls.map(({ usage }) => tokensOf(usage)));
  expect(done.run.tokens).toBeLessThanOrEqual(budget.tokens + largest);
  expect(done.records.length).toBeLessThan(10);
  expect(done.records.at(-1)?.reasons[0]).toContain("the budget for models is spent");
  expect(done.end).toMatchObject({ kind: "ended" });
});
