/** OpenAI responses. */

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

function turnsOf(body: JsonObject): Turn[] {
  if (typeof body.input === "string") return [{ kind: "text", role: "user", text: body.input }];
  return objectsIn(body.input).flatMap((item): Turn[] => {
    const type = stringIn(item.type);
    if (type.endsWith("_output")) {
      return [{ kind: "result", toolCallId: stringIn(item.call_id ?? item.id), text: textIn(item.output) }];
    }
    const isMessage = type === "message" || "role" in item;
    return isMessage ? [{ kind: "text", role: stringIn(item.role), text: textIn(item.content) }] : [];
  });
}

/** MCP tools come grouped under a namespace. */
function toolsOf(tools: unknown, namespace?: string): OfferedTool[] {
  return objectsIn(tools).flatMap((tool): OfferedTool[] => {
    const name = stringIn(tool.name);
    if (tool.type === "namespace") return toolsOf(tool.tools, name);
    if (tool.type === "local_shell")
      return [{ name: "local_shell", description: "", schema: {}, kind: "local_shell" }];
    const kind = tool.type === "custom" ? "freeform" : "function";
    if (kind === "function" && tool.type !== "function") return [];
    const group = namespace === undefined ? {} : { namespace };
    return [
      { name, description: stringIn(tool.description), schema: objectIn(tool.parameters), kind, ...group },
    ];
  });
}

function usageOf(usage: TokenUsage): JsonObject {
  const input = usage.freshTokens + usage.cachedTokens + usage.cacheWriteTokens;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cachedTokens },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: input + usage.outputTokens,
  };
}

function callItem(call: ToolCall, id: string): JsonObject {
  const { tool, args } = call;
  const head = { id, call_id: call.id, status: "completed" };
  if (tool.kind === "local_shell") return { type: "local_shell_call", ...head, action: args };
  if (tool.kind === "freeform") {
    return { type: "custom_tool_call", ...head, name: tool.name, input: argumentsText(call) };
  }
  const group = tool.namespace === undefined ? {} : { namespace: tool.namespace };
  return { type: "function_call", ...head, name: tool.name, ...group, arguments: argumentsText(call) };
}

function outputOf({ answer, requestId }: Reply): JsonObject[] {
  const text = textOf(answer);
  const content = [{ type: "output_text", text, annotations: [] }];
  const message = {
    type: "message",
    id: `msg_${requestId}`,
    role: "assistant",
    status: "completed",
    content,
  };
  const calls = (answer.toolCalls ?? []).map((call, index) => callItem(call, `fc_${requestId}_${index}`));
  return [...(text === "" && calls.length > 0 ? [] : [message]), ...calls];
}

function responseOf(reply: Reply, status: string): JsonObject {
  const isDone = status === "completed";
  return {
    id: `resp_${reply.requestId}`,
    object: "response",
    created_at: 1_760_000_000,
    status,
    model: reply.request.model,
    output: isDone ? outputOf(reply) : [],
    usage: isDone ? usageOf(reply.usage) : null,
    parallel_tool_calls: false,
    tool_choice: "auto",
    tools: [],
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
  };
}

type Emit = (type: string, fields: JsonObject) => void;

function emitMessage(item: JsonObject, index: number, emit: Emit): void {
  const text = textIn(item.content);
  const at = { output_index: index, item_id: item.id, content_index: 0 };
  const part = (said: string): JsonObject => ({ type: "output_text", text: said, annotations: [] });
  emit("response.output_item.added", {
    output_index: index,
    item: { ...item, status: "in_progress", content: [] },
  });
  emit("response.content_part.added", { ...at, part: part("") });
  for (const piece of piecesOf(text))
    emit("response.output_text.delta", { ...at, delta: piece, logprobs: [] });
  emit("response.output_text.done", { ...at, text, logprobs: [] });
  emit("response.content_part.done", { ...at, part: part(text) });
  emit("response.output_item.done", { output_index: index, item });
}

function emitCall(item: JsonObject, index: number, emit: Emit): void {
  const at = { output_index: index, item_id: item.id };
  const [field, name] =
    item.type === "custom_tool_call"
      ? ["input", "custom_tool_call_input"]
      : ["arguments", "function_call_arguments"];
  const empty = item.type === "local_shell_call" ? {} : { [field]: "" };
  emit("response.output_item.added", {
    output_index: index,
    item: { ...item, ...empty, status: "in_progress" },
  });
  if (item.type !== "local_shell_call") {
    for (const piece of piecesOf(stringIn(item[field])))
      emit(`response.${name}.delta`, { ...at, delta: piece });
    emit(`response.${name}.done`, { ...at, [field]: item[field] });
  }
  emit("response.output_item.done", { output_index: index, item });
}

export const openaiResponses: WireFormat = {
  parse: (body) => ({
    model: stringIn(body.model),
    isStreaming: body.stream === true,
    wantsUsage: true,
    turns: [
      ...(typeof body.instructions === "string" ? [instructions(body.instructions)] : []),
      ...turnsOf(body),
    ],
    tools: toolsOf(body.tools),
  }),

  whole: (reply) => responseOf(reply, "completed"),

  events(reply) {
    const frames: string[] = [];
    const emit: Emit = (type, fields) => {
      const data = JSON.stringify({ type, sequence_number: frames.length, ...fields });
      frames.push(`event: ${type}\ndata: ${data}\n\n`);
    };
    emit("response.created", { response: responseOf(reply, "in_progress") });
    emit("response.in_progress", { response: responseOf(reply, "in_progress") });
    for (const [index, item] of outputOf(reply).entries()) {
      (item.type === "message" ? emitMessage : emitCall)(item, index, emit);
    }
    emit("response.completed", { response: responseOf(reply, "completed") });
    return frames;
  },

  error: (status, code, message) => ({
    error: { message, type: status === 429 ? "rate_limit_error" : "api_error", param: null, code },
  }),
};

const instructions = (text: string): Turn => ({ kind: "text", role: "system", text });
