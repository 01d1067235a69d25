/** OpenAI chat completions. */

import type { TokenUsage } from "../../core/provider.ts";
import {
  argumentsText,
  type JsonObject,
  type OfferedTool,
  objectIn,
  objectsIn,
  piecesOf,
  type Reply,
  stringIn,
  type ToolCall,
  type Turn,
  textIn,
  textOf,
  type WireFormat,
} from "./model-request.ts";

function turnOf(message: JsonObject): Turn {
  const role = stringIn(message.role);
  const text = textIn(message.content);
  return role === "tool"
    ? { kind: "result", toolCallId: stringIn(message.tool_call_id), text }
    : { kind: "text", role, text };
}

function toolOf(tool: JsonObject): OfferedTool {
  const isFreeform = tool.type === "custom";
  const inner = objectIn(isFreeform ? tool.custom : tool.function);
  return {
    name: stringIn(inner.name),
    description: stringIn(inner.description),
    schema: objectIn(inner.parameters),
    kind: isFreeform ? "freeform" : "function",
  };
}

function chatUsage(usage: TokenUsage): JsonObject {
  const input = usage.freshTokens + usage.cachedTokens + usage.cacheWriteTokens;
  return {
    prompt_tokens: input,
    completion_tokens: usage.outputTokens,
    total_tokens: input + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens, audio_tokens: 0 },
  };
}

function callOf(call: ToolCall, argumentsSent: string): JsonObject {
  return call.tool.kind === "freeform"
    ? { id: call.id, type: "custom", custom: { name: call.tool.name, input: argumentsSent } }
    : { id: call.id, type: "function", function: { name: call.tool.name, arguments: argumentsSent } };
}

const finishOf = ({ answer }: Reply): string => (answer.toolCalls?.length ? "tool_calls" : "stop");

function deltasOf({ answer }: Reply): JsonObject[] {
  const deltas: JsonObject[] = [{ role: "assistant", content: "" }];
  for (const piece of piecesOf(textOf(answer))) deltas.push({ content: piece });
  for (const [index, call] of (answer.toolCalls ?? []).entries()) {
    deltas.push({ tool_calls: [{ index, ...callOf(call, "") }] });
    const key = call.tool.kind === "freeform" ? "custom" : "function";
    const field = call.tool.kind === "freeform" ? "input" : "arguments";
    for (const piece of piecesOf(argumentsText(call))) {
      deltas.push({ tool_calls: [{ index, [key]: { [field]: piece } }] });
    }
  }
  return deltas;
}

export const openaiChat: WireFormat = {
  parse: (body) => ({
    model: stringIn(body.model),
    isStreaming: body.stream === true,
    wantsUsage: objectIn(body.stream_options).include_usage === true,
    turns: objectsIn(body.messages).map(turnOf),
    tools: objectsIn(body.tools).map(toolOf),
  }),

  whole(reply) {
    const { answer, request, usage, requestId } = reply;
    const toolCalls = answer.toolCalls?.map((call) => callOf(call, argumentsText(call)));
    const message = {
      role: "assistant",
      content: textOf(answer),
      ...(toolCalls && { tool_calls: toolCalls }),
    };
    return {
      id: requestId,
      object: "chat.completion",
      created: 1_760_000_000,
      model: request.model,
      choices: [{ index: 0, message, finish_reason: finishOf(reply) }],
      usage: chatUsage(usage),
    };
  },

  events(reply) {
    const { request, usage, requestId } = reply;
    const chunk = (choices: unknown[], counted: unknown): string => {
      const head = { id: requestId, object: "chat.completion.chunk", created: 1_760_000_000 };
      const tail = request.wantsUsage ? { usage: counted } : {};
      return `data: ${JSON.stringify({ ...head, model: request.model, choices, ...tail })}\n\n`;
    };
    const choice = (delta: JsonObject, finish: string | null): unknown[] => [
      { index: 0, delta, finish_reason: finish },
    ];
    return [
      ...deltasOf(reply).map((delta) => chunk(choice(delta, null), null)),
      chunk(choice({}, finishOf(reply)), null),
      ...(request.wantsUsage ? [chunk([], chatUsage(usage))] : []),
      "data: [DONE]\n\n",
    ];
  },

  error: (status, code, message) => ({
    error: { message, type: status === 429 ? "rate_limit_error" : "api_error", param: null, code },
  }),
};
