/** Calls to a model as the simplest client of each wire makes them. */

import type { Wire } from "../../src/core/provider.ts";

export interface Asking {
  readonly wire: Wire;
  readonly prompt: string;
  readonly isStreaming?: boolean;
  readonly model?: string;
  readonly key?: string;
  readonly maxTokens?: number;
  readonly tools?: readonly { name: string; properties: Record<string, unknown> }[];
  /** Results of tools, in order, as if the model had called them. */
  readonly results?: readonly string[];
  readonly extra?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

interface Sent {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, string>;
}

const schemaOf = (properties: Record<string, unknown>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});

const WRITERS: Record<Wire, (asking: Asking) => Sent> = {
  openai_chat: ({ prompt, isStreaming, model, maxTokens, tools, results, key }) => ({
    path: "/chat/completions",
    headers: { authorization: `Bearer ${key ?? "k"}` },
    body: {
      model,
      stream: isStreaming,
      ...(maxTokens === undefined ? {} : { max_completion_tokens: maxTokens }),
      messages: [
        { role: "user", content: prompt },
        ...(results ?? []).map((content, index) => ({ role: "tool", tool_call_id: `t${index}`, content })),
      ],
      tools: tools?.map(({ name, properties }) => ({
        type: "function",
        function: { name, parameters: schemaOf(properties) },
      })),
    },
  }),
  openai_responses: ({ prompt, isStreaming, model, maxTokens, tools, results, key }) => ({
    path: "/responses",
    headers: { authorization: `Bearer ${key ?? "k"}` },
    body: {
      model,
      stream: isStreaming,
      max_output_tokens: maxTokens,
      input: [
        { type: "message", role: "user", content: [{ type: "input_text", text: prompt }] },
        ...(results ?? []).map((output, index) => ({
          type: "function_call_output",
          call_id: `t${index}`,
          output,
        })),
      ],
      tools: tools?.map(({ name, properties }) => ({
        type: "function",
        name,
        parameters: schemaOf(properties),
      })),
    },
  }),
  anthropic: ({ prompt, isStreaming, model, maxTokens, tools, results, key }) => ({
    path: "/v1/messages",
    headers: { "x-api-key": key ?? "k", "anthropic-version": "2023-06-01" },
    body: {
      model,
      stream: isStreaming,
      max_tokens: maxTokens ?? 1000,
      messages: [
        { role: "user", content: prompt },
        ...(results ?? []).map((content, index) => ({
          role: "user",
          content: [{ type: "tool_result", tool_use_id: `t${index}`, content }],
        })),
      ],
      tools: tools?.map(({ name, properties }) => ({ name, input_schema: schemaOf(properties) })),
    },
  }),
  gemini: ({ prompt, isStreaming, model, maxTokens, tools, results, key }) => ({
    path: `/v1beta/models/${model}:${isStreaming ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    headers: { "x-goog-api-key": key ?? "k" },
    body: {
      contents: [
        { role: "user", parts: [{ text: prompt }] },
        ...(results ?? []).map((output) => ({
          role: "user",
          parts: [{ functionResponse: { name: "t", response: { output } } }],
        })),
      ],
      ...(maxTokens === undefined ? {} : { generationConfig: { maxOutputTokens: maxTokens } }),
      tools: tools && [
        {
          functionDeclarations: tools.map(({ name, properties }) => ({
            name,
            parametersJsonSchema: schemaOf(properties),
          })),
        },
      ],
    },
  }),
};

/** `baseUrl` as a client of that wire takes it: the OpenAI ones end in /v1. */
export function askModel(baseUrl: string, asking: Asking): Promise<Response> {
  const { path, body, headers } = WRITERS[asking.wire]({
    model: "fake-model",
    isStreaming: false,
    ...asking,
  });
  return fetch(`${baseUrl}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers, ...asking.headers },
    body: JSON.stringify({ ...body, ...asking.extra }),
    ...(asking.signal === undefined ? {} : { signal: asking.signal }),
  });
}

/** Objects in the `data:` lines of a stream. */
export function framesOf(text: string): Record<string, unknown>[] {
  const lines = text.split("\n").filter((line) => line.startsWith("data: {"));
  return lines.map((line) => JSON.parse(line.slice(6)) as Record<string, unknown>);
}
