/** Anthropic messages. */

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

function turnsOf(message: JsonObject): Turn[] {
  const role = stringIn(message.role);
  if (typeof message.content === "string") return [{ kind: "text", role, text: message.content }];
  return objectsIn(message.content).flatMap((block): Turn[] => {
    if (block.type === "text") return [{ kind: "text", role, text: stringIn(block.text) }];
    if (block.type !== "tool_result") return [];
    return [{ kind: "result", toolCallId: stringIn(block.tool_use_id), text: textIn(block.content) }];
  });
}

function toolOf(tool: JsonObject): OfferedTool {
  const [name, description] = [stringIn(tool.name), stringIn(tool.description)];
  return { name, description, schema: objectIn(tool.input_schema), kind: "function" };
}

function usageOf(usage: TokenUsage, outputTokens = usage.outputTokens): JsonObject {
  return {
    input_tokens: usage.freshTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens,
    cache_read_input_tokens: usage.cachedTokens,
    output_tokens: outputTokens,
    service_tier: "standard",
  };
}

/** Arguments that are no JSON can be streamed but not sent whole: an empty object is as wrong. */
function inputOf({ args }: ToolCall): JsonObject {
  return typeof args === "string" ? {} : args;
}

function blocksOf({ answer }: Reply): { block: JsonObject; call?: ToolCall }[] {
  const text = textOf(answer);
  const calls = answer.toolCalls ?? [];
  const said = text === "" && calls.length > 0 ? [] : [{ block: { type: "text", text } }];
  const used = calls.map((call) => {
    const block = { type: "tool_use", id: call.id, name: call.tool.name, input: inputOf(call) };
    return { block, call };
  });
  return [...said, ...used];
}

function messageOf(reply: Reply): JsonObject {
  return {
    id: `msg_${reply.requestId}`,
    type: "message",
    role: "assistant",
    model: reply.request.model,
    content: blocksOf(reply).map(({ block }) => block),
    stop_reason: stopOf(reply),
    stop_sequence: null,
    usage: usageOf(reply.usage),
  };
}

const stopOf = ({ answer }: Reply): string => (answer.toolCalls?.length ? "tool_use" : "end_turn");

const frame = (type: string, fields: JsonObject): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;

function blockEvents(index: number, block: JsonObject, call: ToolCall | undefined): string[] {
  const empty = call === undefined ? { ...block, text: "" } : { ...block, input: {} };
  const pieces = piecesOf(call === undefined ? stringIn(block.text) : argumentsText(call));
  const delta = (piece: string): JsonObject =>
    call === undefined
      ? { type: "text_delta", text: piece }
      : { type: "input_json_delta", partial_json: piece };
  return [
    frame("content_block_start", { index, content_block: empty }),
    ...pieces.map((piece) => frame("content_block_delta", { index, delta: delta(piece) })),
    frame("content_block_stop", { index }),
  ];
}

export const anthropic: WireFormat = {
  parse: (body) => ({
    model: stringIn(body.model),
    isStreaming: body.stream === true,
    wantsUsage: true,
    turns: [
      { kind: "text", role: "system", text: textIn(body.system) },
      ...objectsIn(body.messages).flatMap(turnsOf),
    ],
    tools: objectsIn(body.tools).map(toolOf),
  }),

  whole: messageOf,

  events(reply) {
    const start = { ...messageOf(reply), content: [], stop_reason: null, usage: usageOf(reply.usage, 1) };
    return [
      frame("message_start", { message: start }),
      frame("ping", {}),
      ...blocksOf(reply).flatMap(({ block, call }, index) => blockEvents(index, block, call)),
      frame("message_delta", {
        delta: { stop_reason: stopOf(reply), stop_sequence: null },
        usage: { output_tokens: reply.usage.outputTokens },
      }),
      frame("message_stop", {}),
    ];
  },

  error: (_status, code, message) => ({
    type: "error",
    error: { type: code, message },
    request_id: "req_scripted",
  }),
};
