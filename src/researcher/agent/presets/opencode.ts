/** opencode: how it is started and read. */

import type { TokenUsage } from "../../../core/provider.ts";
import type { Preset, Task } from "../preset.ts";
import { countOf, errorWords, type Heard, type Json, jsonReader, objectOf, textOf } from "../said.ts";
import { GATEWAY, MIB, PROMPT } from "./common.ts";

export const opencode: Preset = {
  name: "opencode",
  program: "opencode",
  versionArgs: ["--version"],
  install: "npm install -g opencode-ai",
  wires: ["openai_chat", "anthropic"],
  login: { files: [".local/share/opencode/auth.json"], env: [], how: "opencode auth login" },
  needsModel: true,
  memoryBytes: 860 * MIB,
  prefers: "headless",
  headless: (task) => ({
    args: ["run", "--format", "json", "--dir", task.workspace, PROMPT],
    env: opencodeEnvironment(task),
    files: {},
  }),
  reader: () => jsonReader(hear),
  acp: {
    program: "opencode",
    start: (task) => ({ args: ["acp"], env: opencodeEnvironment(task), files: {} }),
  },
};

function opencodeEnvironment(task: Task): Record<string, string> {
  const { access, model = "", mcpServers } = task;
  const isChat = access.kind === "metered" && access.wire === "openai_chat";
  const provider = access.kind === "metered" && {
    npm: isChat ? "@ai-sdk/openai-compatible" : "@ai-sdk/anthropic",
    options: { baseURL: isChat ? access.baseUrl : `${access.baseUrl}/v1`, apiKey: access.key },
    models: { [model]: { limit: { context: 200_000, output: 32_000 } } },
  };
  const chosen = provider ? `${GATEWAY}/${model}` : model;
  const config = {
    autoupdate: false,
    share: "disabled",
    snapshot: false,
    permission: { "*": "allow" },
    ...(chosen === "" ? {} : { model: chosen, small_model: chosen }),
    ...(provider ? { enabled_providers: [GATEWAY], provider: { [GATEWAY]: provider } } : {}),
    mcp: Object.fromEntries(
      mcpServers.map(({ name, command, args }) => [name, { type: "local", command: [command, ...args] }]),
    ),
  };
  return {
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_CONFIG_CONTENT: JSON.stringify(config),
  };
}

/** Events of `--format json`. The call that finds a title is in none of them. */
function hear({ type, part, error }: Json): Heard | undefined {
  const { text, tokens } = objectOf(part);
  switch (type) {
    case "step_start":
      return { text: "" };
    case "text":
      return { more: textOf(text), error: "" };
    case "step_finish":
      return { usage: usageOf(objectOf(tokens)), calls: 1, error: "" };
    case "error":
      return { error: errorWords(error) || "an error without words" };
    default:
      return undefined;
  }
}

function usageOf({ input, output, reasoning, cache }: Json): TokenUsage {
  const { read, write } = objectOf(cache);
  return {
    freshTokens: countOf(input),
    cachedTokens: countOf(read),
    cacheWriteTokens: countOf(write),
    outputTokens: countOf(output) + countOf(reasoning),
    reasoningTokens: countOf(reasoning),
  };
}
