/** A whole study of a model: real git, sandbox, measurements and ledger; only the model is scripted, over its real wire. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OpenAccess } from "../../src/compose/model-staff.ts";
import { openRun } from "../../src/compose.ts";
import type { ExperimentRecord } from "../../src/core/study.ts";
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

async function study(play: Play, researchers: readonly Settings[], experiments: number) {
  server = await openModelServer({
    keepsBodies: true,
    requireKey: "the key",
    answer: ({ turns }) => {
      const experiment = Number(/This is experiment e(\d+)\./.exec(JSON.stringify(turns))?.[1]);
      const results = turns.flatMap((turn) => (turn.kind === "result" ? [turn.text] : []));
      return (play[experiment - 1] ?? play.at(-1))?.(results);
    },
  });
  const program = { ...SETTINGS, researchers, budget: { experiments } };
  const files = { "loss.txt": "64\n", "program.md": programText(program, BODY) };
  const repository = await makeRepository(join(folder, "repository"), files);
  const asked: Parameters<OpenAccess>[] = [];
  const run = await openRun({
    cwd: repository,
    environment: { PATH: process.env.PATH ?? "", HOME: folder, XDG_STATE_HOME: join(folder, "state") },
    mode: { kind: "start", tag: "night" },
    openAccess: (...args) => {
      asked.push(args);
      const { origin } = server;
      return {
        baseUrl: (wire) => (wire === "anthropic" ? origin : `${origin}/v1`),
        key: "the key",
        calls: [],
        close: () => undefined,
      };
    },
  });
  const never = new AbortController().signal;
  try {
    const end = await run.work({ pause: never, finish: never, stop: never });
    return { repository, asked, end, records: [...run.lab.experiments], run: run.lab.run };
  } finally {
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
  const done = await study(play, [{ model: "anthropic/claude-test", role: "theorist", effort: "low" }], 6);
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
});

test("a model whose key is refused ends the run with the next command, not the night of the others", async () => {
  const refused = [{ model: "openai/gpt-test" }, { command: "echo 32 > loss.txt; echo a command" }];
  const done = await study([() => ({ fault: { kind: "error", status: 401 } })], refused, 2);
  expect(done.records.map(told)).toEqual([
    [
      "gave_up",
      expect.stringMatching(/refuses the key \(401\).*export OPENAI_API_KEY=…, then: nightlab resume/),
    ],
    ["kept", "a command"],
  ]);
});
