/** Decides what the server answers: the script in the prompt, else what the test gave, else a fixed text. */

import type { TokenUsage } from "../../core/provider.ts";
import { chooseTool } from "./client-tools.ts";
import type { Answer, ModelRequest, OfferedTool, ToolCall } from "./model-request.ts";
import { findScript, MALFORMED_ID, type Script, type ScriptReader } from "./script.ts";

export interface Decided {
  readonly answer: Answer;
  readonly script?: string;
  readonly step?: number;
  readonly problem?: string;
}

export type Answerer = (request: ModelRequest) => Answer | undefined | Promise<Answer | undefined>;

export async function decide(
  request: ModelRequest,
  reader: ScriptReader,
  answerer: Answerer | undefined,
): Promise<Decided> {
  let found: ReturnType<typeof findScript>;
  try {
    found = findScript(request);
  } catch (error) {
    const problem = `unreadable script: ${(error as Error).message}`;
    return { answer: { fault: { kind: "error", status: 400, code: "bad_script" } }, problem };
  }
  if (found !== undefined) return follow(request, { ...found, reader });
  return { answer: (await answerer?.(request)) ?? { text: "Done." } };
}

interface Following {
  readonly script: Script;
  readonly done: number;
  readonly reader: ScriptReader;
}

function follow(request: ModelRequest, { script, done, reader }: Following): Decided {
  const next = reader.next(script, done, request.tools.length > 0);
  const told = (answer: Answer, step?: number): Decided => ({
    answer,
    script: script.id,
    ...(step === undefined ? {} : { step }),
  });
  switch (next.kind) {
    case "side":
      return told({ text: "Scripted title" });
    case "final":
      return told({ text: next.text });
    case "fault":
      return told(
        { fault: next.fault, text: "This answer does not arrive whole.", toolCalls: [] },
        next.index,
      );
    case "malformed":
      return told(malformed(request), next.index);
    case "tool": {
      const use = chooseTool(next.step, request.tools);
      const id = `call_${script.id.replaceAll(/[^A-Za-z0-9]/g, "")}_${next.index}`;
      if (use !== undefined) return told({ toolCalls: [{ id, ...use }] }, next.index);
      const names = request.tools.map(({ name }) => name).join(", ");
      const problem = `no tool for "${next.step.op}" among: ${names}`;
      return { ...told({ text: problem }, next.index), problem };
    }
  }
}

function malformed(request: ModelRequest): Answer {
  if (request.wire === "gemini") return { isMalformed: true };
  const tool = request.tools.find(({ kind }) => kind === "function") ?? NO_TOOL;
  const call: ToolCall = { id: `call_${MALFORMED_ID}`, tool, args: '{"path": "half of an arg' };
  return { toolCalls: [call] };
}

const NO_TOOL: OfferedTool = { name: "no_such_tool", description: "", schema: {}, kind: "function" };

/** Numbers that follow from the request alone, so that any two counts of the same calls can be compared. */
export function countTokens(request: ModelRequest, answerText: string): TokenUsage {
  const input = Math.ceil(request.bodyBytes / 4);
  const isLater = request.turns.some(({ kind }) => kind === "result");
  const cachedTokens = isLater ? Math.floor(input / 2) : 0;
  const cacheWriteTokens = request.wire === "anthropic" ? Math.floor(input / 8) : 0;
  const reasoningTokens = request.wire === "anthropic" ? 0 : 3;
  return {
    freshTokens: input - cachedTokens - cacheWriteTokens,
    cachedTokens,
    cacheWriteTokens,
    outputTokens: Math.ceil(answerText.length / 4) + 5 + reasoningTokens,
    reasoningTokens,
  };
}
