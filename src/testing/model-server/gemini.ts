/** Gemini generateContent and streamGenerateContent. */

import type { TokenUsage } from "../../core/provider.ts";
import {
  type JsonObject,
  type OfferedTool,
  objectIn,
  objectsIn,
  piecesOf,
  type Reply,
  stringIn,
  type Turn,
  textOf,
  type WireFormat,
} from "./model-request.ts";

function turnsOf(content: JsonObject): Turn[] {
  const role = stringIn(content.role) || "user";
  return objectsIn(content.parts).flatMap((part): Turn[] => {
    if (typeof part.text === "string") return [{ kind: "text", role, text: part.text }];
    if (!("functionResponse" in part)) return [];
    const response = objectIn(part.functionResponse);
    return [{ kind: "result", toolCallId: stringIn(response.id), text: JSON.stringify(response.response) }];
  });
}

function toolsOf(tools: unknown): OfferedTool[] {
  return objectsIn(tools)
    .flatMap((group) => objectsIn(group.functionDeclarations))
    .map((tool) => ({
      name: stringIn(tool.name),
      description: stringIn(tool.description),
      schema: objectIn(tool.parametersJsonSchema ?? tool.parameters),
      kind: "function",
    }));
}

function usageOf(usage: TokenUsage): JsonObject {
  const input = usage.freshTokens + usage.cachedTokens + usage.cacheWriteTokens;
  return {
    promptTokenCount: input,
    cachedContentTokenCount: usage.cachedTokens,
    candidatesTokenCount: usage.outputTokens - usage.reasoningTokens,
    thoughtsTokenCount: usage.reasoningTokens,
    totalTokenCount: input + usage.outputTokens,
  };
}

function partsOf({ answer }: Reply): JsonObject[] {
  if (answer.isMalformed) return [];
  const said = piecesOf(textOf(answer)).map((text) => ({ text }));
  const calls = (answer.toolCalls ?? []).map(({ id, tool, args }) => ({
    functionCall: { id, name: tool.name, args: typeof args === "string" ? {} : args },
  }));
  return [...said, ...calls];
}

function chunkOf(reply: Reply, parts: JsonObject[], isLast: boolean): JsonObject {
  const reason = reply.answer.isMalformed ? "MALFORMED_FUNCTION_CALL" : "STOP";
  const finish = isLast ? { finishReason: reason } : {};
  return {
    candidates: [{ content: { role: "model", parts }, index: 0, ...finish }],
    // Every chunk says what was counted so far; only the last one is true.
    usageMetadata: isLast ? usageOf(reply.usage) : { ...usageOf(reply.usage), candidatesTokenCount: 0 },
    modelVersion: reply.request.model,
    responseId: reply.requestId,
  };
}

export const gemini: WireFormat = {
  parse: (body, url) => ({
    model: decodeURIComponent(/models\/([^/:]+)/.exec(url.pathname)?.[1] ?? ""),
    isStreaming: url.pathname.endsWith(":streamGenerateContent"),
    wantsUsage: true,
    turns: [
      ...turnsOf({ ...objectIn(body.systemInstruction), role: "system" }),
      ...objectsIn(body.contents).flatMap(turnsOf),
    ],
    tools: toolsOf(body.tools),
  }),

  whole: (reply) => chunkOf(reply, partsOf(reply), true),

  events(reply) {
    const parts = partsOf(reply);
    const chunks = [
      ...parts.slice(0, -1).map((part) => chunkOf(reply, [part], false)),
      chunkOf(reply, parts.slice(-1), true),
    ];
    return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`);
  },

  error: (status, code, message) => ({ error: { code: status, message, status: code } }),
};
