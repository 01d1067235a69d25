/**
 * The Agent Client Protocol: one process for one experiment, begun again once when it dies in the middle of its work
 * (docs/decisions/0013-agents.md says why not one for all).
 */

import type {
  ClientConnection,
  InitializeRequest,
  InitializeResponse,
  NewSessionRequest,
  PromptRequest,
  PromptResponse,
  SessionUpdate,
} from "@agentclientprotocol/sdk/unstable";
import { client, methods, ndJsonStream, PROTOCOL_VERSION } from "@agentclientprotocol/sdk/unstable";
import type { Exit } from "../../core/sandbox.ts";
import type { Worked } from "./cause.ts";
import type { Desk } from "./desk.ts";
import { answerPermission } from "./permission.ts";
import type { McpServer } from "./preset.ts";
import { NO_USAGE, type Said } from "./said.ts";
import type { Watch } from "./watch.ts";
import { readWorkspaceFile, writeWorkspaceFile } from "./workspace-files.ts";

export interface AcpTask {
  readonly line: string;
  readonly env: Readonly<Record<string, string>>;
  readonly prompt: string;
  readonly workspace: string;
  readonly sessionMode?: string;
  readonly mcpServers: readonly McpServer[];
  /** Offers the client's own reading and writing of files: for agents that have no tools for it. */
  readonly offersFiles: boolean;
  readonly desk: Desk;
  readonly watch: Watch;
  readonly signal: AbortSignal;
}

/** How often an agent that died at work is begun again. */
const RESTARTS = 1;
const GO_ON =
  "You were interrupted in the middle of your work. Look at what you have changed so far, go on from there, and finish.";

export async function takeAcpWay(task: AcpTask): Promise<Worked> {
  const talk = new Conversation(task);
  for (let restarts = 0; ; restarts += 1) {
    const { exit, turn } = await oneProcess(task, talk);
    const isDead = turn.kind === "died" && !task.signal.aborted && exit.ending.kind !== "not_started";
    if (isDead && talk.hasSession && restarts < RESTARTS) continue;
    const said = talk.said();
    return { exit, said, ...(turn.kind === "done" ? {} : { turnProblem: problemWords(turn.words, exit) }) };
  }
}

/** How a turn ended: by the agent's word, by something else that it said, or with the connection. */
type TurnEnd = { readonly kind: "done" } | { readonly kind: "failed" | "died"; readonly words: string };

/** Ends with the turn, or with the process when that dies first. */
async function oneProcess(task: AcpTask, talk: Conversation): Promise<{ exit: Exit; turn: TurnEnd }> {
  const done = new AbortController();
  let turn: Promise<TurnEnd> = Promise.resolve({
    kind: "failed",
    words: "it ended before anything was said",
  });
  const exit = await task.desk.exec(
    {
      line: task.line,
      env: task.env,
      onChannel: (input, output) => {
        turn = talk.turn(input, output, task.signal).finally(() => done.abort());
      },
    },
    AbortSignal.any([task.signal, done.signal]),
  );
  talk.hangUp();
  return { exit, turn: await turn };
}

/** The last words on stderr say more than "connection closed". */
function problemWords(problem: string, { outputTail, ending }: Exit): string {
  const last = outputTail.trimEnd().split("\n").at(-1)?.slice(0, 300) ?? "";
  const how = ending.kind === "exited" ? ` (exit code ${ending.code})` : "";
  return last === "" ? `${problem}${how}` : `${problem}${how}: ${last}`;
}

/** One session, over as many processes as it takes. */
class Conversation {
  readonly #task: AcpTask;
  #sessionId: string | undefined;
  #connection: ClientConnection | undefined;
  #text = "";
  #response: PromptResponse | undefined;

  constructor(task: AcpTask) {
    this.#task = task;
  }

  get hasSession(): boolean {
    return this.#sessionId !== undefined;
  }

  async turn(
    input: WritableStream<Uint8Array>,
    output: ReadableStream<Uint8Array>,
    signal: AbortSignal,
  ): Promise<TurnEnd> {
    const connection = this.#app().connect(ndJsonStream(input, output));
    this.#connection = connection;
    const cancel = (): void => void this.#cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const { agent } = connection;
      const greeted = await agent.request(methods.agent.initialize, this.#greeting());
      const prompt = await this.#openSession(connection, greeted);
      const sessionId = this.#sessionId ?? "";
      const asked: PromptRequest = { sessionId, prompt: [{ type: "text", text: prompt }] };
      const response = await agent.request(methods.agent.session.prompt, asked);
      this.#response = response;
      const { stopReason } = response;
      if (stopReason === "end_turn") return { kind: "done" };
      return { kind: "failed", words: `its turn ended with ${stopReason}` };
    } catch (error) {
      return { kind: connection.signal.aborted ? "died" : "failed", words: wordsOf(error) };
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /** Ends the turn when the process has died: nothing will come any more. */
  hangUp(): void {
    this.#connection?.close(new Error("it died at work"));
  }

  said(): Said {
    const text = this.#text.trim();
    // Agents end a turn well although their provider failed, and say so in prose alone.
    const [, error] = /(?:^|\n)(?:Ran into this error|Request failed|API Error): ([^\n]*)/.exec(text) ?? [];
    return { text, calls: 0, usage: usageOf(this.#response), ...(error === undefined ? {} : { error }) };
  }

  #greeting(): InitializeRequest {
    const fs = { readTextFile: this.#task.offersFiles, writeTextFile: this.#task.offersFiles };
    return {
      protocolVersion: PROTOCOL_VERSION,
      clientInfo: { name: "nightlab", version: "1" },
      clientCapabilities: { fs, terminal: false },
    };
  }

  /** The prompt to begin with: the whole one, or an order to go on where the agent could take up its session. */
  async #openSession(connection: ClientConnection, greeted: InitializeResponse): Promise<string> {
    const { workspace, sessionMode, prompt } = this.#task;
    const { agent } = connection;
    const place: NewSessionRequest = { cwd: workspace, mcpServers: this.#mcpServers() };
    const resumed = await this.#resume(connection, greeted, place);
    if (!resumed) this.#sessionId = (await agent.request(methods.agent.session.new, place)).sessionId;
    const sessionId = this.#sessionId ?? "";
    if (sessionMode !== undefined) {
      // An agent that has no such mode asks: the policy answers.
      await agent
        .request(methods.agent.session.setMode, { sessionId, modeId: sessionMode })
        .catch(() => undefined);
    }
    this.#text = "";
    return resumed ? GO_ON : prompt;
  }

  async #resume(
    { agent }: ClientConnection,
    { agentCapabilities }: InitializeResponse,
    place: NewSessionRequest,
  ): Promise<boolean> {
    const sessionId = this.#sessionId;
    if (sessionId === undefined) return false;
    const params = { ...place, sessionId };
    const can = agentCapabilities?.sessionCapabilities?.resume != null;
    try {
      if (can) await agent.request(methods.agent.session.resume, params);
      else if (agentCapabilities?.loadSession) await agent.request(methods.agent.session.load, params);
      else return false;
      return true;
    } catch {
      return false; // it says it can and does not: a new session does as well
    }
  }

  #mcpServers() {
    return this.#task.mcpServers.map(({ name, command, args }) => ({
      name,
      command,
      args: [...args],
      env: [],
    }));
  }

  #app() {
    const { workspace, desk, watch } = this.#task;
    return client({ name: "nightlab" })
      .onRequest(methods.client.session.requestPermission, ({ params }) => {
        watch.heard();
        return answerPermission(params, [workspace, desk.home]);
      })
      .onRequest(methods.client.fs.readTextFile, async ({ params: { path, line, limit } }) => ({
        content: await readWorkspaceFile(workspace, path, { line: line ?? null, limit: limit ?? null }),
      }))
      .onRequest(methods.client.fs.writeTextFile, async ({ params: { path, content } }) => {
        await writeWorkspaceFile(workspace, path, content);
        return {};
      })
      .onNotification(methods.client.session.update, ({ params }) => {
        watch.heard();
        this.#hear(params.update);
      });
  }

  #hear(update: SessionUpdate): void {
    if (update.sessionUpdate === "tool_call") this.#text = "";
    if (update.sessionUpdate !== "agent_message_chunk" || update.content.type !== "text") return;
    this.#text = (this.#text + update.content.text).slice(-TEXT_CHARACTERS);
  }

  async #cancel(): Promise<void> {
    if (this.#sessionId === undefined) return;
    const { agent } = this.#connection ?? {};
    await agent?.notify(methods.agent.session.cancel, { sessionId: this.#sessionId }).catch(() => undefined);
  }
}

const TEXT_CHARACTERS = 40_000;

/** Input without caches, as most agents tell it; some tell of their last call alone. */
function usageOf(response: PromptResponse | undefined): Said["usage"] {
  const usage = response?.usage;
  if (usage == null) return NO_USAGE;
  const { inputTokens, outputTokens, cachedReadTokens, cachedWriteTokens, thoughtTokens } = usage;
  return {
    freshTokens: inputTokens,
    cachedTokens: cachedReadTokens ?? 0,
    cacheWriteTokens: cachedWriteTokens ?? 0,
    outputTokens,
    reasoningTokens: thoughtTokens ?? 0,
  };
}

function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const data = (error as { data?: unknown }).data;
  const more = data === undefined ? "" : ` ${typeof data === "string" ? data : JSON.stringify(data)}`;
  return `${message}${more}`.slice(0, 500);
}
