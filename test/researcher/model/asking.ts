/** Model researchers against the scripted model server: a workspace of small files, direct access, a clock that stands still. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Brief } from "../../../src/core/brief.ts";
import type { ModelAccess, ModelCall } from "../../../src/core/provider.ts";
import type { Answer, Proposal } from "../../../src/core/researcher.ts";
import { type Endpoint, languageModel, sdkChat } from "../../../src/researcher/model/ai-sdk.ts";
import { modelResearcher } from "../../../src/researcher/model/model.ts";
import { FakeClock } from "../../../src/testing/fake-clock.ts";
import {
  type ModelServer,
  type ModelServerOptions,
  openModelServer,
  type ScriptInput,
  scriptText,
} from "../../../src/testing/model-server/index.ts";
import { SAMPLE_BRIEF } from "../../../src/testing/sample-brief.ts";

export const WIRES = ["openai_chat", "openai_responses", "anthropic"] as const;
export const IDLE_MS = 300_000;
const TOTAL_MS = 1_800_000;

/** A brief whose only lesson is what the model shall say: the notebook reaches it fenced, and the server reads it there. */
export function scriptedBrief(script: ScriptInput, over: Partial<Brief> = {}): Brief {
  return { ...SAMPLE_BRIEF, notebook: scriptText(script), ...over };
}

export async function makeDesk(files: Readonly<Record<string, string>> = { "a.txt": "one\ntwo\nthree\n" }) {
  const root = await mkdtemp(join(tmpdir(), "nightlab-model-"));
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);
  return { root, remove: () => rm(root, { recursive: true, force: true }) };
}

export interface Asking {
  readonly server: ModelServer;
  readonly clock: FakeClock;
  readonly closed: () => number;
  ask(brief: Brief, root: string, signal?: AbortSignal): Promise<Proposal>;
  question(brief: Brief, root: string, question: string): Promise<Answer | undefined>;
}

/** Asks for one proposal; `calls` stands for what a gateway recorded. */
export async function openAsking(
  wire: Endpoint["wire"],
  options: ModelServerOptions & { calls?: readonly ModelCall[]; key?: string; baseUrl?: string } = {},
): Promise<Asking> {
  const server = await openModelServer({ keepsBodies: true, ...options });
  const clock = new FakeClock();
  let closed = 0;
  const origin = options.baseUrl ?? server.origin;
  const access: ModelAccess = {
    baseUrl: (of) => (of === "anthropic" ? origin : `${origin}/v1`),
    key: options.key ?? "dummy",
    calls: options.calls ?? [],
    close: () => {
      closed += 1;
    },
  };
  const researcher = modelResearcher({
    name: "test/model",
    clock,
    totalMs: TOTAL_MS,
    openAccess: () => access,
    openChat: async ({ baseUrl, key }, chat) =>
      sdkChat({
        ...chat,
        clock,
        idleMs: IDLE_MS,
        languageModel: languageModel({ wire, baseUrl: baseUrl(wire), key, model: "fake-model" }),
      }),
    next: { unauthorized: "set TEST_KEY, then nightlab resume", unknownModel: "correct `model`" },
  });
  return {
    server,
    clock,
    closed: () => closed,
    ask: (brief, root, signal = new AbortController().signal) => researcher.propose(brief, root, signal),
    question: async (brief, root, question) =>
      await researcher.answer?.(brief, question, root, new AbortController().signal),
  };
}

/** Lets time pass while no call is under way, as in a wait between two, until `work` is done. */
export async function whileTimePasses<Result>(
  { clock, server }: Asking,
  work: Promise<Result>,
): Promise<Result> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    if (server.calls.every(({ end }) => end !== "open")) await clock.advance(10);
  }
  return await work;
}
